"""What the learned spotter is given: rows of any frame rate as features on one fixed grid of time.

    row per frame --mean over each 20 ms--> row per grid step --fast and slow--> features

Between frames a row runs straight; the mean over a step neither invents detail of 25 frames per second nor
wastes those of 200. Everything runs forward in time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.spotting.chain import ROW_PARTS, ROW_SIZE

F32 = NDArray[np.float32]

STEP_NS = 20_000_000  # 50 steps a second
STEP_S = STEP_NS / NS_PER_S

POSITIONS = ROW_SIZE - ROW_PARTS["misfit"]
_REGIONS = ROW_PARTS["regions"]
_SKIN = _REGIONS + ROW_PARTS["units"]  # what the skin does, as regions and as action units
_LIP_GAP = POSITIONS - ROW_PARTS["mesh"]  # its place in a row
NOISY = _REGIONS // 2 + ROW_PARTS["units"] + 1  # regions, units, and the lip gap

BASELINE_S = 0.3  # what moved longer ago than this fades from the slow features
NOISE_S = 3.0  # over which the usual restlessness is measured
FIRST_NOISE_PX = 0.1
LARGEST = 200.0

_UNITS = np.concatenate(
    [
        np.full(_SKIN + ROW_PARTS["head"], 0.1),
        np.full(ROW_PARTS["pose"] + ROW_PARTS["mesh"], 0.3),
    ]
).astype(np.float32)
MOVING = 2 * POSITIONS  # slow and fast movement come first, then ..
LARGE = MOVING + _SKIN  # .. the skin's against what is usual; so far any size, what follows is logarithmic
FEATURES = LARGE + NOISY + 1


def gain(memory_s: float) -> np.float32:
    """Weight of a new step in a mean with this time constant."""
    return np.float32(1 - np.exp(-STEP_S / memory_s))


class Grid:
    """Rows at the times of frames in, mean rows of whole grid steps out."""

    def __init__(self) -> None:
        self._last: tuple[int, F32] | None = None
        self._end_ns = 0  # of the step that is being filled
        self._sum: F32 = np.zeros(ROW_SIZE, np.float32)

    def add(self, t_ns: int, row: F32) -> Iterator[tuple[int, F32]]:
        """(end of the step, its mean row) of every step that this frame completes."""
        if self._last is None:
            self._last, self._end_ns = (t_ns, row), t_ns + STEP_NS
            return
        since_ns, before = self._last
        slope = (row - before) / np.float32(max(t_ns - since_ns, 1))
        at_ns = since_ns
        while at_ns < t_ns:
            to_ns = min(self._end_ns, t_ns)
            middle = before + slope * np.float32((at_ns + to_ns) / 2 - since_ns)
            self._sum = self._sum + middle * np.float32((to_ns - at_ns) / STEP_NS)
            at_ns = to_ns
            if at_ns == self._end_ns:
                yield self._end_ns, self._sum
                self._sum = np.zeros(ROW_SIZE, np.float32)
                self._end_ns += STEP_NS
        self._last = (t_ns, row)


class Evidence:
    """Grid rows in, features out; the state goes on from step to step."""

    def __init__(self) -> None:
        self._before: F32 | None = None
        self._baseline: F32 = np.zeros(POSITIONS, np.float32)
        self._power: F32 = np.full(NOISY, FIRST_NOISE_PX**2, np.float32)

    def step(self, row: F32) -> F32:
        """(FEATURES,) of the next grid step."""
        positions = row[:POSITIONS]
        if self._before is None:
            self._before = self._baseline = positions
        self._baseline = self._baseline + gain(BASELINE_S) * (positions - self._baseline)
        slow, fast = positions - self._baseline, positions - self._before
        self._before = positions
        features = scaled(slow, fast, self._power, row[POSITIONS:])
        self._power = self._power + gain(NOISE_S) * (powers(slow) - self._power)
        return features


def powers(slow: F32) -> F32:
    """(..., NOISY) squared size of the slow movement of each region and unit, and of the lip gap."""
    squared = np.square(slow)
    regions = squared[..., 0:_REGIONS:2] + squared[..., 1:_REGIONS:2]
    return np.concatenate(
        [regions, squared[..., _REGIONS:_SKIN], squared[..., _LIP_GAP : _LIP_GAP + 1]], axis=-1
    )


def scaled(slow: F32, fast: F32, power: F32, misfit: F32) -> F32:
    """(..., FEATURES): movements in small units and in what is usual, then what is usual, and the misfit."""
    usual = np.sqrt(power + np.float32(1e-3))
    own = np.concatenate(
        [np.repeat(usual[..., : _REGIONS // 2], 2, axis=-1), usual[..., _REGIONS // 2 : -1]], axis=-1
    )
    large = np.concatenate([slow / _UNITS, 3 * fast / _UNITS, slow[..., :_SKIN] / own], axis=-1)
    parts = [np.clip(large, -LARGEST, LARGEST), np.log(usual / np.float32(FIRST_NOISE_PX)), np.log1p(misfit)]
    return np.concatenate(parts, axis=-1).astype(np.float32)
