"""Known movements on real people as the live chain would see them: three chips, flow, maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.face.alignment import chip_transform, cut_chip, eyes_pose
from realtime.flow import window_flow
from realtime.maps import direction_map, flow_map
from realtime.movement.model import Action, Side, amplitude_px, dense_displacement, warp
from realtime.types import CHIP_SIZE, MAP_SIZE, Affine
from train.synth.people import Person

Chips = NDArray[np.uint8]  # (3, 128, 128): onset, apex, offset
PROBE_IOD = 0.05  # amplitude at which a movement's field is built before it is scaled


@dataclass(frozen=True, slots=True)
class Crop:
    """A chip cut beside the fitted geometry, in rows and columns of the 28x28 map."""

    rows: float = 0.0
    columns: float = 0.0
    scale: float = 1.0

    def apply(self, to_chip: Affine) -> Affine:
        """The transform of the misplaced chip: scaled about its middle, then shifted."""
        middle = (CHIP_SIZE - 1) / 2
        shift = np.array([self.columns, self.rows]) * CHIP_SIZE / MAP_SIZE
        moved = to_chip * self.scale
        moved[:, 2] += middle * (1.0 - self.scale) + shift
        return moved


@dataclass(frozen=True, slots=True)
class Known:
    """A movement whose class is known."""

    units: tuple[int, ...]
    label: int  # 0 negative, 1 positive, 2 surprise
    amplitude_px: float = 1.0  # largest displacement at chip scale
    side: Side = Side.BOTH


def render(
    person: Person, known: Known, noise: float, rng: np.random.Generator, crop: Crop = Crop()
) -> Chips:
    """Rest, apex and rest again; `noise` is the sensor's standard deviation in gray levels."""
    shape = person.bgr.shape[0], person.bgr.shape[1]
    actions = [Action(unit, PROBE_IOD, known.side) for unit in known.units]
    field = dense_displacement(person.landmarks_px, actions, shape)
    field *= known.amplitude_px / amplitude_px(field, person.landmarks_px)
    moved = warp(person.bgr, field)
    to_chip = crop.apply(chip_transform(eyes_pose(person.landmarks_px)))
    return np.stack([cut_chip(_seen(bgr, noise, rng), to_chip) for bgr in (person.bgr, moved, person.bgr)])


def maps_of_chips(chips: Chips) -> NDArray[np.uint8]:
    """(4, 28, 28, 3) published layout, through the live flow."""
    flows = np.stack([flow_map(phase) for phase in window_flow(chips[0], chips[1], chips[2])])
    return np.concatenate([flows, direction_map(flows)])


def _seen(bgr: NDArray[np.uint8], noise: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """What a sensor makes of the picture: independent noise per pixel and colour, rounded."""
    noisy = bgr + noise * rng.standard_normal(bgr.shape, dtype=np.float32)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
