"""The face mesh without MediaPipe's graph around it: its landmark model, run by OpenVINO, follows a face.

    last frame's mesh --rectangle--> 192 x 192 pixels --model--> 468 points, and how surely a face is there

A frame with a face that is followed costs one run of the model. Only where a face is still to be found
does MediaPipe search the picture. The rectangle is the one of MediaPipe's graph (`face_landmark_front_cpu`
in its wheel), so that the points are its points: given the same last mesh they agree to 0.05 px.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.openvino_quiet import import_openvino, openvino_core
from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.face.mesh import MESH_POINTS, Landmarks, MediaPipeMesh, MeshModel
from realtime.types import Affine, Frame

MODEL = Path("modules", "face_landmark", "face_landmark.tflite")  # in MediaPipe's package
SIDE = 192  # pixels of the model's picture
MARGIN = 1.5  # the rectangle's side, as a multiple of the longer side of the mesh's own
EYES_OUTER = (33, 263)  # they tell which way the rectangle is turned
SAME_FACE = 0.5  # two meshes whose rectangles share this much of both together are of one face
PROPERTIES = {
    "NUM_STREAMS": 1,
    "INFERENCE_NUM_THREADS": 1,  # a second thread would take 0.2 ms off, from the core that decodes
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_PRECISION_HINT": "f32",  # newer CPUs would otherwise round to bfloat16
    "ENABLE_CPU_PINNING": False,  # the analyse thread moves; a pinned one would fight with it
}


class TrackedMesh:
    """Follows up to `faces` faces. Not thread-safe: it lives on `analyse`.

    A face that is seen with less than `min_confidence` is let go. While none is followed every frame is
    searched, and while fewer than `faces` are, one frame in `search_s` seconds.

    Raises: ImportError: OpenVINO or MediaPipe is not installed. ConfigError: OpenVINO cannot read the model.
    """

    def __init__(
        self, faces: int, min_confidence: float, search_s: float, search: MeshModel | None = None
    ) -> None:
        self._faces = faces
        self._least = math.log(min_confidence / (1 - min_confidence))  # the model gives the logit
        self._search_ns = int(search_s * NS_PER_S)
        self._request = _open_model()
        self._search = search or MediaPipeMesh(faces, min_confidence, tracks=False)
        self._followed: list[Landmarks] = []
        self._searched_ns: int | None = None

    def find(self, frame: Frame) -> list[Landmarks]:
        """The face meshes of the next frame, (468, 3) each, those followed for longest first."""
        followed = (self._follow(frame.bgr, mesh) for mesh in self._followed)
        found = _distinct([mesh for mesh in followed if mesh is not None])
        if len(found) < self._faces and (not found or self._due(frame.t_ns)):
            self._searched_ns = frame.t_ns
            found = _distinct([*found, *self._search.find(frame)])[: self._faces]
        self._followed = found
        return list(found)

    def close(self) -> None:
        self._search.close()

    def _due(self, t_ns: int) -> bool:
        return self._searched_ns is None or not 0 < t_ns - self._searched_ns < self._search_ns

    def _follow(self, bgr: NDArray[np.uint8], last: Landmarks) -> Landmarks | None:
        """The mesh a frame later; None if there is no face any more."""
        to_frame = rectangle(last)
        picture = cv2.warpAffine(
            bgr, to_frame, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        result = self._request.infer({0: picture[None]}, share_inputs=True, share_outputs=True)
        points, logit = result[0], result[1]
        if float(logit.ravel()[0]) < self._least:
            return None
        points = points.reshape(MESH_POINTS, 3)
        mesh = np.empty((MESH_POINTS, 3), np.float32)
        mesh[:, :2] = points[:, :2] @ to_frame[:, :2].T + to_frame[:, 2]
        mesh[:, 2] = points[:, 2] * math.hypot(*to_frame[:, 0])
        return mesh


def rectangle(mesh: Landmarks) -> Affine:
    """Pixels of the model's picture -> frame pixels: a square about the mesh, turned with the eyes."""
    x, y = mesh[:, 0], mesh[:, 1]  # each for itself: along the columns of both numpy takes five times as long
    left, right, top, bottom = float(x.min()), float(x.max()), float(y.min()), float(y.max())
    (from_x, from_y, _), (to_x, to_y, _) = (mesh[point].tolist() for point in EYES_OUTER)
    across = math.hypot(to_x - from_x, to_y - from_y)
    step = MARGIN * max(right - left, bottom - top) / SIDE / max(across, 1e-6)
    cosine, sine = step * (to_x - from_x), step * (to_y - from_y)
    middle_x, middle_y, half = (left + right) / 2, (top + bottom) / 2, SIDE / 2
    return np.array(
        [
            [cosine, -sine, middle_x - half * (cosine - sine)],
            [sine, cosine, middle_y - half * (sine + cosine)],
        ]
    )


def _distinct(meshes: list[Landmarks]) -> list[Landmarks]:
    """The meshes without those that lie over an earlier one."""
    kept: list[Landmarks] = []
    for mesh in meshes:
        if all(_shared(mesh, other) < SAME_FACE for other in kept):
            kept.append(mesh)
    return kept


def _shared(a: Landmarks, b: Landmarks) -> float:
    """Intersection over union of the upright rectangles around two meshes."""
    low = np.maximum(a[:, :2].min(axis=0), b[:, :2].min(axis=0))
    high = np.minimum(a[:, :2].max(axis=0), b[:, :2].max(axis=0))
    common = float(np.prod(np.maximum(high - low, 0)))
    areas = sum(float(np.prod(np.ptp(mesh[:, :2], axis=0))) for mesh in (a, b))
    return common / max(areas - common, 1e-9)


def _open_model() -> Any:
    """An inference request that takes (1, 192, 192, 3) uint8 BGR."""
    openvino = import_openvino()
    package = find_spec("mediapipe")
    if package is None or package.origin is None:
        raise ImportError("MediaPipe is not installed")
    path = Path(package.origin).parent / MODEL
    try:
        core = openvino_core()
        steps = openvino.preprocess.PrePostProcessor(core.read_model(path))
        steps.input().tensor().set_element_type(openvino.Type.u8)
        steps.input().tensor().set_layout(openvino.Layout("NHWC"))
        steps.input().tensor().set_color_format(openvino.preprocess.ColorFormat.BGR)
        colours = steps.input().preprocess().convert_element_type(openvino.Type.f32)
        colours.convert_color(openvino.preprocess.ColorFormat.RGB).scale(255.0)
        return core.compile_model(steps.build(), "CPU", PROPERTIES).create_infer_request()
    except RuntimeError as error:
        line = str(error).splitlines()[0]
        raise ConfigError(f"OpenVINO cannot load {path} ({line}); set face.model = 'mediapipe'") from error
