"""The web application: guards around everything, the offers, the page's own files, and the page."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "0"  # read when gradio is imported

import gradio as gr
from aioice import ice
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from realtime.sizes import MB
from realtime.web.answer import raise_limits
from realtime.web.guards import LOOPBACK, Guard, GuardConfig
from realtime.web.offers import Reception
from realtime.web.page import build_page, look
from realtime.web.review_routes import ReviewRoutes
from realtime.web.state import WebState

ASSETS = Path(__file__).parent / "assets"
UPLOAD_BYTES = 500 * MB  # one request of the upload route
THIS_MACHINE = GuardConfig()

_addresses = ice.get_host_addresses


def make_app(state: WebState, guard: GuardConfig = THIS_MACHINE) -> Guard:
    """The whole server as one ASGI application."""
    raise_limits()
    if guard.hosts == LOOPBACK:
        ice.get_host_addresses = with_loopback
    reception = Reception(state)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await reception.close()
        for end in state.endings:
            await end()
        state.desk.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(reception.routes())
    app.include_router(ReviewRoutes(state.desk).routes())
    app.mount("/flinch", StaticFiles(directory=ASSETS), name="flinch")
    theme, head = look()
    gr.mount_gradio_app(
        app,
        build_page(state),
        path="/",
        theme=theme,
        head=head,
        footer_links=[],
        show_error=True,
        max_file_size=UPLOAD_BYTES,
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
    )
    return Guard(app, guard)


def with_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """This machine's addresses with its own loopback: enough for a browser here, without any network."""
    return [*(["127.0.0.1"] if use_ipv4 else []), *_addresses(use_ipv4, use_ipv6)]
