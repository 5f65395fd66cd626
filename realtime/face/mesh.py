"""The face mesh as MediaPipe's own graph finds it, and what every way to find it gives.

MediaPipe 0.10.21 carries its face mesh (468 points) in the wheel; nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.types import Frame

MESH_POINTS = 468

Landmarks = NDArray[np.float32]  # (468, 3): x, y and depth in frame pixels


class MeshModel(Protocol):
    """Finds the face meshes of a stream: every frame is shown to it, in order, exactly once."""

    def find(self, frame: Frame) -> list[Landmarks]: ...

    def close(self) -> None: ...


class MediaPipeMesh:
    """MediaPipe's whole graph. Not thread-safe: it lives on `analyse`.

    `tracks`: it looks where it found a face in the frame before; else every frame is a picture of its own,
    searched as a whole.
    """

    def __init__(self, faces: int, min_confidence: float, *, tracks: bool = True) -> None:
        self._spoken = False
        os.environ.setdefault("GLOG_minloglevel", "2")
        with _quiet_stderr():  # its native start-up chatter is kept off the terminal
            import mediapipe

            self._mesh: Any = mediapipe.solutions.face_mesh.FaceMesh(
                static_image_mode=not tracks,
                max_num_faces=faces,
                refine_landmarks=False,
                min_detection_confidence=min_confidence,
                min_tracking_confidence=min_confidence,
            )
            self._mesh.process(np.zeros((64, 64, 3), np.uint8))  # its threads speak up at the first picture

    def find(self, frame: Frame) -> list[Landmarks]:
        """The face meshes of the next frame, (468, 3) each, in the model's own order."""
        height, width = frame.bgr.shape[:2]
        # its threads also speak up once, at the first face
        with contextlib.nullcontext() if self._spoken else _quiet_stderr():
            rgb = cv2.cvtColor(frame.bgr, cv2.COLOR_BGR2RGB)
            found = self._mesh.process(rgb).multi_face_landmarks or []
        self._spoken = self._spoken or bool(found)
        scale = np.array([width, height, width], np.float32)
        return [
            np.array([(p.x, p.y, p.z) for p in face.landmark], np.float32)[:MESH_POINTS] * scale
            for face in found
        ]

    def close(self) -> None:
        if self._mesh is not None:
            self._mesh.close()
            self._mesh = None


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Native libraries write to descriptor 2 directly, past sys.stderr."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
