"""Residual head motion: fitted robustly where the skull carries the skin, and taken out everywhere.

The crop follows the head with a small slack, so two chips of one window differ by a small similarity,
and by a little more where the head turns. What is left after it is movement of the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from realtime.errors import FlowInputError
from realtime.flow.rigid_kernels import fit_motion
from realtime.spotting.regions import stable_weights
from realtime.types import CHIP_SIZE, freeze

Model = Literal["similarity", "affine"]
MODELS: tuple[Model, ...] = ("similarity", "affine")

GRID_STEP = 4  # one vector in 16 is fitted: flow is smooth over several pixels
ROUNDS = 12
LEAST_SPREAD_PX = 0.01  # residuals under this count fully: float noise must not decide


def _stable_plane() -> NDArray[np.float32]:
    rows_columns = np.moveaxis(np.mgrid[:CHIP_SIZE, :CHIP_SIZE], 0, -1).reshape(-1, 2)
    return stable_weights(rows_columns).reshape(CHIP_SIZE, CHIP_SIZE)


STABLE_WEIGHTS = freeze(_stable_plane())  # (128, 128) float32, 0 to 1: the regions the spotter trusts


@dataclass(frozen=True, slots=True, eq=False)
class RigidMotion:
    """Head motion left between two chips: u = matrix @ (x - centre, y - centre, 1), chip pixels."""

    matrix: NDArray[np.float64]  # (2, 3)
    spread_px: float  # scale of what the stable regions still move, robust
    largest_px: float  # largest displacement it makes at the chip's corners

    def at(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.float32]:
        """(..., 2) float32 displacement at chip pixels x, y."""
        centred = np.stack([x - _CENTRE, y - _CENTRE, np.ones_like(x)], axis=-1)
        return (centred @ self.matrix.T).astype(np.float32)


_CENTRE = (CHIP_SIZE - 1) / 2


def remove_rigid(
    flow_hw2: NDArray[np.float32],
    stable_mask: NDArray[np.bool_] | NDArray[np.floating] = STABLE_WEIGHTS,
    *,
    model: Model = "affine",
) -> tuple[NDArray[np.float32], RigidMotion]:
    """The flow without the head motion, and that motion.

    Args: flow_hw2 (128, 128, 2) float32 pixels, x right and y down; stable_mask (128, 128): the places
    whose motion is the head's, bool or weights from 0; model: similarity (4 parameters) or affine (6).
    Returns: (128, 128, 2) float32, and the RigidMotion subtracted.
    Raises: FlowInputError: other shapes, values that are not finite, or fewer than 8 trusted places.
    """
    if np.shape(flow_hw2) != (CHIP_SIZE, CHIP_SIZE, 2) or np.shape(stable_mask) != (CHIP_SIZE, CHIP_SIZE):
        shapes = f"flow {np.shape(flow_hw2)} and stable mask {np.shape(stable_mask)}"
        raise FlowInputError(f"{shapes}: rigid motion is fitted on chips of {CHIP_SIZE} pixels")
    if model not in MODELS:
        raise FlowInputError(f"there is no rigid model {model!r}; known: {', '.join(MODELS)}")
    half = GRID_STEP // 2
    trust = np.asarray(stable_mask)[half::GRID_STEP, half::GRID_STEP].astype(np.float32).ravel()
    chosen = np.flatnonzero(trust > 0)
    if len(chosen) < 8:
        raise FlowInputError("the stable mask leaves fewer than 8 places to fit the head motion from")
    moves = np.asarray(flow_hw2, np.float32)[half::GRID_STEP, half::GRID_STEP].reshape(-1, 2)
    if not (np.isfinite(moves).all() and np.isfinite(trust).all()):
        raise FlowInputError("flow or stable mask holds NaN or infinity; no rigid motion can be fitted")
    matrix = np.zeros((2, 3))
    spread = fit_motion(
        _points()[chosen], moves[chosen], trust[chosen], model == "affine", ROUNDS, LEAST_SPREAD_PX, matrix
    )
    motion = RigidMotion(matrix, float(spread), _largest(matrix))
    return flow_hw2 - _dense(matrix), motion


@cache
def _points() -> NDArray[np.float32]:
    along = np.arange(GRID_STEP // 2, CHIP_SIZE, GRID_STEP, dtype=np.float32) - np.float32(_CENTRE)
    x, y = np.meshgrid(along, along)
    return freeze(np.stack([x.ravel(), y.ravel()], axis=1))


def _dense(matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """(128, 128, 2) displacement of the motion; an outer sum, as x and y enter linearly."""
    along = np.arange(CHIP_SIZE, dtype=np.float32) - np.float32(_CENTRE)
    rows = np.outer(along, matrix[:, 1]).astype(np.float32)
    columns = (np.outer(along, matrix[:, 0]) + matrix[:, 2]).astype(np.float32)
    return rows[:, None] + columns[None]


def _largest(matrix: NDArray[np.float64]) -> float:
    corners = np.array(
        [[-_CENTRE, -_CENTRE, 1], [-_CENTRE, _CENTRE, 1], [_CENTRE, -_CENTRE, 1], [_CENTRE] * 2 + [1]]
    )
    return float(np.linalg.norm(corners @ matrix.T, axis=1).max())


def warm_up() -> None:
    """Compile or load the kernel, so that nothing compiles once frames come."""
    for model in MODELS:
        remove_rigid(np.zeros((CHIP_SIZE, CHIP_SIZE, 2), np.float32), model=model)
