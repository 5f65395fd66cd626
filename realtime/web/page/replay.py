"""The Replay tab: clips sent or chosen, analysed one by one, with progress, timeline and candidates."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from realtime.app.jobs import clips_in
from realtime.errors import ClipRejected, ConfigError
from realtime.web.page.replay_board import board_html
from realtime.web.replays import Replays
from realtime.web.state import WebState
from realtime.web.uploads import Clip, Uploads, listed
from realtime.web.visitor import visitor_of

TICK_S = 0.5
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
Shown = tuple[Any, ...]


class Room:
    """What the tab's buttons do; one for the server."""

    def __init__(self, state: WebState) -> None:
        self._state = state
        self._uploads = Uploads()
        self._replays = Replays(state.desk)
        # Read whenever the library stores something: nothing that was sent lies where others can read it.
        os.environ["GRADIO_TEMP_DIR"] = str(self._uploads.received())
        state.endings.append(self.close)

    async def close(self) -> None:
        """Ends what is being analysed, and deletes what was sent."""
        await self._replays.close()
        self._uploads.close()

    async def begin(
        self, sent: list[str] | None, names: list[str] | None, kept: bool, request: gr.Request
    ) -> Shown:
        """Takes what was sent and chosen, and starts."""
        visitor = visitor_of(request)
        batch = self._replays.of(visitor)
        if batch is not None and batch.running:
            raise gr.Error(
                "The last clips are still being analysed. Wait, or cancel them.", print_exception=False
            )
        clips, refused = await asyncio.to_thread(self._taken, sent or [], names or [])
        if not clips and not refused:
            raise gr.Error("Choose a clip first.", print_exception=False)
        config = self._state.config_of(visitor)
        self._replays.begin(visitor, clips, self._uploads, config, kept=kept, refused=refused)
        return None, [], *self.shown(request)

    def _taken(self, sent: Sequence[str], names: Sequence[str]) -> tuple[list[Clip], list[str]]:
        """(clips that may be analysed, why the others may not)."""
        self._uploads.forget_untaken()
        clips: list[Clip] = []
        refused: list[str] = []
        most = self._uploads.limits.clips
        for path in map(Path, sent):
            try:
                if len(clips) == most:
                    path.unlink(missing_ok=True)
                    raise ClipRejected(f"{path.name}: {most} clips at once are the most")
                clips.append(self._uploads.take(path))
            except ClipRejected as error:
                refused.append(str(error))
        for name in names:
            try:
                clips.append(listed(self._state.clips or Path(), name))
            except ClipRejected as error:
                refused.append(str(error))
        return clips, refused

    async def cancel(self, request: gr.Request) -> Shown:
        await self._replays.cancel(visitor_of(request))
        return self.shown(request)

    def shown(self, request: gr.Request) -> Shown:
        """Board, clock and buttons as they are now."""
        batch = self._replays.of(visitor_of(request))
        running = batch is not None and batch.running
        return (
            board_html(batch),
            gr.update(active=running),
            gr.update(interactive=not running),
            gr.update(interactive=running),
        )


def build(state: WebState) -> None:
    room = Room(state)
    with gr.Row(elem_id="replay"):
        with gr.Column(scale=2, min_width=300):
            sent = gr.File(
                label="Clips, several at once",
                file_count="multiple",
                type="filepath",
                height=220,
                elem_id="replay-files",
            )
            names = chooser(state)
            kept = gr.Checkbox(
                label="Keep the results",
                info="Off: candidates stay in memory until you leave. On: they are kept in the data folder. "
                "The clip itself is never kept.",
                elem_id="replay-keep",
            )
            with gr.Row():
                go = gr.Button("Analyse", variant="primary", elem_id="replay-go")
                stop = gr.Button("Cancel", variant="stop", interactive=False, elem_id="replay-stop")
        with gr.Column(scale=4, min_width=320):
            board = gr.HTML(board_html(None), elem_id="replay-board")
    clock = gr.Timer(TICK_S, active=False)
    outputs = [board, clock, go, stop]
    go.click(room.begin, [sent, names, kept], [sent, names, *outputs], **QUIET)
    stop.click(room.cancel, None, outputs, **QUIET)
    clock.tick(room.shown, None, outputs, queue=False, **QUIET)
    page = gr.context.Context.root_block
    assert page is not None, "tabs are built within the page"
    page.load(room.shown, None, outputs, **QUIET)


def chooser(state: WebState) -> gr.CheckboxGroup:
    """The clips of the folder given at start; not there without one."""
    return gr.CheckboxGroup(
        choices=names_in(state.clips),
        label=f"From {state.clips.name}" if state.clips else "From the folder of clips",
        visible=state.clips is not None,
        elem_id="replay-folder",
    )


def names_in(folder: Path | None) -> list[str]:
    try:
        return [] if folder is None else [path.name for path in clips_in(folder)]
    except ConfigError:
        return []
