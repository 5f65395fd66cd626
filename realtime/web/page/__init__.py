"""The page: first consent, then one tab for each thing to do. Every tab is a module with `build(state)`."""

from __future__ import annotations

import gradio as gr

from realtime.web.page import about, calibrate, consent, live, replay, review
from realtime.web.state import WebState

TABS = {"Live": live, "Replay": replay, "Review": review, "Calibrate": calibrate, "About": about}
STYLES = ("page.css", "live.css", "review.css", "replay.css", "calibrate.css")
SCRIPTS = ("live.js", "review.js", "replay.js", "calibrate.js")


def build_page(state: WebState) -> gr.Blocks:
    with gr.Blocks(title="Flinch", analytics_enabled=False, fill_width=True) as page:
        gate = consent.build()
        with gr.Column(visible=False, elem_id="rooms") as rooms, gr.Tabs(elem_id="tabs"):
            for title, tab in TABS.items():
                with gr.Tab(title, id=title.lower(), elem_id=f"tab-{title.lower()}"):
                    tab.build(state)
        gate.agreed(rooms)
    return page


def look() -> tuple[gr.themes.Base, str]:
    """The theme, in the machine's own fonts, and what stands in the head of the page."""
    theme = gr.themes.Default(
        primary_hue="teal",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(  # the theme's own are too faint to be read by everybody: WCAG wants a contrast of 4.5
        color_accent="*primary_700",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_800",
        button_cancel_background_fill="#dc2626",
        button_cancel_background_fill_hover="#b91c1c",
        body_text_color_subdued="*neutral_600",
        checkbox_border_color_dark="*neutral_400",
    )
    links = [f'<link rel="stylesheet" href="/flinch/{name}">' for name in STYLES]
    links += [f'<script type="module" src="/flinch/{name}"></script>' for name in SCRIPTS]
    return theme, "\n".join(['<meta name="color-scheme" content="light dark">', *links])
