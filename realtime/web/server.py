"""The web application: guards around everything, the offers, the page's own files, and the page."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "0"  # read when gradio is imported

import gradio as gr
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from realtime.web.guards import MB, Guard, GuardConfig
from realtime.web.page import build_page, look
from realtime.web.state import WebState

ASSETS = Path(__file__).parent / "assets"
UPLOAD_BYTES = 500 * MB  # one request of the upload route


def make_app(state: WebState, guard: GuardConfig = GuardConfig()) -> Guard:
    """The whole server as one ASGI application."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
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
