"""Things that stand in for cameras, clocks and rooms, shared by every test."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from realtime.clock import NS_PER_S
from realtime.errors import SourceError
from realtime.ring import Record
from realtime.types import (
    CHIP_SIZE,
    LABELS,
    Analysis,
    Event,
    FaceChip,
    Flag,
    Frame,
    Kind,
    Recognition,
    freeze,
)


class ManualClock:
    """A clock that stands still until a test moves it; every call may also move it by `step_ns`."""

    def __init__(self, start_ns: int = 0, step_ns: int = 0) -> None:
        self.now_ns = start_ns
        self.step_ns = step_ns

    def __call__(self) -> int:
        self.now_ns += self.step_ns
        return self.now_ns

    def advance(self, duration_s: float) -> None:
        self.now_ns += int(duration_s * NS_PER_S)


def make_frame(
    index: int = 0, fps: float = 30.0, *, size: tuple[int, int] = (48, 64), level: int = 0
) -> Frame:
    """A flat picture of `size` (height, width) at its place on the time line of a steady source."""
    t_ns = round(index * NS_PER_S / fps)
    bgr = np.full((*size, 3), level, np.uint8)
    return Frame(source="fake", index=index, t_ns=t_ns, arrived_ns=t_ns, bgr=freeze(bgr))


def make_chip(
    index: int = 0, fps: float = 30.0, *, face: int = 0, flags: frozenset[Flag] = frozenset(), level: int = 0
) -> FaceChip:
    """A flat chip that lies on the frame as it is: chip pixels are frame pixels."""
    return FaceChip(
        source="fake",
        frame_index=index,
        t_ns=round(index * NS_PER_S / fps),
        face=face,
        gray_u8=freeze(np.full((CHIP_SIZE, CHIP_SIZE), level, np.uint8)),
        to_chip=freeze(np.eye(2, 3)),
        landmarks_px=freeze(np.zeros((468, 2), np.float32)),
        iod_px=60.0,
        quality=1.0,
        flags=flags,
    )


def make_analysis(index: int = 0, fps: float = 30.0, *, size: tuple[int, int] = (48, 64)) -> Analysis:
    """What a frame without a face gives."""
    return Analysis(make_frame(index, fps, size=size), chips=(), signals=(), events=(), recognitions=())


def make_event(number: int = 0, *, emitted_frame: int = 20, fps: float = 30.0) -> Event:
    """A micro movement of 8 frames that ended 2 frames before it was emitted."""
    onset, apex, offset = emitted_frame - 10, emitted_frame - 6, emitted_frame - 2
    times_ns = [round(frame * NS_PER_S / fps) for frame in (onset, apex, offset, emitted_frame)]
    return Event(
        number,
        "fake",
        0,
        *(onset, apex, offset),
        *times_ns,
        kind=Kind.MICRO,
        label=LABELS[1],
        confidence=0.8,
        probabilities=(0.1, 0.8, 0.1),
        flags=frozenset(),
        spot_score=5.0,
        regions_px={},
    )


class ListSource:
    """Hands out what it is given; `before(index)` runs on the capture thread, before each frame."""

    name = "fake"

    def __init__(
        self,
        frames: Iterable[Frame],
        *,
        live: bool = False,
        before: Callable[[int], object] = lambda index: None,
    ) -> None:
        self.live = live
        self.closed = threading.Event()
        self._frames_given = frames
        self._before = before

    def __iter__(self) -> Iterator[Frame]:
        for index, frame in enumerate(self._frames_given):
            self._before(index)
            if self.closed.is_set():
                return
            yield frame

    def __enter__(self) -> ListSource:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed.set()

    def describe(self) -> dict[str, object]:
        return {"source": self.name}


class FakeAnalyser:
    """An event every `every` frames and one more at the end; `before(frame)` runs ahead of each step."""

    def __init__(
        self,
        every: int = 0,
        *,
        before: Callable[[Frame], object] = lambda frame: None,
        log: list[str] | None = None,
    ) -> None:
        self.drops: Counter[str] = Counter()
        self.model: dict[str, object] = {"name": "fake", "backend": "fake", "version": "0"}
        self.seen: list[int] = []
        self.late: list[int] = []
        self.log = log if log is not None else []
        self.thread = ""
        self._every = every
        self._before = before
        self._events = 0

    def step(self, frame: Frame, *, late: bool = False) -> Analysis:
        self._before(frame)
        self.thread = threading.current_thread().name
        self.seen.append(frame.index)
        if late:
            self.late.append(frame.index)
        due = bool(self._every) and frame.index % self._every == self._every - 1
        events = (self._event(frame.index),) if due else ()
        return Analysis(frame, chips=(), signals=(), events=events, recognitions=())

    def open(self) -> None:
        self.log.append("open")

    def close(self) -> None:
        self.log.append("close")

    def finish(self) -> tuple[tuple[Event, ...], tuple[Recognition, ...]]:
        self.log.append("finish")
        return ((self._event(self.seen[-1]),) if self._every else ()), ()

    def restart(self) -> None:
        self.log.append("restart")

    def rebaseline(self) -> None:
        self.log.append("rebaseline")

    def _event(self, emitted_frame: int) -> Event:
        self._events += 1
        return make_event(self._events - 1, emitted_frame=emitted_frame)


class MemorySink:
    """Keeps the records; raises `error` at the record with the number `fails_at`."""

    def __init__(
        self, *, fails_at: int | None = None, error: Exception | None = None, log: list[str] | None = None
    ) -> None:
        self.records: list[Record] = []
        self.closed = 0
        self.log = log if log is not None else []
        self.thread = ""
        self._fails_at = fails_at
        self._error = error

    def write(self, record: Record) -> None:
        self.thread = threading.current_thread().name
        if len(self.records) == self._fails_at and self._error is not None:
            raise self._error
        self.records.append(record)

    def close(self) -> None:
        self.closed += 1
        self.log.append("sink closed")

    @property
    def frames(self) -> list[int]:
        return [record.analysis.frame.index for record in self.records if not record.rest]


class ScriptedSource:
    """A camera that follows a written list, such as "frame*30 drop*2 frame*10 stall:0.8 frame*5 unplug".

    frame    a flat picture of the next gray level, one interval later
    drop     an interval passes without a picture, as when a driver loses one
    stall:S  S seconds pass without a picture
    hang     nothing more comes until it is closed
    unplug   the cable is pulled: SourceError

    Time passes on the frames' own time line and on `clock`, if one is given; nothing waits, but `hang`.
    """

    name = "scripted"

    def __init__(
        self, script: str, fps: float = 30.0, *, live: bool = True, clock: ManualClock | None = None
    ) -> None:
        self.live = live
        self.closed = threading.Event()
        self.given = 0
        self._words = [word for part in script.split() for word in self._repeated(part)]
        self._interval_s = 1 / fps
        self._clock = clock if clock is not None else ManualClock()
        self._start_ns = self._clock.now_ns

    @staticmethod
    def _repeated(part: str) -> list[str]:
        word, _, times = part.partition("*")
        return [word] * int(times or 1)

    def __iter__(self) -> Iterator[Frame]:
        at_s = 0.0
        for word in self._words:
            kind, _, stall_s = word.partition(":")
            if kind == "hang":
                self.closed.wait()
            if self.closed.is_set():
                return
            if kind == "unplug":
                raise SourceError(f"{self.name} stopped after {self.given} frames; was it unplugged?")
            if kind == "frame":
                yield self._frame(at_s)
            elif kind not in ("drop", "stall"):
                raise ValueError(f"no such word in a source's script: {word}")
            at_s += float(stall_s or self._interval_s)

    def _frame(self, at_s: float) -> Frame:
        t_ns = self._start_ns + round(at_s * NS_PER_S)
        self._clock.now_ns = max(self._clock.now_ns, t_ns)
        bgr = np.full((48, 64, 3), self.given % 256, np.uint8)
        self.given += 1
        return Frame(self.name, self.given - 1, t_ns, t_ns, freeze(bgr))

    def __enter__(self) -> ScriptedSource:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed.set()

    def describe(self) -> dict[str, object]:
        return {"source": self.name, "frames": self.given}
