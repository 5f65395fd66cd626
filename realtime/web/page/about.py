"""The About tab: what this is, what it must not be used for, what it knows about itself."""

from __future__ import annotations

import gradio as gr

from realtime.web.page import consent
from realtime.web.state import WebState


def build(state: WebState) -> None:
    gr.Markdown(consent.TEXT, elem_id="about")
