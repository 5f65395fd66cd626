"""Clips analysed for the page: one child process at a time per visitor, told of, cancelled, cleaned up.

    clips --> Batch (an asyncio task) --> replay_child --> lines of progress --> ClipState --> the page
                                              |
                                        review store --> Desk.adopt (kept, or the visitor's memory)

Everything lives on the server's loop. A child that is cancelled, too slow or silent is killed; of a cancelled
one what its store holds is adopted, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from realtime.config import Config, to_toml
from realtime.errors import ClipRejected, FlinchError
from realtime.review.desk import Desk
from realtime.web.replay_state import Batch, ClipState, Stage
from realtime.web.replay_task import ReplayLimits, Task
from realtime.web.uploads import Clip, Uploads

ROOT = Path(__file__).resolve().parents[2]
CHILD = (sys.executable, "-m", "realtime.web.replay_child")
LINE_BYTES = 4_000_000
AT_ONCE = 2  # children of all visitors together
VISITORS = 32  # whose last results stay in the page


class Replays:
    """All batches of a server. Every method is called on the server's loop."""

    def __init__(
        self, desk: Desk, limits: ReplayLimits | None = None, command: Sequence[str] = CHILD
    ) -> None:
        self._desk = desk
        self._limits = limits or ReplayLimits()
        self._command = command
        self._batches: dict[str, Batch] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    def of(self, visitor: str) -> Batch | None:
        return self._batches.get(visitor)

    def begin(
        self, visitor: str, clips: Sequence[Clip], uploads: Uploads, config: Config, *, kept: bool,
        refused: Sequence[str] = (),
    ) -> Batch:  # fmt: skip
        """Starts on the clips. Raises: ClipRejected while the visitor's last batch still runs."""
        old = self._batches.pop(visitor, None)
        if old is not None and old.running:
            self._batches[visitor] = old
            raise ClipRejected("the last clips are still being analysed; wait, or cancel them")
        while len(self._batches) >= VISITORS and (done := self._finished()) is not None:
            del self._batches[done]
        words = [ClipState(line.partition(":")[0], Stage.REFUSED, words=line) for line in refused]
        batch = Batch([*(ClipState(clip.title) for clip in clips), *words], kept)
        self._batches[visitor] = batch
        work = self._work(visitor, batch, list(clips), uploads, to_toml(config))
        batch.task = asyncio.get_running_loop().create_task(work, name="replay")
        return batch

    def _finished(self) -> str | None:
        return next((visitor for visitor, batch in self._batches.items() if not batch.running), None)

    async def cancel(self, visitor: str) -> None:
        """Ends the visitor's batch; its child is gone when this returns."""
        batch = self._batches.get(visitor)
        if batch is None or batch.task is None:
            return
        if not batch.cancelled:  # a second time would break off what the first one saves
            batch.cancelled = True
            batch.task.cancel()
        await asyncio.wait([batch.task])

    async def close(self) -> None:
        """Ends everything."""
        for visitor in list(self._batches):
            await self.cancel(visitor)

    async def _work(
        self, visitor: str, batch: Batch, clips: list[Clip], uploads: Uploads, config: str
    ) -> None:
        try:
            for clip, state in zip(clips, batch.clips, strict=False):
                async with self._slots:
                    state.stage = Stage.RUNNING
                    await self._analyse(visitor, batch, clip, state, uploads, config)
                clip.remove()
        finally:
            for clip in clips:
                clip.remove()
            for state in batch.clips:
                if state.stage in (Stage.WAITING, Stage.RUNNING):
                    state.stage = Stage.CANCELLED

    async def _analyse(
        self, visitor: str, batch: Batch, clip: Clip, state: ClipState, uploads: Uploads, config: str
    ) -> None:
        """One clip in one child; whatever becomes of it stands in `state`.

        What the child had written is adopted however it ended: every event has a transaction of its own.
        """
        store = uploads.scratch()
        task = Task(str(clip.path), clip.title, config, str(store), self._limits)
        try:
            last = await self._child(task, state)
            state.words = ended(last, clip.title, self._limits)
            await self._adopt(store, visitor, batch, state)
            state.stage = Stage.DONE if "done" in last else Stage.REFUSED
        except FlinchError as error:
            state.words, state.stage = f"{clip.title}: what was found is discarded: {error}", Stage.REFUSED
        except asyncio.CancelledError:
            await self._save(store, visitor, batch, state)
            raise
        finally:
            if not state.sessions:
                state.events.clear()
            for file in store.parent.glob(f"{store.name}*"):  # SQLite leaves companions after a kill
                file.unlink(missing_ok=True)

    async def _save(self, store: Path, visitor: str, batch: Batch, state: ClipState) -> None:
        """What was found before somebody cancelled."""
        of = f" of {state.total}" if state.total else ""
        state.words = f"cancelled after {state.frames}{of} frames"
        try:
            await self._adopt(store, visitor, batch, state)
        except FlinchError as error:
            state.words += f"; what was found so far is discarded: {error}"

    async def _adopt(self, store: Path, visitor: str, batch: Batch, state: ClipState) -> None:
        """Copies the store's sessions to the desk. Whoever cancels waits until all of them are there."""
        if not store.exists():
            return
        copying = asyncio.create_task(asyncio.to_thread(self._desk.adopt, store, visitor, kept=batch.kept))
        try:
            state.sessions = await asyncio.shield(copying)
        except asyncio.CancelledError:
            await asyncio.wait([copying])
            raise

    async def _child(self, task: Task, state: ClipState) -> dict[str, Any]:
        """The child's last line; `code` or `late` in it where it did not come to one."""
        child = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            limit=LINE_BYTES,
            start_new_session=True,  # a Ctrl-C of the terminal is the server's to answer
        )
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(task.to_json().encode() + b"\n")
            child.stdin.close()
            return await asyncio.wait_for(heard(child, state), self._limits.wall_s)
        except asyncio.TimeoutError:  # its own class before Python 3.11
            return {"late": True}
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def heard(child: asyncio.subprocess.Process, state: ClipState) -> dict[str, Any]:
    """Follows the child's lines into `state` until its last one."""
    assert child.stdout is not None
    async for line in child.stdout:
        said: dict[str, Any] = json.loads(line)
        if "frames" not in said:
            return said
        state.hear(said)
    return {"code": await child.wait()}


def ended(last: dict[str, Any], title: str, limits: ReplayLimits) -> str:
    """What is to be said of a clip after its child's last line."""
    if "done" in last:
        return str(last["notes"])
    return str(last.get("error") or f"{title}: {broke_off(last, limits)}")


def broke_off(last: dict[str, Any], limits: ReplayLimits) -> str:
    """Why a child ended without a last line."""
    if last.get("late"):
        return f"analysing it took more than {limits.wall_s / 60:.0f} minutes; cut it into shorter clips"
    if last.get("code") in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"analysing it took more than {limits.cpu_s / 60:.0f} minutes of the processor"
    return f"its analysis broke off (code {last.get('code')}); it may need more than {limits.memory_mb} MB"
