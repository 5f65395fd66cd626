"""From evidence to movements: a peak of the evidence of an offset is a movement that has just ended."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.spotting.outputs import OUTPUTS

F32 = NDArray[np.float32]

OFFSET, SINCE = OUTPUTS.index("offset"), OUTPUTS.index("since_onset")
SINCE_NS = 100_000_000  # the network counts in tenths of a second
CONFIRM_STEPS = 2  # steps that a peak of the evidence must stay the highest
BEFORE_STEPS = 4
OVERLAP_NS = 50_000_000  # a movement that shares more with the last one must have more evidence
LONGEST_NS = 600_000_000  # what is placed longer than this was no micro-expression


@dataclass(frozen=True, slots=True)
class Said:
    """The network's answer to one grid step."""

    t_ns: int  # end of the step
    outputs: F32


@dataclass(frozen=True, slots=True)
class Spotted:
    """A movement between frames, as the network places it."""

    onset_ns: int
    apex_ns: int
    offset_ns: int
    evidence: float


class Peaks:
    """Finds the peaks of the evidence; each is a movement that has ended."""

    def __init__(self, threshold: float, min_ns: int) -> None:
        self._threshold = threshold
        self._min_ns = min_ns
        self._said: deque[Said] = deque(maxlen=BEFORE_STEPS + 1 + CONFIRM_STEPS)
        self._last: Spotted | None = None

    def add(self, said: Said) -> Spotted | None:
        """The movement that this step confirms; `told` makes it the last one."""
        self._said.append(said)
        if len(self._said) < BEFORE_STEPS + 1 + CONFIRM_STEPS:
            return None
        evidence = [float(one.outputs[OFFSET]) for one in self._said]
        if evidence[BEFORE_STEPS] < self._threshold or evidence[BEFORE_STEPS] < max(evidence):
            return None
        found = self._placed(evidence)
        lasts_ns = found.offset_ns - found.onset_ns
        return found if self._min_ns <= lasts_ns <= LONGEST_NS and self._is_new(found) else None

    def told(self, found: Spotted) -> None:
        self._last = found

    def _is_new(self, found: Spotted) -> bool:
        last = self._last
        if last is None or found.onset_ns >= last.offset_ns - OVERLAP_NS:
            return True
        return found.evidence > last.evidence

    def _placed(self, evidence: list[float]) -> Spotted:
        """Mean of what the peak's step and its neighbours say, by their evidence."""
        around = range(BEFORE_STEPS - 1, BEFORE_STEPS + 2)
        weights = np.array([evidence[i] for i in around])
        ends = np.array(
            [
                [self._said[i].t_ns - float(since) * SINCE_NS for since in self._said[i].outputs[SINCE:]]
                for i in around
            ]
        )
        onset, apex, offset = (weights @ ends / weights.sum()).tolist()
        return Spotted(round(onset), round(apex), round(offset), evidence[BEFORE_STEPS])
