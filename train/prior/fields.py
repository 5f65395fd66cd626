"""How each action unit moves the skin, seen in a face chip: the basis of every made-up movement."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.face.alignment import CHIP_SIZE, chip_transform, eyes_pose
from realtime.movement.model import Action, Side, dense_displacement
from train.prior.units import UNITS

SIZE = 56  # pixels of a made-up flow, twice those of a map
PICTURE = 240  # side of the upright picture a field is drawn in, pixels
IOD_PX = 64.0

F32 = NDArray[np.float32]


def unit_fields(mesh_iod: F32) -> F32:
    """(units, 2, 56, 56, 2): each of UNITS on the person's right and left, largest displacement 1.

    `mesh_iod` is (468, 2) in face coordinates. Components are x right, y down, in chip pixels, whose
    rows and columns are not equally long.
    """
    landmarks_px = (mesh_iod * IOD_PX + PICTURE / 2).astype(np.float32)
    to_chip = np.asarray(chip_transform(eyes_pose(landmarks_px)), np.float64)
    at = _chip_grid(to_chip)
    planes = [
        _seen(dense_displacement(landmarks_px, (Action(unit, 1.0, side),), (PICTURE, PICTURE)), at, to_chip)
        for unit in UNITS
        for side in (Side.RIGHT, Side.LEFT)
    ]
    return np.stack(planes).reshape(len(UNITS), 2, SIZE, SIZE, 2)


def _chip_grid(to_chip: NDArray[np.float64]) -> F32:
    """(56, 56, 2) picture coordinates of the chip's pixels."""
    steps = (np.arange(SIZE) + 0.5) * CHIP_SIZE / SIZE - 0.5
    grid = np.stack(np.meshgrid(steps, steps), axis=-1)
    back = cv2.invertAffineTransform(to_chip)
    return (grid @ back[:, :2].T + back[:, 2]).astype(np.float32)


def _seen(field: F32, at: F32, to_chip: NDArray[np.float64]) -> F32:
    sampled = cv2.remap(field, at, np.empty(0, np.float32), cv2.INTER_LINEAR)
    turned = sampled @ to_chip[:, :2].T.astype(np.float32)
    largest = float(np.linalg.norm(turned, axis=-1).max())
    return (turned / max(largest, 1e-6)).astype(np.float32)
