"""What the pipeline needs of the rooms at its ends. Frames come from `realtime.sources.base.Source`."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from realtime.ring import Record
from realtime.types import Analysis, Event, Frame, Recognition

Rest = tuple[tuple[Event, ...], tuple[Recognition, ...]]  # what was still open when the frames ended


class Steps(Protocol):
    """What `analyse` calls, all of it on that one thread: realtime.app.assemble.Rooms, or a fake."""

    drops: Counter[str]  # windows lost, by cause; any thread may read it

    def open(self) -> None: ...  # load, build and compile, before the source is read

    def step(self, frame: Frame, *, late: bool = False) -> Analysis: ...

    def finish(self) -> Rest: ...

    def restart(self) -> None: ...  # forget faces and noise, so that a session replays alike

    def rebaseline(self) -> None: ...  # the person is neutral now: measure their noise anew

    def close(self) -> None: ...


class Sink(Protocol):
    """What `record` writes to, on its own thread. Raises: OutputError when nothing more can be written."""

    def write(self, record: Record) -> None: ...

    def close(self) -> None: ...
