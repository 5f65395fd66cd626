"""One video through the live stages, as a replay would, for the spotting benchmark.

Face meshes depend on nothing that a spotter changes, so they are found once per video and kept beside it:
a second run costs only decoding, crop and spotter. Without the recogniser every event stays `unclear`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.analyse import Analyser
from realtime.app.assemble import Rooms, rooms_of
from realtime.clock import NS_PER_S
from realtime.config import Config
from realtime.face.finder import FaceFinder, LandmarkModel, Landmarks
from realtime.output.events import EventWriter
from realtime.output.tables import SignalWriter
from realtime.sources.file import FileSource
from realtime.spotting import spotter_maker
from realtime.stats import StageTimes
from realtime.types import (
    CHIP_SIZE,
    MAP_SIZE,
    UNCLEAR,
    Event,
    Flow,
    Frame,
    MotionMaps,
    Recognition,
    Window,
)

_NO_FLOW = np.zeros((2, CHIP_SIZE, CHIP_SIZE, 2), np.float32)
_NO_MAPS = np.zeros((4, MAP_SIZE, MAP_SIZE, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Watched:
    """What one video gave besides its tables."""

    video: str
    seconds: float
    face_s: float  # a face was found
    armed_s: float  # and an event could have been
    frame_ms: float = 0.0  # mean distance between frames


class KeptMeshes:
    """Face meshes of one video, in order: found by the real model the first time, read afterwards.

    What was found is kept at the end of the `with`, unless it ends by an error.
    """

    def __init__(self, video: Path, config: Config, kept: Path) -> None:
        face = config.face
        version = f"{metadata.version('mediapipe')}-{face.model}-{face.faces}-{face.min_confidence}"
        self._path = kept / f"{video.name}.meshes-{version}.npz"
        self._found: list[list[Landmarks]] = []
        self._finder: FaceFinder | None = None
        self._next = 0
        if self._path.is_file():
            with np.load(self._path) as file:
                self._found = _by_frame(file["meshes"], file["frames"], int(file["count"]))
        else:
            self._finder = FaceFinder(config.face)

    @property
    def model(self) -> LandmarkModel:
        return self._step

    def _step(self, bgr: NDArray[np.uint8]) -> list[Landmarks]:
        if self._finder is not None:
            self._found.append(self._finder.landmarks(Frame("", self._next, 0, 0, bgr)))
        self._next += 1
        return self._found[self._next - 1]

    def __enter__(self) -> KeptMeshes:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._finder is None:
            return
        self._finder.close()
        if kind is None:
            self._keep()

    def _keep(self) -> None:
        frames = [i for i, found in enumerate(self._found) for _ in found]
        meshes = [mesh for found in self._found for mesh in found] or [np.zeros((0, 468, 3), np.float32)]
        stacked = np.stack(meshes) if frames else meshes[0]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(self._path, meshes=stacked, frames=np.array(frames, np.int64), count=len(self._found))


def watch(video: Path, out: Path, config: Config, kept: Path, *, recognise: bool = False) -> Watched:
    """Writes OUT/events.csv and OUT/signal.csv. Raises: ClipRejected, OutputError, ModelFileError."""
    if recognise:
        rooms = rooms_of(config, StageTimes())
        with closing(rooms):
            rooms.open()
            return _watched_by(rooms, video, out)
    with KeptMeshes(video, config, kept) as meshes, closing(spot_only(config, meshes.model)) as spotter:
        return _watched_by(spotter, video, out)


def _watched_by(stages: Rooms | Analyser, video: Path, out: Path) -> Watched:
    spans: list[tuple[int, bool, bool]] = []
    with FileSource(video) as source, EventWriter(out) as events, closing(SignalWriter(out)) as signal:
        for frame in source:
            analysis = stages.step(frame)
            signal.add(analysis)
            spans.append((frame.t_ns, bool(analysis.chips), any(s.armed for s in analysis.signals)))
            _write(events, analysis.events)
        _write(events, stages.finish()[0])
    return _watched(video.name, spans)


def spot_only(config: Config, model: LandmarkModel) -> Analyser:
    """The analyser of a run with everything after the spotter left out."""
    return Analyser(
        FaceFinder(config.face, model),
        spotter_maker(config.spotting),
        _no_flow,
        lambda flow: MotionMaps(flow, _NO_MAPS),
        lambda maps: Recognition(maps, UNCLEAR, 0.0, (1 / 3, 1 / 3, 1 / 3)),
        config=config.analyser,
    )


def coverage(watched: Sequence[Watched]) -> float | None:
    """Share of the time with a face in which the spotter was armed."""
    face_s = sum(one.face_s for one in watched)
    return round(sum(one.armed_s for one in watched) / face_s, 4) if face_s else None


def _no_flow(window: Window) -> Flow:
    return Flow(window, _NO_FLOW)


def _write(writer: EventWriter, events: Sequence[Event]) -> None:
    for event in events:
        writer.write(event)


def _watched(video: str, spans: Sequence[tuple[int, bool, bool]]) -> Watched:
    """Each frame stands for the mean distance between frames."""
    t_ns = [t for t, _, _ in spans]
    frame_s = (t_ns[-1] - t_ns[0]) / NS_PER_S / max(len(t_ns) - 1, 1)
    with_face, armed = (sum(span[which] for span in spans) for which in (1, 2))
    return Watched(video, frame_s * len(spans), frame_s * with_face, frame_s * armed, 1000 * frame_s)


def _by_frame(meshes: Landmarks, frames: NDArray[np.int64], count: int) -> list[list[Landmarks]]:
    found: list[list[Landmarks]] = [[] for _ in range(count)]
    for frame, mesh in zip(frames.tolist(), meshes, strict=True):
        found[frame].append(mesh)
    return found
