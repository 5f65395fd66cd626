"""Eyes that look elsewhere: the iris jumps within lids that stay, as a nuisance beside known movements.

A look is held for half a second to some seconds; the jump between two (a saccade of a few degrees) takes
some 40 ms (Leigh and Zee, The Neurology of Eye Movements, chapter 4: 20 to 60 ms up to 10 degrees).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.movement.geometry import LID_LOWER, LID_UPPER
from realtime.movement.model import iod_px

Plane = NDArray[np.float32]

HELD_S = (0.5, 2.5)
SACCADE_S = 0.04
UP_SHARE = 0.4  # eyes go less far up and down than sideways
CORNER_IOD = 0.06  # over which the eyeball's movement fades at the corners of the eye
LID_SHARE = 0.25  # of the opening, over which it fades under the lids


class Gaze:
    """Where both eyes look over time."""

    def __init__(self, rng: np.random.Generator, reach_iod: float, seconds: float) -> None:
        starts = np.cumsum(rng.uniform(*HELD_S, int(seconds / HELD_S[0]) + 2))
        looks = rng.uniform(-1, 1, (len(starts) + 1, 2)) * (reach_iod, UP_SHARE * reach_iod)
        self._knots_s = np.stack([starts, starts + SACCADE_S], axis=1).ravel()
        self._looks = np.repeat(looks, 2, axis=0)[1:-1]

    def at(self, t_s: float) -> NDArray[np.float32]:
        """(2,) how far the irises stand from where the picture has them, IOD, x right, y down."""
        x, y = (np.interp(t_s, self._knots_s, self._looks[:, axis]) for axis in (0, 1))
        return np.array([x, y], np.float32)


def eyeballs(landmarks_px: NDArray[np.float32], shape: tuple[int, int]) -> Plane:
    """(height, width) 1 where a pixel goes along with an eyeball, 0 on lids and skin; for upright faces."""
    share = np.zeros(shape, np.float32)
    per_iod = iod_px(landmarks_px)
    for upper_points, lower_points in ((LID_UPPER.right, LID_LOWER.right), (LID_UPPER.left, LID_LOWER.left)):
        upper, lower = (_sorted(landmarks_px[list(points)]) for points in (upper_points, lower_points))
        columns = np.arange(int(upper[0, 0]), int(upper[-1, 0]) + 1)
        rows = np.arange(int(upper[:, 1].min()), int(lower[:, 1].max()) + 2)[:, None]
        top, bottom = (np.interp(columns, line[:, 0], line[:, 1]) for line in (upper, lower))
        beneath = np.minimum(rows - top, bottom - rows) / np.maximum(LID_SHARE * (bottom - top), 1e-3)
        inward = np.minimum(columns - upper[0, 0], upper[-1, 0] - columns) / (CORNER_IOD * per_iod)
        share[rows[0, 0] : rows[-1, 0] + 1, columns[0] : columns[-1] + 1] = np.clip(beneath, 0, 1) * np.clip(
            inward, 0, 1
        )
    return share


def _sorted(line: NDArray[np.float32]) -> NDArray[np.float32]:
    return line[np.argsort(line[:, 0])]
