"""The Review tab: candidates to look at, decide on and take away; and the sessions they come from."""

from __future__ import annotations

import gradio as gr

from realtime.web.page import recorded
from realtime.web.state import WebState


def build(state: WebState) -> None:
    """The elements fetch what they show from `realtime.web.review_routes`, each visitor their own."""
    with gr.Tabs(elem_id="review-tabs"):
        with gr.Tab("Candidates", id="candidates"):
            gr.HTML("<flinch-review></flinch-review>", elem_id="review", apply_default_css=False)
        with gr.Tab("Sessions and exports", id="sessions"):
            recorded.build(state)
