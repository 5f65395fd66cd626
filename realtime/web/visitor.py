"""Who asks: a random name in a cookie, so that two viewers never see each other's results."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

import gradio as gr

COOKIE = "flinch_visitor"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")


def new_visitor() -> str:
    return secrets.token_urlsafe(32)


def known_visitor(cookies: Mapping[str, str]) -> str | None:
    """The visitor these cookies name; None without one, or with one of a shape that we never make."""
    name = cookies.get(COOKIE, "")
    return name if _SHAPE.fullmatch(name) else None


def visitor_of(request: gr.Request) -> str:
    """The visitor behind an event of the page. Raises: gr.Error, shown in the page, without a cookie."""
    visitor = known_visitor(dict(request.cookies))
    if visitor is None:
        raise gr.Error("This page needs its cookie. Allow cookies for this address and reload the page.")
    return visitor
