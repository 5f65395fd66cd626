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


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One resting (or smiling) face."""

    name: str
    bgr: NDArray[np.uint8]  # (height, width, 3)
    landmarks_px: NDArray[np.float32]  # (468, 2) face mesh


def read_people(stills: Iterable[Path], size_px: float = WEBCAM_IOD_PX) -> tuple[Person, ...]:
    """One person per still that shows a face, resized to `size_px` between the eyes.

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
    return Person(path.stem, np.asarray(resized, np.uint8), (landmarks * scale).astype(np.float32))
