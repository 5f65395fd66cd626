"""The Live tab: video both ways, and beside it what was measured and found.

The element `<flinch-live>` is the page's own (assets/live.js): pictures and their figures go over WebRTC,
not through Gradio's events, which are too slow for video.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import gradio as gr

from realtime.web.state import WebState


def build(state: WebState) -> None:
    name = escape(Path(state.default_source).name, quote=True)  # of an address no user and password
    gr.HTML(f'<flinch-live data-source="{name}"></flinch-live>', elem_id="live", apply_default_css=False)
