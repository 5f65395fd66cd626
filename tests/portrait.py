"""A real face for tests: the public-domain portrait, its face mesh, and chips moved by known amounts."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.data import astronaut

from realtime.face.alignment import chip_transform, cut_chip, eyes_pose
from realtime.face.finder import FaceConfig, FaceFinder, Landmarks
from realtime.types import FaceChip, Flag, Frame, freeze

SIZE = (640, 480)


@cache
def portrait() -> NDArray[np.uint8]:
    """(480, 640, 3) BGR, the face about 200 px wide."""
    face = cv2.cvtColor(astronaut()[30:230, 90:357], cv2.COLOR_RGB2BGR)
    return freeze(cv2.resize(face, SIZE, interpolation=cv2.INTER_CUBIC))


@cache
def mesh() -> Landmarks:
    """(468, 3) face mesh of the portrait."""
    finder = FaceFinder(FaceConfig())
    try:
        return freeze(finder.landmarks(frame_of(portrait()))[0])
    finally:
        finder.close()


def frame_of(bgr: NDArray[np.uint8], index: int = 0, fps: float = 30.0, source: str = "test") -> Frame:
    t_ns = round(index / fps * 1e9)
    return Frame(source, index, t_ns, t_ns, freeze(np.ascontiguousarray(bgr)))


def chip_of(
    bgr: NDArray[np.uint8],
    index: int = 0,
    fps: float = 30.0,
    *,
    face: int = 0,
    flags: frozenset[Flag] = frozenset(),
) -> FaceChip:
    """The portrait's chip with its landmarks where they were: only what moved in `bgr` moves in it."""
    landmarks_px = freeze(mesh()[:, :2].copy())
    pose = eyes_pose(landmarks_px)
    to_chip = chip_transform(pose)
    frame = frame_of(bgr, index, fps)
    return FaceChip(
        "test", index, frame.t_ns, face, freeze(cut_chip(bgr, to_chip)), to_chip, landmarks_px,
        float(np.exp(pose[2])), 1.0, flags,
    )  # fmt: skip


def bump(point: int, shift_chip_px: tuple[float, float], reach_iod: float = 0.22) -> NDArray[np.float32]:
    """(480, 640, 2) displacement in frame pixels: a smooth bump around one mesh point."""
    pose = eyes_pose(mesh()[:, :2])
    iod = float(np.exp(pose[2]))
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    away = np.hypot(x - mesh()[point, 0], y - mesh()[point, 1]) / (reach_iod * iod)
    to_chip = chip_transform(pose)
    shift = np.linalg.solve(to_chip[:, :2], np.array(shift_chip_px))
    return (np.exp(-0.5 * away**2)[..., None] * shift).astype(np.float32)


def moved(
    bgr: NDArray[np.uint8], displacement: NDArray[np.float32], noise: float = 0.0, seed: int = 0
) -> NDArray[np.uint8]:
    """The picture moved by `displacement` (backward sampling, exact enough for bumps of 1 to 2 px)."""
    y, x = np.mgrid[: bgr.shape[0], : bgr.shape[1]].astype(np.float32)
    out = cv2.remap(
        bgr,
        x - displacement[..., 0],
        y - displacement[..., 1],
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if noise:
        grain = np.random.default_rng(seed).normal(0, noise, out.shape)
        out = np.clip(out + grain, 0, 255).astype(np.uint8)
    return out
