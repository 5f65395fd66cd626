"""How a face moves by itself, drawn from tracks: bent, at another pace, two faces at once.

Few people move in the training clips, and a network learns by heart what it sees again and again. What is
drawn here was moved by real faces but never looks the same twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.spotting.bend import Bend, mirrored
from train.spotting.items import Item
from train.spotting.shapes import Shapes

F32 = NDArray[np.float32]
Moved = tuple[F32, F32]  # rows (steps, ROW_SIZE) and flags (steps, 3)

CALM = 0.5  # movement made smaller than this is only half of what its flags say
KNOT_STEPS = 40  # from one pace to the next


@dataclass(frozen=True, slots=True)
class RestlessConfig:
    real_share: float = 0.9  # of the moving faces; the others are lively stills
    scale: tuple[float, float] = (-1.0, 0.6)  # logarithm of how much more it moves than it did
    pace: float = 0.4  # logarithm, either way, of the whole ..
    warp: float = 0.3  # .. and its standard deviation from one moment to another
    joined: float = 0.4  # share in which a second face's movement comes on top ..
    second: tuple[float, float] = (0.2, 1.0)  # .. and how much of it


class Restlessness:
    """Draws what one moment of some moving face might have been."""

    def __init__(
        self, real: Sequence[Item], made: Sequence[Item], shapes: Shapes, config: RestlessConfig
    ) -> None:
        """`real` are clips, `made` lively stills."""
        self._real, self._made = real, made
        self._bend = Bend(shapes)
        self._config = config

    def drawn(self, rng: np.random.Generator, length: int) -> Moved:
        rows, flags = self._one(rng, length)
        if rng.random() < self._config.joined:
            also, named = self._one(rng, length)
            much = np.float32(rng.uniform(*self._config.second))
            rows, flags = rows + much * also, np.maximum(flags, named * _said(much))
        return rows, flags

    def _one(self, rng: np.random.Generator, length: int) -> Moved:
        config = self._config
        items = self._real if rng.random() < config.real_share else self._made
        pace = float(np.exp(rng.uniform(-config.pace, config.pace)))
        rows, flags = a_part(items, rng, round(length * pace))
        when = times(length, len(rows), rng, config.warp)
        rows, flags = at_times(rows, when), at_times(flags, when)
        scale = np.float32(np.exp(rng.uniform(*config.scale)))
        rows, flags = scale * self._bend.drawn(rows, rng), flags * _said(scale)
        if rng.random() < 0.5:
            rows = mirrored(rows)
        return there_or_back(rows, flags, rng)


def a_part(items: Sequence[Item], rng: np.random.Generator, length: int) -> Moved:
    """`length` steps of one of them, with nothing put in."""
    item = items[int(rng.integers(len(items)))]
    at = int(rng.integers(max(len(item.base) - length, 0) + 1))
    return cut(item.base, at, length), cut(item.flags, at, length)


def there_or_back(rows: F32, flags: F32, rng: np.random.Generator) -> Moved:
    return (rows[::-1].copy(), flags[::-1].copy()) if rng.random() < 0.5 else (rows, flags)


def times(length: int, steps: int, rng: np.random.Generator, warp: float) -> NDArray[np.float64]:
    """(length,) rising from 0 to steps - 1, faster and slower."""
    knots = max(3, length // KNOT_STEPS)
    pace = np.exp(rng.normal(0, warp, knots))
    when = np.cumsum(np.interp(np.linspace(0, knots - 1, length), np.arange(knots), pace))
    return np.asarray((when - when[0]) / (when[-1] - when[0]) * (steps - 1))


def at_times(x: F32, when: NDArray[np.float64]) -> F32:
    """The same at other times, given in steps."""
    low = np.minimum(when.astype(int), len(x) - 2)
    share = (when - low).astype(np.float32)[:, None]
    return np.asarray(x[low] + share * (x[low + 1] - x[low]), np.float32)


def cut(x: F32, at: int, length: int) -> F32:
    """`length` steps from `at`; what is missing at the end is the last step again."""
    part = x[at : at + length]
    missing = length - len(part)
    return np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]) if missing > 0 else part


def _said(scale: np.float32) -> np.float32:
    return np.float32(1.0 if scale > CALM else 0.5)
