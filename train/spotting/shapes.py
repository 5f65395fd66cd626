"""The action units' fields on the spotter's tiles, and how tiles, regions and units hang together.

The mean over the training stills serves every face: chips have the eyes in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.movement.model import Action, Side
from realtime.spotting.parallax import TILES, UNITS, matcher
from realtime.spotting.regions import REGIONS, region_weights, tile_centres
from realtime.types import FaceChip
from train.spotting.lively import chip_field

F32 = NDArray[np.float32]
LEAST = 0.08  # share of the largest singular value under which a direction is not followed back


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """What training knows of tiles."""

    templates: F32  # (units, 2 sides, tiles, 2); the largest displacement of each is 1
    seen: F32  # (regions' x, y and units' both sides; tiles' x, y): how a row sees tiles of equal texture

    @property
    def back(self) -> F32:
        """(2 * tiles, rows of `seen`) a smooth movement of tiles that is seen like this."""
        return np.linalg.pinv(self.seen, LEAST).astype(np.float32)

    @property
    def units_of_regions(self) -> F32:
        """(units, regions' x, y) what units a smooth movement of the regions looks like."""
        regions = 2 * len(REGIONS)
        return np.asarray(self.seen[regions:] @ np.linalg.pinv(self.seen[:regions], LEAST), np.float32)


def shapes_of(chips: Sequence[FaceChip]) -> Shapes:
    """From one chip of each of some people."""
    templates = np.mean([_templates(chip) for chip in chips], axis=0)
    templates /= np.linalg.norm(templates, axis=3).max(axis=2)[..., None, None]
    weights = np.mean([region_weights(chip, tile_centres()) for chip in chips], axis=0)
    weights /= weights.sum(axis=1, keepdims=True)
    regions = np.zeros((len(REGIONS), 2, TILES, 2), np.float32)
    regions[:, 0, :, 0] = regions[:, 1, :, 1] = weights
    units = matcher(templates.astype(np.float32), np.ones(TILES, np.float32))
    seen = np.concatenate([regions.reshape(2 * len(REGIONS), -1), units])
    return Shapes(templates.astype(np.float32), seen)


def _templates(chip: FaceChip) -> F32:
    centres = tile_centres()
    at = centres[:, 0], centres[:, 1]
    sides = (Side.LEFT, Side.RIGHT)
    return np.array([[chip_field(chip, [Action(unit, 0.02, side)])[at] for side in sides] for unit in UNITS])
