"""The Calibrate tab: the browser's own camera and the person before it, measured and kept as a profile."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from realtime.errors import FlinchError
from realtime.web.calibration import Calibrations
from realtime.web.live import live_of
from realtime.web.page.calibrate_board import board_html, measuring
from realtime.web.state import WebState
from realtime.web.visitor import visitor_of

TICK_S = 0.25
NONE = "no profile"
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
Shown = tuple[Any, ...]
EXPLAIN = """A **profile** holds what your camera delivers and how much each region of your face trembles at
rest: numbers, no pictures. With it the spotter is armed with your own noise floor from the first second.
It belongs to this camera at this size and rate; with another one you are warned."""


class Room:
    """What the tab's buttons do; one for the server. Async, so that all of it happens on the loop."""

    def __init__(self, state: WebState) -> None:
        self._all = Calibrations(state, live_of)

    async def begin(self, name: str, request: gr.Request) -> Shown:
        with_words(lambda: self._all.begin(visitor_of(request), name))
        return await self.shown(request)

    async def stop(self, request: gr.Request) -> Shown:
        self._all.stop(visitor_of(request))
        return await self.shown(request)

    async def use(self, name: str, request: gr.Request) -> Shown:
        visitor = visitor_of(request)
        profiles = self._all.profiles
        with_words(lambda: profiles.use(visitor, None if name == NONE else profiles.load(name)))
        return await self.shown(request)

    async def ask(self, name: str) -> Shown:
        """Whether the profile chosen now is really to go."""
        words = f"Delete “{escape(name)}” for everybody here? This cannot be undone."
        return name, f"<p>{words}</p>", gr.update(visible=name != NONE)

    async def delete(self, name: str, request: gr.Request) -> Shown:
        with_words(lambda: self._all.delete(name))
        return await self.shown(request)

    async def tick(self, request: gr.Request) -> Shown:
        """While it measures only the board changes; the list once it has ended."""
        visitor = visitor_of(request)
        found = self._all.look(visitor)
        if not measuring(found):
            return await self.shown(request)
        left_s = 0.0 if found is None else found.left_s()
        used = self._all.profiles.used(visitor)
        return board_html(found, left_s, used), gr.skip(), gr.skip(), gr.skip(), gr.skip()

    async def shown(self, request: gr.Request) -> Shown:
        """Board, clock, buttons and the list of profiles as they are now."""
        visitor = visitor_of(request)
        found = self._all.of(visitor)
        used, busy = self._all.profiles.used(visitor), measuring(found)
        names = [NONE, *self._all.profiles.names()]
        return (
            board_html(found, 0.0 if found is None else found.left_s(), used),
            gr.update(active=busy),
            gr.update(interactive=not busy),
            gr.update(interactive=busy),
            gr.update(choices=names, value=used if used in names else NONE, interactive=not busy),
        )


def with_words(act: Any) -> None:
    """Errors of the family are shown in the page."""
    try:
        act()
    except FlinchError as error:
        raise gr.Error(str(error), print_exception=False) from None


def build(state: WebState) -> None:
    room = Room(state)
    with gr.Row(elem_id="calibrate"):
        with gr.Column(scale=2, min_width=300):
            gr.HTML("<flinch-preview></flinch-preview>", elem_id="calibrate-preview")
            name = gr.Textbox("my camera", label="Name of the profile", max_lines=1, elem_id="calibrate-name")
            with gr.Row():
                go = gr.Button("Begin", variant="primary", elem_id="calibrate-go")
                stop = gr.Button("Stop", variant="stop", interactive=False, elem_id="calibrate-stop")
            used = gr.Dropdown(
                [NONE], value=NONE, label="Profile of the live picture", elem_id="calibrate-used"
            )
            delete = gr.Button("Delete this profile", size="sm", elem_id="calibrate-delete")
            asked = gr.Textbox(visible=False)  # a gr.State would keep a connection open
            with gr.Column(visible=False, elem_id="calibrate-sure") as sure:
                question = gr.HTML()
                with gr.Row():
                    really = gr.Button("Delete for good", variant="stop", size="sm")
                    keep = gr.Button("Cancel", size="sm", elem_id="calibrate-keep")
            gr.Markdown(EXPLAIN)
        with gr.Column(scale=3, min_width=320):
            board = gr.HTML(board_html(None, 0.0, ""), elem_id="calibrate-board")
    clock = gr.Timer(TICK_S, active=False)
    outputs = [board, clock, go, stop, used]
    go.click(room.begin, name, outputs, **QUIET)
    stop.click(room.stop, None, outputs, **QUIET)
    used.input(room.use, used, outputs, **QUIET)
    delete.click(room.ask, used, [asked, question, sure], **QUIET)
    really.click(room.delete, asked, outputs, **QUIET)
    for answered in (really.click, keep.click, used.input, go.click):
        answered(lambda: gr.update(visible=False), None, sure, **QUIET)
    clock.tick(room.tick, None, outputs, queue=False, **QUIET)
    page = gr.context.Context.root_block
    assert page is not None, "tabs are built within the page"
    page.load(room.shown, None, outputs, **QUIET)
