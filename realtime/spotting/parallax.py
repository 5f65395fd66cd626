"""Head motion with its parallax, and what of the rest looks like an action unit.

An affine map carries a flat face. A real one turns: what lies nearer (the nose) goes farther than what lies
behind (the temples), and the difference looks like an expression everywhere. Two more terms, the depth of a
rough head seen from the side and from above, take most of it away. What is left is also measured against
the displacement fields of the action units (`realtime.movement`): a matched filter tells a weak movement
of known shape from stronger ones of other shapes, which the mean of a region does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.face.alignment import COLUMNS_PER_IOD, EYE_ROW, MIDLINE_COLUMN, ROWS_PER_IOD
from realtime.movement.action_units import ACTION_UNITS
from realtime.spotting.regions import stable_weights, tile_centres
from realtime.types import CHIP_SIZE

F32 = NDArray[np.float32]

BLINK_UNIT = 45
UNITS = tuple(unit for unit in sorted(ACTION_UNITS) if unit != BLINK_UNIT)  # each on the left, then the right
HEAD_TERMS = 8  # a row of the matrix and shift, of x, then of y (as 6 of chip pixels); yaw, pitch

_CENTRES = tile_centres()
TILES = len(_CENTRES)
_RESIDUE_PX = 0.2  # at which a tile loses half of its say about the head
_ROUNDS = 4
_RIDGE = 1e-3
_MATCH_RIDGE = 3.0  # keeps a unit of little texture from shouting


def _place() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tile centres in IOD from the middle of the eyes, right and down."""
    return (
        (_CENTRES[:, 1] - MIDLINE_COLUMN) / COLUMNS_PER_IOD,
        (_CENTRES[:, 0] - EYE_ROW) / ROWS_PER_IOD,
    )


def _say() -> NDArray[np.float64]:
    """How much each tile says of the head: the rigid ones, and the upper face a little."""
    x, y = _place()
    upper = (y < 0.5) & (y > -0.8) & (np.abs(x) < 0.9)
    return np.maximum(stable_weights(_CENTRES).astype(np.float64), 0.15 * upper)


def _design() -> NDArray[np.float64]:
    """(tiles, 2, HEAD_TERMS) displacement of each tile per unit of each term, pixels."""
    x, y = _place()
    head = np.sqrt(np.clip(1 - (x / 1.25) ** 2 - ((y - 0.4) / 1.9) ** 2, 0.02, 1))
    depth = 1.1 * head + 0.28 * np.exp(-((x / 0.16) ** 2) - ((y - 0.55) / 0.28) ** 2)  # and a nose
    half = CHIP_SIZE / 2
    flat = np.stack([(_CENTRES[:, 1] - half) / half, (_CENTRES[:, 0] - half) / half, np.ones(TILES)], axis=1)
    design = np.zeros((TILES, 2, HEAD_TERMS))
    design[:, 0, :3] = design[:, 1, 3:6] = flat
    design[:, 0, 6] = design[:, 1, 7] = depth - depth.mean()
    return design


_SAY = _say()
_TOLD = np.flatnonzero(_SAY)
_DESIGN = _design()
_TOLD_DESIGN = _DESIGN[_TOLD].reshape(-1, HEAD_TERMS)
_ALL_DESIGN = _DESIGN.reshape(-1, HEAD_TERMS)


def without_parallax(tiles_px: F32, trust: F32) -> tuple[F32, NDArray[np.float64]]:
    """What the head leaves of (tiles, 2) movements, and the (HEAD_TERMS,) that were taken away.

    `trust` (tiles,): how well the texture holds each. Tiles that have nothing to say are 0 before and after.
    """
    lost = ~tiles_px.any(axis=1)
    mute = lost[_TOLD]
    moved = tiles_px[_TOLD].astype(np.float64).ravel()
    say = _SAY[_TOLD] * trust[_TOLD] * ~mute
    terms = np.zeros(HEAD_TERMS)
    for _ in range(_ROUNDS):
        left = (moved - _TOLD_DESIGN @ terms).reshape(-1, 2)
        weights = np.repeat(say / (1 + np.square(left / _RESIDUE_PX).sum(axis=1)), 2)
        weighted = _TOLD_DESIGN * weights[:, None]
        terms = np.linalg.solve(_TOLD_DESIGN.T @ weighted + _RIDGE * np.eye(HEAD_TERMS), weighted.T @ moved)
    rest = (tiles_px - (_ALL_DESIGN @ terms).reshape(-1, 2)).astype(np.float32)
    rest[lost] = 0
    return rest, terms


def matcher(templates: F32, trust: F32) -> F32:
    """(2 * units, 2 * tiles): from the tiles' movements to how far each unit goes, pixels at its strongest.

    Args: templates (units, 2 sides, tiles, 2), the largest displacement of each is 1.
    """
    flat = templates.reshape(2 * len(UNITS), -1)
    weighted = flat * np.repeat(trust, 2)
    scale = (flat * weighted).sum(axis=1) + np.float32(_MATCH_RIDGE) * trust.mean()
    return np.ascontiguousarray(weighted / scale[:, None], np.float32)
