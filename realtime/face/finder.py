"""From a frame to upright face chips: landmarks, identity, alignment, quality.

The face mesh is followed from frame to frame, so every frame must be shown, in order, exactly once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.face.alignment import Aligner, AlignmentConfig, cut_chip
from realtime.face.mesh import MESH_POINTS, Landmarks, MediaPipeMesh, MeshModel
from realtime.face.quality import QualityConfig, QualityMeter
from realtime.types import FaceChip, Frame, freeze

__all__ = ["MESH_POINTS", "FaceConfig", "FaceFinder", "LandmarkModel", "Landmarks"]

LandmarkModel = Callable[[NDArray[np.uint8]], list[Landmarks]]


@dataclass(frozen=True, slots=True)
class FaceConfig:
    """How faces are found and kept apart."""

    faces: int = 1  # watched at once, at most
    model: Literal["openvino", "mediapipe"] = "openvino"  # the same mesh; see realtime.face.tracked_mesh
    min_confidence: float = 0.5  # of the detector and of the tracker
    search_s: float = 0.2  # how often more faces are searched for while some are followed; openvino only
    memory_s: float = 2.0  # a face lost for less keeps its number
    reach_iod: float = 1.2  # farther than this from where it was, it is somebody else
    alignment: AlignmentConfig = field(default_factory=AlignmentConfig)
    quality: QualityConfig = field(default_factory=QualityConfig)

    def __post_init__(self) -> None:
        if not 1 <= self.faces <= 8:
            raise ConfigError(f"face.faces must be 1 to 8, got {self.faces}")
        if not 0 < self.min_confidence < 1:
            raise ConfigError(f"face.min_confidence must lie between 0 and 1, got {self.min_confidence}")
        if min(self.memory_s, self.search_s) < 0 or self.reach_iod <= 0:
            raise ConfigError("face.memory_s, search_s must not be negative; reach_iod must be positive")


class FaceFinder:
    """Finds, names and cuts the faces of a stream of frames. Not thread-safe: it lives on `analyse`."""

    def __init__(self, config: FaceConfig = FaceConfig(), model: LandmarkModel | None = None) -> None:
        self._config = config
        self._mesh: MeshModel = _Given(model) if model else _face_mesh(config)
        self._tracks: list[_Track] = []
        self._next_face = 0

    def landmarks(self, frame: Frame) -> list[Landmarks]:
        """The face meshes of the next frame, (468, 3) each, in the model's own order."""
        return self._mesh.find(frame)

    def chips(self, frame: Frame, meshes: list[Landmarks]) -> tuple[FaceChip, ...]:
        """One chip per mesh, by identity."""
        chips = [self._track_of(mesh, frame.t_ns).chip(frame, mesh) for mesh in meshes[: self._config.faces]]
        return tuple(sorted(chips, key=lambda chip: chip.face))

    def step(self, frame: Frame) -> tuple[FaceChip, ...]:
        """Chips of the next frame, in the order of their identities; none where there is no face."""
        return self.chips(frame, self.landmarks(frame))

    def close(self) -> None:
        self._mesh.close()

    def _track_of(self, mesh: Landmarks, t_ns: int) -> _Track:
        """The remembered face nearest to this mesh, not yet seen in this frame; else a new one."""
        oldest = t_ns - int(self._config.memory_s * NS_PER_S)
        self._tracks = [track for track in self._tracks if track.t_ns >= oldest]
        free = [track for track in self._tracks if track.t_ns < t_ns]
        nearest = min(free, key=lambda track: track.distance_iod(mesh), default=None)
        if nearest is not None and nearest.distance_iod(mesh) <= self._config.reach_iod:
            return nearest
        track = _Track(self._next_face, self._config)
        self._next_face += 1
        self._tracks.append(track)
        return track


class _Track:
    """One person: number, crop and habits."""

    def __init__(self, face: int, config: FaceConfig) -> None:
        self.face = face
        self.t_ns = -1
        self._aligner = Aligner(config.alignment)
        self._meter = QualityMeter(config.quality)
        self._centre_px = (0.0, 0.0)
        self._iod_px = 1.0

    def distance_iod(self, mesh: Landmarks) -> float:
        """From where this face was last to `mesh`, counting a change of size as distance."""
        (x, y), iod_px = _centre(mesh)
        away = math.hypot(x - self._centre_px[0], y - self._centre_px[1]) / max(self._iod_px, iod_px)
        return away + abs(math.log(iod_px / self._iod_px))

    def chip(self, frame: Frame, mesh: Landmarks) -> FaceChip:
        landmarks_px = np.ascontiguousarray(mesh[:, :2])
        pose, to_chip = self._aligner.step(landmarks_px, frame.t_ns)
        gray = cut_chip(frame.bgr, to_chip)
        quality, flags = self._meter.step(landmarks_px, mesh[:, 2], pose, cv2.mean(gray)[0], frame.t_ns)
        self.t_ns = frame.t_ns
        self._centre_px, self._iod_px = _centre(mesh)
        return FaceChip(
            source=frame.source,
            frame_index=frame.index,
            t_ns=frame.t_ns,
            face=self.face,
            gray_u8=freeze(gray),
            to_chip=freeze(to_chip),
            landmarks_px=freeze(landmarks_px),
            iod_px=math.exp(pose[2]),
            quality=quality,
            flags=flags,
        )


def _centre(mesh: Landmarks) -> tuple[tuple[float, float], float]:
    (right_x, right_y, _), (left_x, left_y, _) = mesh[33].tolist(), mesh[263].tolist()
    # 1.45: outer corners to centres of the eyes on a mean face; only compared with itself
    iod_px = max(math.hypot(left_x - right_x, left_y - right_y) / 1.45, 1.0)
    return ((right_x + left_x) / 2, (right_y + left_y) / 2), iod_px


def _face_mesh(config: FaceConfig) -> MeshModel:
    """The configured way to the face mesh; MediaPipe's own where OpenVINO is not installed."""
    if config.model == "openvino":
        with suppress(ImportError):
            from realtime.face.tracked_mesh import TrackedMesh

            return TrackedMesh(config.faces, config.min_confidence, config.search_s)
    return MediaPipeMesh(config.faces, config.min_confidence)


class _Given:
    """A function from a picture to its meshes, as a model."""

    def __init__(self, model: LandmarkModel) -> None:
        self._model = model

    def find(self, frame: Frame) -> list[Landmarks]:
        return self._model(frame.bgr)

    def close(self) -> None:
        pass
