"""A still that talks, blinks and turns its head, in its chips: restlessness of people who have no clip.

Rough, but it goes through the live motion like a real face: the skin really moves, tiles lose their texture,
the mesh goes along. A turn is the parallax of a head-shaped surface (an ellipsoid with a nose).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.face.alignment import COLUMNS_PER_IOD, EYE_ROW, MIDLINE_COLUMN, ROWS_PER_IOD
from realtime.movement.geometry import eye_opening
from realtime.movement.model import Action, Field, dense_displacement, inverse, pixel_grid
from realtime.types import CHIP_SIZE, FaceChip, freeze

TALL = round(CHIP_SIZE * COLUMNS_PER_IOD / ROWS_PER_IOD)  # rows of a chip before its squeeze
UNSQUEEZE = np.array([1.0, COLUMNS_PER_IOD / ROWS_PER_IOD], np.float32)
TALK_UNITS = (25, 17, 12, 20, 23, 24, 10)
TALK_SHARES = (1.0, 0.3, 0.35, 0.35, 0.4, 0.3, 0.3)
SPEECH_FROM, HEAD_FROM = 0.012, 0.12  # IOD of an open mouth; radians per second of a turn

F32 = NDArray[np.float32]


def chip_field(chip: FaceChip, actions: Sequence[Action]) -> Field:
    """(128, 128, 2) displacement at full strength, chip pixels."""
    on_chip = chip.landmarks_px @ chip.to_chip[:, :2].T + chip.to_chip[:, 2]
    tall = dense_displacement((on_chip * UNSQUEEZE).astype(np.float32), actions, (TALL, CHIP_SIZE))
    return np.asarray(cv2.resize(tall, (CHIP_SIZE, CHIP_SIZE)) / UNSQUEEZE, np.float32)


def moved_chip(chip: FaceChip, field: Field, mesh_gain: float) -> FaceChip:
    """The chip after its skin moved; the mesh goes along by `mesh_gain`."""
    at = pixel_grid(*field.shape[:2]) + inverse(field, rounds=6)
    nowhere = np.empty(0, np.float32)
    gray = cv2.remap(chip.gray_u8, at, nowhere, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    if mesh_gain == 0:
        return replace(chip, gray_u8=freeze(np.asarray(gray, np.uint8)))
    on_chip = (chip.landmarks_px @ chip.to_chip[:, :2].T + chip.to_chip[:, 2]).astype(np.float32)
    went = cv2.remap(field, on_chip[None], nowhere, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    back = np.linalg.inv(chip.to_chip[:, :2])
    landmarks = (chip.landmarks_px + mesh_gain * went @ back.T).astype(np.float32)
    return replace(chip, gray_u8=freeze(np.asarray(gray, np.uint8)), landmarks_px=freeze(landmarks))


class Liveliness:
    """What one still does besides what is put into it: a field and the flags of every frame."""

    def __init__(self, chip: FaceChip, t_s: NDArray[np.float64], rng: np.random.Generator) -> None:
        opening = eye_opening(chip.landmarks_px)
        self._fields = np.stack([
            *turns(),
            *(chip_field(chip, [Action(unit, 1.0)]) for unit in TALK_UNITS),
            chip_field(chip, [Action(45, 1.0)]),
        ])  # fmt: skip
        turn = rng.uniform(0, 0.12) * np.stack([_wander(t_s, rng) for _ in range(2)])
        talk = _talk(t_s, rng) * float(np.exp(rng.uniform(np.log(0.01), np.log(0.1))))
        shut = _blinks(t_s, rng) * opening
        self._levels = np.concatenate([turn, talk, shut[None]]).astype(np.float32)
        speed = np.abs(np.gradient(turn, t_s, axis=1)).max(axis=0)
        self.flags = [
            [name for name, on in (("speech", s), ("blink", b), ("head_motion", h)) if on]
            for s, b, h in zip(talk[0] > SPEECH_FROM, shut > 0, speed > HEAD_FROM, strict=True)
        ]

    def field(self, index: int) -> Field:
        return np.asarray(np.tensordot(self._levels[:, index], self._fields, axes=1), np.float32)


def turns() -> tuple[Field, Field]:
    """Displacement per radian of yaw and of pitch, what the crop takes away left out."""
    grid = pixel_grid(CHIP_SIZE, CHIP_SIZE)
    x = (grid[..., 0] - MIDLINE_COLUMN) / COLUMNS_PER_IOD
    y = (grid[..., 1] - EYE_ROW) / ROWS_PER_IOD
    head = np.sqrt(np.clip(1 - (x / 1.25) ** 2 - ((y - 0.4) / 1.9) ** 2, 0.02, 1))
    depth = 1.1 * head + 0.28 * np.exp(-((x / 0.16) ** 2) - ((y - 0.55) / 0.28) ** 2)
    depth -= depth[round(EYE_ROW), round(MIDLINE_COLUMN)] - 0.15
    none = np.zeros_like(depth)
    across = np.stack([COLUMNS_PER_IOD * depth, none], axis=2).astype(np.float32)
    return across, np.stack([none, ROWS_PER_IOD * depth], axis=2).astype(np.float32)


def _wander(t_s: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """From one look to the next, quickly or slowly, -1 .. 1."""
    knots_s, places = [0.0], [float(rng.uniform(-1, 1))]
    while knots_s[-1] < t_s[-1]:
        rest, way = rng.uniform(0.1, 2.0), float(np.exp(rng.uniform(np.log(0.12), np.log(1.2))))
        knots_s += [knots_s[-1] + rest, knots_s[-1] + rest + way]
        back = len(places) > 2 and rng.random() < 0.4
        places += [places[-1], places[-3] if back else float(rng.uniform(-1, 1))]
    return _smooth(np.interp(t_s, knots_s, places), t_s, 0.04)


def _talk(t_s: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """(units, frames) of syllables in some stretches, 0 between them."""
    levels = np.zeros((len(TALK_UNITS), len(t_s)))
    t = float(rng.uniform(0, 2))
    while t < t_s[-1]:
        if rng.random() < 0.25:
            t += rng.uniform(0.3, 2.0)
        lasts = rng.uniform(0.1, 0.4)
        share = np.clip((t_s - t) / lasts, 0, 1)
        drawn = np.abs(rng.normal(0, 1, len(TALK_UNITS))) * TALK_SHARES * (rng.random(len(TALK_UNITS)) < 0.7)
        levels += drawn[:, None] * np.sin(np.pi * share) ** 2
        t += lasts * rng.uniform(0.6, 1.2)
    return levels


def _blinks(t_s: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    shut = np.zeros(len(t_s))
    t = float(rng.uniform(0.5, 3))
    while t < t_s[-1]:
        share = np.clip((t_s - t) / rng.uniform(0.15, 0.35), 0, 1)
        shut += rng.uniform(0.5, 0.95) * np.sin(np.pi * share**0.8) ** 2
        t += rng.uniform(0.8, 4)
    return np.minimum(shut, 0.95)


def _smooth(x: NDArray[np.float64], t_s: NDArray[np.float64], sigma_s: float) -> NDArray[np.float64]:
    steps = max(sigma_s / float(np.median(np.diff(t_s))), 0.3)
    return np.asarray(cv2.GaussianBlur(x[None], (0, 0), steps, borderType=cv2.BORDER_REPLICATE)[0])
