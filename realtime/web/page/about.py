"""The About tab: what this is, what it must not be used for, and what runs here."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

import engine
from realtime.output.tables import versions
from realtime.web.page import consent
from realtime.web.state import WebState

CARDS = Path(engine.__path__[0]) / "weights"


def build(state: WebState) -> None:
    with gr.Column(elem_id="about"):
        gr.Markdown(consent.TEXT)
        gr.Markdown(facts(state))
        card = CARDS / f"{state.config.recognition.model}.md"
        if card.is_file():
            with gr.Accordion("The network's card: data, honest figures, limits", open=False):
                gr.Markdown(card.read_text(encoding="utf-8"))
        with gr.Accordion("Versions", open=False):
            gr.Markdown("\n".join(f"- {name} {version}" for name, version in versions().items()))


def facts(state: WebState) -> str:
    """Where things are kept, and how many may be live."""
    limits = state.limits
    lines = [
        "## Here",
        f"- Recordings and decisions lie in `{state.data}` on the machine that serves this page; only its"
        " owner can read that folder. Nothing of a session is in it until it is recorded or kept.",
        f"- {limits.sessions} live at the same time; a place is free again {limits.silent_s:.0f} s after its"
        " page was last heard of, and at once when it is stopped or closed.",
        f"- Without a camera, this plays: `{Path(state.default_source).name}`.",
    ]
    return "\n".join(lines)
