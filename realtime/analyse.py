"""One frame in, everything it gave out: the costly half of the house, on one thread.

    Frame -> FaceFinder -> chips -> Spotter (one a face) -> windows -> flow -> maps -> Recogniser -> events

Cheap stages see every frame. Windows wait in a short queue: when the caller says that analysis is
late they stay there, and the oldest is dropped, counted with its cause, rather than any frame.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.face.finder import Landmarks
from realtime.spotting.regions import REGIONS
from realtime.stats import StageTimes
from realtime.types import Analysis, Event, FaceChip, Flow, Frame, MotionMaps, Recognition, SpotSignal, Window

LATE = "recognition_behind"  # cause of a dropped window, as it stands in summary.json


class Faces(Protocol):
    """What the analyser needs of a `realtime.face.finder.FaceFinder`."""

    def landmarks(self, frame: Frame) -> list[Landmarks]: ...
    def chips(self, frame: Frame, meshes: list[Landmarks]) -> tuple[FaceChip, ...]: ...
    def close(self) -> None: ...


class Spots(Protocol):
    """What the analyser needs of a `realtime.spotting.spotter.Spotter`."""

    def step(self, chip: FaceChip) -> tuple[SpotSignal, tuple[Window, ...]]: ...
    def finish(self) -> tuple[Window, ...]: ...
    def rebaseline(self) -> None: ...


@dataclass(frozen=True, slots=True)
class AnalyserConfig:
    """How long things are kept when they are late or gone."""

    windows_waiting: int = 4  # for recognition, at most
    face_gap_s: float = 0.5  # a movement is closed when its face has been gone this long
    forget_s: float = 10.0  # a face unseen this long gives its memory back

    def __post_init__(self) -> None:
        if self.windows_waiting < 1:
            raise ConfigError(f"analyser.windows_waiting must be at least 1, got {self.windows_waiting}")
        if not 0 < self.face_gap_s <= self.forget_s:
            raise ConfigError("analyser.face_gap_s must be positive and at most forget_s")


@dataclass(slots=True)
class _Watched:
    """One face's spotter and when it last saw something."""

    spotter: Spots
    t_ns: int
    open: bool = True


class Analyser:
    """All stages from a frame to its events. Not thread-safe: it lives on `analyse`."""

    def __init__(
        self, faces: Faces, make_spotter: Callable[[], Spots], flow_of: Callable[[Window], Flow],
        maps_of: Callable[[Flow], MotionMaps], recognise: Callable[[MotionMaps], Recognition],
        *, config: AnalyserConfig = AnalyserConfig(), times: StageTimes | None = None,
    ) -> None:  # fmt: skip
        self._faces = faces
        self._make_spotter = make_spotter
        self._flow_of = flow_of
        self._maps_of = maps_of
        self._recognise = recognise
        self._config = config
        self._watched: dict[int, _Watched] = {}
        self._waiting: deque[Window] = deque()
        self._first_ns: int | None = None
        self._last: Frame | None = None
        self._events = 0
        self.times = times or StageTimes()
        self.drops: Counter[str] = Counter()

    def step(self, frame: Frame, *, late: bool = False) -> Analysis:
        """Everything the next frame gives, with one window at the most, the oldest.

        `late`: let windows wait, frames come first.
        """
        self._first_ns = frame.t_ns if self._first_ns is None else self._first_ns
        self._last = frame
        with self.times.stage("landmarks"):
            meshes = self._faces.landmarks(frame)
        with self.times.stage("align"):
            chips = self._faces.chips(frame, meshes)
        with self.times.stage("spot"):
            signals = tuple(self._spot(chip) for chip in chips)
            self._close_lost(frame.t_ns)
        # One at a time: where a window takes long, the frames behind it are caught up with first.
        events, recognitions = self._recognise_waiting(frame, most=0 if late else 1)
        return Analysis(frame, chips, signals, events, recognitions)

    def finish(self) -> tuple[tuple[Event, ...], tuple[Recognition, ...]]:
        """Movements still open at the end of the stream, and windows that still wait."""
        if self._last is None:
            return (), ()
        for watched in self._watched.values():
            self._wait(watched.spotter.finish())
        return self._recognise_waiting(self._last, most=len(self._waiting))

    def rebaseline(self) -> None:
        """Take every face as it is now for the person at rest."""
        for watched in self._watched.values():
            watched.spotter.rebaseline()

    def close(self) -> None:
        self._faces.close()

    def _spot(self, chip: FaceChip) -> SpotSignal:
        watched = self._watched.get(chip.face)
        if watched is None:
            watched = self._watched[chip.face] = _Watched(self._make_spotter(), chip.t_ns)
        watched.t_ns, watched.open = chip.t_ns, True
        signal, windows = watched.spotter.step(chip)
        self._wait(windows)
        return signal

    def _close_lost(self, now_ns: int) -> None:
        for face, watched in list(self._watched.items()):
            gone_s = (now_ns - watched.t_ns) / NS_PER_S
            if watched.open and gone_s > self._config.face_gap_s:
                self._wait(watched.spotter.finish())
                watched.open = False
            if gone_s > self._config.forget_s:
                del self._watched[face]

    def _wait(self, windows: tuple[Window, ...]) -> None:
        for window in windows:
            if len(self._waiting) == self._config.windows_waiting:
                self._waiting.popleft()
                self.drops[LATE] += 1
            self._waiting.append(window)

    def _recognise_waiting(
        self, frame: Frame, *, most: int
    ) -> tuple[tuple[Event, ...], tuple[Recognition, ...]]:
        count = min(most, len(self._waiting))
        recognitions = tuple(self._recognition(self._waiting.popleft()) for _ in range(count))
        return tuple(self._event(recognition, frame) for recognition in recognitions), recognitions

    def _recognition(self, window: Window) -> Recognition:
        with self.times.stage("flow"):
            flow = self._flow_of(window)
        with self.times.stage("maps"):
            maps = self._maps_of(flow)
        with self.times.stage("infer"):
            return self._recognise(maps)

    def _event(self, recognition: Recognition, frame: Frame) -> Event:
        window = recognition.maps.flow.window
        onset, apex, offset = (window.chips[i] for i in (window.onset, window.apex, window.offset))
        start_ns = self._first_ns or 0
        self._events += 1
        return Event(
            event=self._events - 1,
            source=onset.source,
            face=onset.face,
            onset_frame=onset.frame_index,
            apex_frame=apex.frame_index,
            offset_frame=offset.frame_index,
            onset_ns=onset.t_ns - start_ns,
            apex_ns=apex.t_ns - start_ns,
            offset_ns=offset.t_ns - start_ns,
            emitted_ns=frame.t_ns - start_ns,
            kind=window.kind,
            label=recognition.label,
            confidence=recognition.confidence,
            probabilities=recognition.probabilities,
            flags=window.flags,
            spot_score=window.score,
            regions_px={name: float(moved) for name, moved in zip(REGIONS, window.regions_px, strict=True)},
        )
