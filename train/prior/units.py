"""Which action units a class shows, how strongly and on which side: chances, not samples.

Chances follow how the coders of the composite set describe its classes. CASME II (Yan et al., PLoS ONE 2014,
"criteria for labelling"): happiness 6 or 12; surprise 1+2, 25 or 2; disgust 9, 10 or 4+7; repression 15 or
17; SAMM (Davison et al., IEEE Trans. Affective Computing 2018) adds 4, 7 and 14, 20, 23, 24 of anger,
contempt and fear. How often each comes was set once by us, before any result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.types import LABELS

UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 24, 25, 45)

CHANCES: dict[str, dict[int, float]] = {
    "negative": {
        **{4: 0.55, 7: 0.25, 9: 0.15, 10: 0.15, 14: 0.2, 15: 0.15, 17: 0.2},
        **{20: 0.06, 23: 0.07, 24: 0.1},
    },
    "positive": {12: 0.85, 6: 0.35, 14: 0.1, 25: 0.1, 10: 0.05},
    "surprise": {1: 0.75, 2: 0.8, 5: 0.3, 25: 0.15},
}
CORE: dict[str, tuple[int, ...]] = {  # one of these is always there
    "negative": (4, 7, 9, 10, 14, 15, 17, 24),
    "positive": (12,),
    "surprise": (1, 2),
}
ONE_SIDED = 0.2  # chance that a unit hardly moves one side
WEAK_SIDE = 0.1  # how much is left there
UNEVEN = 0.3  # sides differ by up to this share otherwise
BLINKS = 0.2  # chance that lids move too, which says nothing of the class

F32 = NDArray[np.float32]


def strengths(labels: NDArray[np.int64], rng: np.random.Generator) -> F32:
    """(n, units, 2) strength of each unit on the person's right and left, 0 where it is absent."""
    n = len(labels)
    both = np.zeros((n, len(UNITS)), np.float32)
    for number, name in enumerate(LABELS):
        rows = np.flatnonzero(labels == number)
        both[rows] = _of_class(name, len(rows), rng)
    sides = both[..., None] * (1 + UNEVEN * rng.uniform(-1, 1, (n, 1, 2)))
    weak = np.eye(2)[rng.integers(0, 2, both.shape)] * (rng.random(both.shape) < ONE_SIDED)[..., None]
    sides *= 1 - (1 - WEAK_SIDE) * weak
    lids = (rng.random(n) < BLINKS) * rng.uniform(-1, 1, n)
    sides[:, UNITS.index(45)] += lids[:, None]
    return sides.astype(np.float32)


def _of_class(name: str, n: int, rng: np.random.Generator) -> F32:
    """(n, units) strengths between .5 and 1.5, at least one core unit in every row."""
    drawn = np.zeros((n, len(UNITS)), np.float32)
    for unit, chance in CHANCES[name].items():
        drawn[:, UNITS.index(unit)] = (rng.random(n) < chance) * rng.uniform(0.5, 1.5, n)
    core = np.array([UNITS.index(unit) for unit in CORE[name]])
    weights = np.array([CHANCES[name][unit] for unit in CORE[name]])
    bare = np.flatnonzero(~drawn[:, core].any(axis=1))
    drawn[bare, rng.choice(core, len(bare), p=weights / weights.sum())] = 1.0
    return drawn
