"""One movement while it lasts: its pattern at the peak, and how much of it is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.spotting.motion import Movement
from realtime.spotting.regions import LIDS
from realtime.types import FaceChip

LEFT_AT_ENDS = 0.10  # share of the peak at which a movement begins and ends
LEFT_MOST = 0.30  # the same when the peak is hardly above the noise


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One chip and what the spotter made of it."""

    chip: FaceChip
    movement: Movement
    scores: NDArray[np.float32]  # (regions,) multiples of this person's noise
    score: float  # the strongest region that may begin a movement


class Excursion:
    """From the first chip over the threshold to the last before rest."""

    def __init__(self, first: Seen, noise_px: NDArray[np.float32]) -> None:
        self._noise_px = noise_px.copy()
        self._since: list[Seen] = []
        self.start_ns = first.chip.t_ns
        self.apex = first
        self._adopt(first)

    def add(self, seen: Seen) -> None:
        self._since.append(seen)
        if self._size(seen) > self._peak:
            self._adopt(seen)

    def left(self, seen: Seen) -> float:
        """How much of the peak's pattern a chip shows: 1 at the apex, about 0 at rest."""
        return float((self._weighed(seen) * self._pattern).sum()) / self._peak**2

    @property
    def faded(self) -> bool:
        return self.left(self._since[-1]) < self._ends

    def settled(self, span_ns: int, most_range: float, most_left: float) -> Seen | None:
        """Where the face came to rest away from neutral, if it has rested there for `span_ns`."""
        newest = self._since[-1].chip.t_ns
        recent = [seen for seen in self._since if seen.chip.t_ns >= newest - span_ns]
        if len(recent) == len(self._since) or recent[0].chip.t_ns <= self.apex.chip.t_ns:
            return None
        left = [self.left(seen) for seen in recent]
        return recent[0] if max(left) < most_left and max(left) - min(left) < most_range else None

    def onset(self, rows: Sequence[Seen]) -> tuple[int, bool]:
        """(position in `rows` where the movement began, whether its beginning was seen at all)."""
        apex = next(i for i, seen in enumerate(rows) if seen is self.apex)
        for position in range(apex, -1, -1):
            if self.left(rows[position]) < self._ends:
                return position, True
        return 0, False

    def _adopt(self, seen: Seen) -> None:
        self.apex = seen
        self._pattern = self._weighed(seen)
        self._peak = self._size(seen)
        # the projection of pure noise on the pattern has a standard deviation of 1 / peak
        self._ends = min(max(LEFT_AT_ENDS, 3.0 / self._peak), LEFT_MOST)

    def _weighed(self, seen: Seen) -> NDArray[np.float32]:
        """(regions, 2) movement in multiples of the noise, lids left out."""
        weighed: NDArray[np.float32] = seen.movement.regions_px / self._noise_px[:, None]
        weighed[LIDS] = 0
        return weighed

    def _size(self, seen: Seen) -> float:
        return max(float(np.linalg.norm(self._weighed(seen))), 1e-6)
