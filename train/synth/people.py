"""Real people on stills, found once, at the size a webcam would show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.face.finder import FaceFinder
from realtime.movement.model import iod_px
from realtime.types import Frame
from train.errors import DatasetError

WEBCAM_IOD_PX = 90.0  # a face half a metre from a 640x480 camera
WEBCAM_SHAPE = 480, 640  # height, width


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One resting (or smiling) face."""

    name: str
    bgr: NDArray[np.uint8]  # (480, 640, 3), the face in the middle
    landmarks_px: NDArray[np.float32]  # (468, 2) face mesh


def read_people(stills: Iterable[Path], size_px: float = WEBCAM_IOD_PX) -> tuple[Person, ...]:
    """One person per still that shows a face, as a webcam shows it: 640x480, `size_px` between the eyes.

    Raises: DatasetError if a still cannot be read or none shows a face.
    """
    paths = list(stills)
    people = [person for path in paths if (person := _person(path, size_px)) is not None]
    if not people:
        raise DatasetError(f"none of {len(paths)} stills shows a face; give the folder faces/stills")
    return tuple(people)


def _person(path: Path, size_px: float) -> Person | None:
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise DatasetError(f"{path} is no picture; fetch the stills again")
    finder = FaceFinder()  # a fresh one each: it would track the last person into this picture
    meshes = finder.landmarks(Frame(path.name, 0, 0, 0, np.asarray(bgr, np.uint8)))
    finder.close()
    if not meshes:
        return None
    landmarks = meshes[0][:, :2]
    scale = size_px / iod_px(landmarks)
    resized = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    framed, shift = _framed(np.asarray(resized, np.uint8), landmarks * scale)
    return Person(path.stem, framed, (landmarks * scale + shift).astype(np.float32))


def _framed(
    bgr: NDArray[np.uint8], landmarks_px: NDArray[np.floating]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Cut or continued to a webcam's frame with the face in the middle, and how far that moved it (x, y)."""
    middle_x, middle_y = (landmarks_px.min(axis=0) + landmarks_px.max(axis=0)) / 2
    height, width = WEBCAM_SHAPE
    left, top = round(float(middle_x) - width / 2), round(float(middle_y) - height / 2)
    right, below = left + width - bgr.shape[1], top + height - bgr.shape[0]
    wider = cv2.copyMakeBorder(
        bgr, max(-top, 0), max(below, 0), max(-left, 0), max(right, 0), cv2.BORDER_REPLICATE
    )
    y, x = max(top, 0), max(left, 0)
    return np.ascontiguousarray(wider[y : y + height, x : x + width]), np.array([-left, -top], np.float64)
