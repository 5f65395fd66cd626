"""The face regions the spotter watches, and the tiles that tell of each.

Names are from the subject's side, as action units are coded: `brow_inner_left` is the subject's left
brow. Positions come from the face mesh, so they fit every face and every crop.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.face.alignment import COLUMNS_PER_IOD, EYE_ROW, MIDLINE_COLUMN, ROWS_PER_IOD
from realtime.types import CHIP_SIZE, FaceChip

# region -> face mesh points whose mean is its centre
REGION_LANDMARKS: dict[str, tuple[int, ...]] = {
    "brow_inner_right": (55, 65, 107, 66),
    "brow_inner_left": (285, 295, 336, 296),
    "brow_outer_right": (46, 53, 70, 63),
    "brow_outer_left": (276, 283, 300, 293),
    "lid_right": (159, 158, 160),
    "lid_left": (386, 385, 387),
    "cheek_right": (50, 101, 118),
    "cheek_left": (280, 330, 347),
    "nose_side_right": (129, 49, 203),
    "nose_side_left": (358, 279, 423),
    "mouth_corner_right": (61, 57, 186),
    "mouth_corner_left": (291, 287, 410),
    "upper_lip": (0, 37, 267),
    "lower_lip": (17, 84, 314),
    "chin": (199, 200, 175),
}
REGIONS = tuple(REGION_LANDMARKS)
LIDS = np.array([name.startswith("lid") for name in REGIONS])
AROUND_EYES = np.array([name.startswith(("brow", "cheek")) for name in REGIONS])  # a closing lid drags them

TILE_HALF = 6  # a tile is 13 x 13 px, about a fifth of the distance between the eyes
TILE_STEP = 7
REACH_PX = 6.0  # standard deviation of the weight of a tile around a region's centre


def tile_centres() -> NDArray[np.int64]:
    """(n, 2) centres (row, column) of a grid of tiles over the whole chip."""
    along = np.arange(TILE_HALF + 3, CHIP_SIZE - TILE_HALF - 2, TILE_STEP)
    return np.stack(np.meshgrid(along, along, indexing="ij"), axis=-1).reshape(-1, 2)


def stable_weights(centres: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n,) how rigidly the skull carries the skin under each tile, 0 to 1.

    Forehead, nose bridge and tip, temples and the outer cheeks, as smooth bumps in IOD units; brows,
    lids and mouth get next to nothing, so that a movement there is not taken for head motion.
    """
    x = (centres[:, 1] - MIDLINE_COLUMN) / COLUMNS_PER_IOD
    y = (centres[:, 0] - EYE_ROW) / ROWS_PER_IOD
    bumps = (  # centre x (both sides), centre y, width, height, weight
        (0.0, -0.75, 0.35, 0.12, 0.6),  # forehead under the hairline
        (0.0, 0.15, 0.12, 0.25, 1.0),  # nose bridge
        (0.0, 0.60, 0.14, 0.12, 0.6),  # nose tip
        (0.74, 0.05, 0.10, 0.20, 1.0),  # temples beside the eyes
        (0.62, 0.50, 0.14, 0.20, 0.6),  # outer cheeks
    )
    total = np.zeros(len(centres))
    for bump_x, bump_y, width, height, weight in bumps:
        away = ((np.abs(x) - bump_x) / width) ** 2 + ((y - bump_y) / height) ** 2
        total = np.maximum(total, weight * np.exp(-0.5 * away))
    return np.where(total > 0.1, total, 0.0).astype(np.float32)


def region_weights(chip: FaceChip, centres: NDArray[np.int64]) -> NDArray[np.float32]:
    """(regions, n) weight of every tile in every region of one chip."""
    on_chip = chip.landmarks_px @ chip.to_chip[:, :2].T + chip.to_chip[:, 2]
    middles = np.array([on_chip[list(points)].mean(axis=0) for points in REGION_LANDMARKS.values()])
    away = np.linalg.norm(middles[:, None, ::-1] - centres[None], axis=2)
    return np.exp(-0.5 * (away / REACH_PX) ** 2).astype(np.float32)
