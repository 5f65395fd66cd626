"""One face's restlessness as another's: mirrored, or bent by smooth fields of gains and turns over the face.

Regions and units see the same tiles. What bends one must bend the other, or the network would learn that
only what was put in looks right in both; so the fields are laid over the tiles.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.face.alignment import COLUMNS_PER_IOD, EYE_ROW, MIDLINE_COLUMN, ROWS_PER_IOD
from realtime.spotting.chain import ROW_PARTS
from realtime.spotting.regions import REGIONS, tile_centres
from train.spotting.shapes import Shapes

F32 = NDArray[np.float32]

STRENGTH, TURN, WAVES = 0.5, 0.3, 4  # of the logarithm of the gain; radians; how many make each up
_REGIONS = ROW_PARTS["regions"]
_SKIN = _REGIONS + ROW_PARTS["units"]
_SIDES = [
    REGIONS.index(n.replace("left", "@").replace("right", "left").replace("@", "right")) for n in REGIONS
]


class Bend:
    """Draws how another face would move."""

    def __init__(self, shapes: Shapes) -> None:
        self._seen, self._back = shapes.seen, shapes.back
        centres = tile_centres()
        self._places = np.stack(
            [
                (centres[:, 1] - MIDLINE_COLUMN) / COLUMNS_PER_IOD,
                (centres[:, 0] - EYE_ROW) / ROWS_PER_IOD,
            ],
            axis=1,
        )

    def drawn(self, rows: F32, rng: np.random.Generator) -> F32:
        """(steps, ROW_SIZE) -> the same with the skin's movement stronger, weaker and turned by place."""
        gain = np.exp(STRENGTH * self._field(rng))
        angle = TURN * (self._field(rng) + rng.normal())
        along, across = gain * np.cos(angle) - 1, gain * np.sin(angle)
        x, y = self._seen[:, ::2], self._seen[:, 1::2]
        bent = np.stack([x * along + y * across, y * along - x * across], axis=2)
        change = bent.reshape(self._seen.shape) @ self._back
        out = rows.copy()
        out[:, :_SKIN] += rows[:, :_SKIN] @ change.T.astype(np.float32)
        return out

    def _field(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """(tiles,) smooth, of variance 1."""
        waves = rng.normal(0, 2.0, (WAVES, 2)) @ self._places.T + rng.uniform(0, 2 * np.pi, (WAVES, 1))
        return np.asarray(np.sqrt(2 / WAVES) * rng.normal(0, 1, WAVES) @ np.cos(waves))


def mirrored(rows: F32) -> F32:
    """The same face seen in a mirror."""
    out = rows.copy()
    regions = rows[..., :_REGIONS].reshape(*rows.shape[:-1], -1, 2)[..., _SIDES, :]
    out[..., :_REGIONS] = (regions * np.array([-1, 1], np.float32)).reshape(*rows.shape[:-1], -1)
    units = rows[..., _REGIONS:_SKIN].reshape(*rows.shape[:-1], -1, 2)[..., ::-1]
    out[..., _REGIONS:_SKIN] = units.reshape(*rows.shape[:-1], -1)
    head, pose = _SKIN, _SKIN + ROW_PARTS["head"]
    out[..., head:pose] *= np.array([1, -1, -1, -1, 1, 1, -1, 1], np.float32)  # a b x; c d y; yaw, pitch
    mesh = pose + ROW_PARTS["pose"]
    out[..., pose:mesh] *= np.array([-1, 1, 1, -1], np.float32)
    out[..., mesh + 3 : mesh + 7] = rows[..., [mesh + 4, mesh + 3, mesh + 6, mesh + 5]]
    out[..., mesh + 7] *= -1
    return out
