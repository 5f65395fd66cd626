"""The page: first consent, then one tab for each thing to do. Every tab is a module with `build(state)`."""

from __future__ import annotations

import importlib.util
from importlib import import_module

import gradio as gr

from realtime.web.page import consent
from realtime.web.state import WebState

TABS = {"live": "Live", "replay": "Replay", "review": "Review", "calibrate": "Calibrate", "about": "About"}
STYLES = ("page.css", "live.css", "review.css", "replay.css", "calibrate.css")
SCRIPTS = ("live.js", "review.js", "replay.js", "calibrate.js")


def build_page(state: WebState) -> gr.Blocks:
    with gr.Blocks(title="Flinch", analytics_enabled=False, fill_width=True) as page:
        gate = consent.build()
        with gr.Column(visible=False, elem_id="rooms") as rooms, gr.Tabs(elem_id="tabs"):
            for name, title in TABS.items():
                if importlib.util.find_spec(f"{__name__}.{name}") is None:
                    continue
                with gr.Tab(title, id=name, elem_id=f"tab-{name}"):
                    import_module(f"{__name__}.{name}").build(state)
        gate.agreed(rooms)
    return page


def look() -> tuple[gr.themes.Base, str]:
    """The theme, in the machine's own fonts, and what stands in the head of the page."""
    theme = gr.themes.Default(
        primary_hue="teal",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    links = [f'<link rel="stylesheet" href="/flinch/{name}">' for name in STYLES if exists(name)]
    links += [f'<script type="module" src="/flinch/{name}"></script>' for name in SCRIPTS if exists(name)]
    return theme, "\n".join(['<meta name="color-scheme" content="light dark">', *links])


def exists(name: str) -> bool:
    from pathlib import Path

    return (Path(__file__).parents[1] / "assets" / name).is_file()
