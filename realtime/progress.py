"""How a run stands while it goes on: what the window and the status line show."""

from __future__ import annotations

from dataclasses import dataclass

from realtime.clock import Clock, seconds
from realtime.stats import RateMeter
from realtime.types import Event, Frame


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at a run; rates are measured, and None until two frames have come."""

    captured: int  # frames that arrived
    frames: int  # frames analysed; fewer while some wait or when some were lost
    events: int
    source_fps: float | None  # lately, from the frames' own timestamps
    analysed_fps: float | None  # lately, as frames are worked off
    dropped: dict[str, int]  # frames, windows and pictures lost, by cause
    wall_s: float


class ProgressMeter:
    """`capture` and `analyse` write each their own part; any thread may read."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._source_rate = RateMeter()
        self._analysed_rate = RateMeter()
        self._captured = self._frames = self._events = 0
        self._started_ns = clock()
        self._ended_ns: int | None = None

    def start(self) -> None:
        self._started_ns = self._clock()

    def end(self) -> None:
        """From here on the wall time stands still."""
        self._ended_ns = self._clock()

    def frame_came(self, frame: Frame) -> None:
        self._captured += 1
        self._source_rate.push(frame.t_ns)

    def frame_done(self) -> None:
        self._frames += 1
        self._analysed_rate.push(self._clock())

    def events_came(self, events: tuple[Event, ...]) -> None:
        self._events += len(events)

    def progress(self, dropped: dict[str, int]) -> Progress:
        ended_ns = self._clock() if self._ended_ns is None else self._ended_ns
        return Progress(
            captured=self._captured,
            frames=self._frames,
            events=self._events,
            source_fps=self._source_rate.fps,
            analysed_fps=self._analysed_rate.fps,
            dropped=dropped,
            wall_s=seconds(ended_ns - self._started_ns),
        )
