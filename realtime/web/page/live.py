"""The Live tab: video both ways, and beside it what was measured and found."""

from __future__ import annotations

import gradio as gr

from realtime.web.state import WebState


def build(state: WebState) -> None:
    gr.HTML("<flinch-live></flinch-live>", elem_id="live")
