"""Inside the child process: the run of one clip, and what it says of itself while it goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from realtime.app.jobs import Settings, config_for
from realtime.app.run import Run, Wanted
from realtime.app.status import frames_in, notes_text
from realtime.clock import NS_PER_S
from realtime.config import Config, parse_toml, updated
from realtime.recording.session_format import is_session
from realtime.review.collect import Collector
from realtime.review.records import Origin
from realtime.review.store import Store
from realtime.ring import Record
from realtime.sources import Source, open_source
from realtime.sources.session import SessionSource
from realtime.types import UNCLEAR, Event, SpotSignal
from realtime.web.replay_task import TOLD_S, Task

Said = dict[str, Any]
BIN_S = 0.1  # one point of the curve: the highest score within it


def analysed(task: Task, tell: Callable[[Said], None]) -> Said:
    """Analyses the clip into the task's store; `tell` hears of it on the way.

    Returns the last line. Raises: FlinchError; BrokenPipeError when nobody listens any more.
    """
    clip = Path(task.clip)
    config = config_of(task, clip)
    with open_source(str(clip.absolute()), config=config.sources) as source, Store(Path(task.store)) as store:
        source.name = task.title  # what frames, events and exports carry
        curve = Curve()
        origin = Origin.RECORDED if isinstance(source, SessionSource) else Origin.REPLAY
        collector = Collector(store, task.title, name=task.title, origin=origin)
        run = Run(source, config, wanted_of(source), lossless=True, more_sinks=[collector, curve])
        with run:
            while not run.pipeline.wait(TOLD_S):
                tell(stands(run, source, curve))
        tell(stands(run, source, curve))
        notes = "; ".join(filter(None, [notes_text(source.describe()), *run.profile.notes]))
        return {"done": True, "wall_s": round(run.pipeline.progress().wall_s, 2), "notes": notes}


def config_of(task: Task, clip: Path) -> Config:
    if is_session(clip):
        return config_for(clip, Settings(None, {}, video=False, layers=frozenset()))
    return updated(Config(), parse_toml(task.config, where="settings"), where="settings")


def wanted_of(source: Source) -> Wanted:
    return Wanted(late_frames=source.late if isinstance(source, SessionSource) else ())


def stands(run: Run, source: Source, curve: Curve) -> Said:
    """How far it is, and what is new."""
    progress = run.pipeline.progress()
    described = source.describe()
    return {
        "frames": progress.frames,
        "total": frames_in(described),
        "rate": progress.analysed_fps,
        "source": {key: described.get(key) for key in ("size_px", "fps")},
        "ready": run.pipeline.ready,
        **curve.take(),
    }


class Curve:
    """A sink: the score over time in tenths of a second, and events, for the page's timeline.

    `record` writes; the main thread takes.
    """

    def __init__(self) -> None:
        self._first_ns: int | None = None
        self._bin: list[float] | None = None  # second, score, threshold; ended by the next or by `close`
        self._seen = 0
        self._points: deque[list[float]] = deque()
        self._events: deque[Said] = deque()

    def write(self, record: Record) -> None:
        analysis = record.analysis
        if self._first_ns is None:
            self._first_ns = analysis.frame.t_ns
        if not record.rest:
            self._seen += bool(analysis.chips)
            self._place((analysis.frame.t_ns - self._first_ns) / NS_PER_S, analysis.signals)
        self._events.extend(event_said(event) for event in analysis.events)

    def _place(self, t_s: float, signals: Sequence[SpotSignal]) -> None:
        start_s = round(int(t_s / BIN_S) * BIN_S, 1)
        if self._bin is None or start_s != self._bin[0]:
            self.close()
            self._bin = [start_s, 0.0, 0.0]
        for signal in signals:
            self._bin[1] = max(self._bin[1], round(signal.score, 2))
            self._bin[2] = max(self._bin[2], round(signal.threshold, 2))

    def take(self) -> Said:
        """`points`: [second, score, threshold]; `events`; `seen`: frames with a face until now.

        Points and events that were taken are forgotten.
        """
        points = [self._points.popleft() for _ in range(len(self._points))]
        events = [self._events.popleft() for _ in range(len(self._events))]
        return {"points": points, "events": events, "seen": self._seen}

    def close(self) -> None:
        """The last bin is whole; idempotent."""
        if self._bin is not None:
            self._points.append(self._bin)
        self._bin = None


def event_said(event: Event) -> Said:
    """What the page's list shows of one event."""
    return {
        "event": event.event,
        "face": event.face,
        "kind": event.kind.value,
        "label": event.label,
        "confidence": None if event.label == UNCLEAR else round(event.confidence, 3),
        "onset_s": event.onset_ns / NS_PER_S,
        "apex_s": event.apex_ns / NS_PER_S,
        "offset_s": event.offset_ns / NS_PER_S,
        "flags": sorted(flag.value for flag in event.flags),
    }
