"""What the overlay shows, as one frozen value, and the memory that makes it from the analyses."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.types import Analysis, Event, FaceChip, Recognition, SpotSignal


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face's score over the last seconds, oldest first."""

    face: int
    t_ns: NDArray[np.int64]  # (n,)
    score: NDArray[np.float32]  # (n,), NaN where it is not known
    threshold: NDArray[np.float32]  # (n,)
    armed: NDArray[np.bool_]  # (n,)


@dataclass(frozen=True, slots=True)
class Hud:
    """The figures beside the picture; None where they are not known yet."""

    fps: float | None = None  # measured
    age_ms: float | None = None  # of the frame shown, from arrival to drawing
    drops: Mapping[str, int] = field(default_factory=dict)  # by cause
    backend: str = ""  # the runner's name
    source: str = ""
    recorded_s: float | None = None  # None: not recording
    paused: bool = False
    notes: tuple[str, ...] = ()  # one line each, such as "low_fps"


@dataclass(frozen=True, slots=True, eq=False)
class OverlayState:
    """All that is drawn over one frame."""

    t_ns: int  # of the frame
    chips: tuple[FaceChip, ...] = ()
    signals: tuple[SpotSignal, ...] = ()
    tracks: tuple[Track, ...] = ()
    events: tuple[Event, ...] = ()  # the last ones, oldest first
    run_start_ns: int = 0  # t_ns of the run's first frame, from which events count
    recognition: Recognition | None = None  # the evidence behind the last event
    recognised_ns: int = 0  # t_ns at which it came
    hud: Hud = Hud()
    span_s: float = 10.0  # how far the score strip looks back


@dataclass(frozen=True, slots=True)
class OverlayConfig:
    """How far back the overlay looks."""

    span_s: float = 10.0
    events: int = 12  # remembered; as many are shown as there is room for

    def __post_init__(self) -> None:
        if not 1.0 <= self.span_s <= 120.0:
            raise ConfigError(f"overlay.span_s must lie in 1 .. 120, not {self.span_s}")
        if not 1 <= self.events <= 100:
            raise ConfigError(f"overlay.events must lie in 1 .. 100, not {self.events}")


Point = tuple[int, float, float, bool]  # t_ns, score, threshold, armed
MAX_POINTS = 4096  # per face: 10 s at 400 frames per second


class OverlayMemory:
    """The last seconds of every face, the last events and their evidence: bounded.

    Push every analysis, from one thread; make the state on any other.
    """

    def __init__(self, config: OverlayConfig = OverlayConfig()) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._points: dict[int, deque[Point]] = {}
        self._events: deque[Event] = deque(maxlen=config.events)
        self._recognition: Recognition | None = None
        self._recognised_ns = 0
        self._run_start_ns: int | None = None

    def push(self, analysis: Analysis) -> None:
        t_ns = analysis.frame.t_ns
        with self._lock:
            if self._run_start_ns is None:
                self._run_start_ns = t_ns
            for signal in analysis.signals:
                points = self._points.setdefault(signal.face, deque(maxlen=MAX_POINTS))
                points.append((signal.t_ns, signal.score, signal.threshold, signal.armed))
            self._forget(t_ns - round(self._config.span_s * NS_PER_S))
            self._events.extend(analysis.events)
            if analysis.recognitions:
                self._recognition = analysis.recognitions[-1]
                self._recognised_ns = t_ns

    def _forget(self, before_ns: int) -> None:
        for points in self._points.values():
            # One point before the span stays, so that the line reaches the edge.
            while len(points) > 1 and points[1][0] < before_ns:
                points.popleft()
        self._points = {face: p for face, p in self._points.items() if p[-1][0] >= before_ns}

    def state(self, analysis: Analysis, hud: Hud = Hud()) -> OverlayState:
        """What to draw over the analysis' own frame."""
        with self._lock:
            return OverlayState(
                t_ns=analysis.frame.t_ns,
                chips=analysis.chips,
                signals=analysis.signals,
                tracks=tuple(_track(face, points) for face, points in sorted(self._points.items())),
                events=tuple(self._events),
                run_start_ns=self._run_start_ns or 0,
                recognition=self._recognition,
                recognised_ns=self._recognised_ns,
                hud=hud,
                span_s=self._config.span_s,
            )


def _track(face: int, points: deque[Point]) -> Track:
    times, scores, thresholds, armed = zip(*points, strict=True)
    return Track(
        face,
        np.array(times, np.int64),
        np.array(scores, np.float32),
        np.array(thresholds, np.float32),
        np.array(armed, np.bool_),
    )
