"""The list of sessions: search, export, import, delete with their recordings."""

from __future__ import annotations

import gradio as gr

from realtime.web.state import WebState


def build(state: WebState) -> None:
    """What is not marked as kept is gone when the program ends."""
    keeps = "true" if state.desk.keeps else "false"
    gr.HTML(
        f'<flinch-sessions data-keeps="{keeps}"></flinch-sessions>',
        elem_id="sessions",
        apply_default_css=False,
    )
