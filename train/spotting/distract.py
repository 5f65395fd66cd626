"""What is no expression, drawn: talking, blinking and head movements as they look in the rows of a track.

Few people move in the training clips, and a network learns them by heart. These are rough (a syllable is a
lip gap that opens with chin and corners in some mixture; a nod is a pose that leaks into every region), but
no two are alike, and what tells them from an expression is right: the mesh or the head goes along.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.spotting.chain import ROW_PARTS, ROW_SIZE
from realtime.spotting.evidence import STEP_S
from realtime.spotting.regions import LIDS, REGIONS

F32 = NDArray[np.float32]

_N = ROW_PARTS["regions"]
_UNITS = slice(_N, _N + ROW_PARTS["units"])
_HEAD = slice(_UNITS.stop, _UNITS.stop + ROW_PARTS["head"])
_POSE = slice(_HEAD.stop, _HEAD.stop + 4)
_M = _POSE.stop
_GAP, _WIDTH, _CHIN, _EYES, _BROWS, _TURN = (
    _M, _M + 1, _M + 2, slice(_M + 3, _M + 5), slice(_M + 5, _M + 7), slice(_M + 7, _M + 9)
)  # fmt: skip
_MOUTH = [i for i, name in enumerate(REGIONS) if "mouth" in name or "lip" in name or name == "chin"]
_LOWER = [REGIONS.index("lower_lip"), REGIONS.index("chin")]
_PLACES = np.array(  # rough x, y of each region about the middle of the face, -1 .. 1
    [
        *[(-0.3, -0.5), (0.3, -0.5), (-0.7, -0.5), (0.7, -0.5), (-0.5, -0.3), (0.5, -0.3)],
        *[(-0.6, 0.1), (0.6, 0.1), (-0.25, 0.2), (0.25, 0.2), (-0.4, 0.6), (0.4, 0.6)],
        *[(0.0, 0.5), (0.0, 0.75), (0.0, 1.0)],
    ]
)


def distract(rows: F32, flags: F32, rng: np.random.Generator, often: float, units_of_regions: F32) -> None:
    """Adds to (steps, ROW_SIZE) and to (steps, 3) flags in place; `often` is how many to expect."""
    for _ in range(rng.poisson(often)):
        kind = int(rng.choice(3, p=(0.4, 0.25, 0.35)))
        at = int(rng.integers(len(rows)))
        drawn = (_talk, _blink, _head)[kind](rng)
        drawn = drawn[: len(rows) - at]
        drawn[:, _UNITS] += drawn[:, :_N] @ units_of_regions.T
        rows[at : at + len(drawn)] += drawn
        if len(drawn):
            rows[at + len(drawn) :] += drawn[-1]
        flags[at : at + len(drawn), kind] = 1


def _profile(rng: np.random.Generator, seconds: float, back: float = 1.0) -> F32:
    """From 0 to 1 and `back` of the way."""
    steps = max(round(seconds / STEP_S), 3)
    apex = max(round(steps * rng.uniform(0.25, 0.6)), 1)
    rise, fall = _eased(apex), 1 - back * _eased(steps - apex)
    return np.concatenate([rise, fall]).astype(np.float32)[:, None]


def _eased(steps: int) -> NDArray[np.float64]:
    share = np.arange(1, steps + 1) / steps
    return share * share * (3 - 2 * share)


def _talk(rng: np.random.Generator) -> F32:
    """Some syllables."""
    syllables = []
    for _ in range(int(rng.integers(1, 9))):
        row = np.zeros(ROW_SIZE, np.float32)
        regions = row[:_N].reshape(-1, 2)
        gap = float(np.exp(rng.uniform(np.log(0.5), np.log(6.0))))  # chip pixels
        regions[_MOUTH] += rng.normal(0, 0.3 * gap, (len(_MOUTH), 2))
        regions[_LOWER, 1] += gap * rng.uniform(0.3, 1.1, 2)
        regions += rng.normal(0, 0.05 * gap, regions.shape)
        row[_GAP] = gap * rng.uniform(0.6, 2.0)
        row[_CHIN] = gap * rng.uniform(0.2, 1.5)
        row[_WIDTH] = gap * rng.normal(0, 0.7)
        seconds = rng.uniform(0.1, 0.4)
        syllables.append(_profile(rng, seconds, 1.0 if rng.random() < 0.7 else 0.0) * row)
        if rng.random() < 0.4:
            syllables.append(np.zeros((int(rng.integers(1, 10)), ROW_SIZE), np.float32))
    out, offset = [], np.zeros(ROW_SIZE, np.float32)
    for part in syllables:
        out.append(part + offset)
        offset = out[-1][-1]
    return np.concatenate(out)


def _blink(rng: np.random.Generator) -> F32:
    row = np.zeros(ROW_SIZE, np.float32)
    regions = row[:_N].reshape(-1, 2)
    shut = rng.uniform(0.4, 1.0)
    regions[LIDS, 1] += shut * rng.uniform(0.8, 3.5, 2)
    around = ~LIDS & (_PLACES[:, 1] < 0.15)
    regions[around, 1] += shut * rng.normal(0.1, 0.35, int(around.sum()))
    regions[around, 0] += shut * rng.normal(0, 0.15, int(around.sum()))
    row[_EYES] = -shut * rng.uniform(4, 10) * rng.uniform(0.8, 1.2, 2)
    row[_BROWS] = -shut * rng.uniform(0, 2, 2)
    return _profile(rng, rng.uniform(0.12, 0.45)) * row


def _head(rng: np.random.Generator) -> F32:
    """A nod, a turn, a shift: back again or not; parallax moves the regions."""
    row = np.zeros(ROW_SIZE, np.float32)
    size = float(np.exp(rng.uniform(np.log(0.3), np.log(3.0))))
    row[_POSE] = size * rng.normal(0, (5, 5, 1.5, 2))
    row[_TURN] = size * rng.normal(0, (4, 3))
    row[_HEAD] = size * rng.normal(0, 0.3, ROW_PARTS["head"])
    leak = rng.normal(0, 0.25, (2, 2)) @ _PLACES.T + rng.normal(0, 0.12, (2, len(REGIONS)))
    row[:_N] = size * 0.6 * leak.T.ravel()
    row[_GAP : _BROWS.stop] += size * rng.normal(0, 0.3, 7)
    return _profile(rng, float(np.exp(rng.uniform(np.log(0.15), np.log(1.5)))), rng.choice((0.0, 1.0))) * row
