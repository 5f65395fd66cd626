"""What every request passes before anything reads it: host, password, origin, size; and what leaves with
each answer.

A page of another site must not be able to drive a server on 127.0.0.1: the host name is checked (a
stranger's name may point here), and whatever changes something must come from our own page.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from realtime.sizes import MB
from realtime.web.visitor import COOKIE, known_visitor, new_visitor

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})

# Gradio's page needs inline scripts; nothing may be fetched from, or sent to, another machine.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    ]
)
TOO_LARGE = "That is more than this server accepts."
HEADERS = {
    "content-security-policy": POLICY,
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """Who may ask what. Sizes in bytes of a request's body, by the longest path prefix that fits."""

    hosts: frozenset[str] | None = LOOPBACK  # names the server answers to; None: any
    login: tuple[str, str] | None = None  # user and password; None: everybody
    https: bool = False
    body_bytes: int = 4 * MB
    body_bytes_of: Mapping[str, int] | None = None  # path prefix -> limit

    def limit(self, path: str) -> int:
        special = self.body_bytes_of or {}
        fitting = [prefix for prefix in special if path.startswith(prefix)]
        return special[max(fitting, key=len)] if fitting else self.body_bytes


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, config: GuardConfig = GuardConfig()) -> None:
        self._app = app
        self._config = config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # the page uses none
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = refused(scope, self._config)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._passed(scope, receive, send)

    async def _passed(self, scope: Scope, receive: Receive, send: Send) -> None:
        limited = limited_to(self._config.limit(scope["path"]), receive)
        cookie = None if known_visitor(HTTPConnection(scope).cookies) else self._cookie()

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if cookie is not None and scope["path"] == "/":
                    headers.append("set-cookie", cookie)
            await send(message)

        await self._app(scope, limited, with_headers)

    def _cookie(self) -> str:
        secure = "; Secure" if self._config.https else ""
        return f"{COOKIE}={new_visitor()}; Path=/; HttpOnly; SameSite=Strict{secure}"


def refused(scope: Scope, config: GuardConfig) -> Response | None:
    """Why this request goes no further; None: it may."""
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if config.hosts is not None and host_name(host) not in config.hosts:
        return PlainTextResponse("This server does not answer to that name.", 421)
    if config.login is not None and not logged_in(headers.get("authorization", ""), config.login):
        challenge = {"www-authenticate": 'Basic realm="Flinch", charset="UTF-8"'}
        return PlainTextResponse("Name and password, please.", 401, challenge)
    if scope["method"] not in HARMLESS and headers.get("origin") != f"{scope['scheme']}://{host}":
        return PlainTextResponse("Only this server's own page may ask that.", 403)
    length = headers.get("content-length", "0")
    if not length.isdigit() or int(length) > config.limit(scope["path"]):
        return PlainTextResponse(TOO_LARGE, 413)
    return None


def host_name(host: str) -> str:
    """The name in a Host header, without the port: `localhost`, `127.0.0.1`, `::1`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def logged_in(authorization: str, login: tuple[str, str]) -> bool:
    """Whether HTTP's basic authorisation names this user and password; compared in constant time."""
    kind, _, coded = authorization.partition(" ")
    try:
        given = base64.b64decode(coded, validate=True)
    except ValueError:
        return False
    return kind.lower() == "basic" and hmac.compare_digest(given, ":".join(login).encode())


def limited_to(limit: int, receive: Receive) -> Receive:
    """The same messages until their bodies add up to more than `limit` bytes; then an answer 413 from
    whoever reads on."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413, TOO_LARGE)
        return message

    return limited
