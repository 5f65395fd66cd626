"""Times of calls, alone and beside another, and what a process holds in memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_WARM_UP = 2  # calls before any is counted
_LEAST = 5  # calls that are counted however long they take

Call = Callable[[], object]
Clock = Callable[[], float]  # seconds


@dataclass(frozen=True, slots=True)
class Times:
    """Of one call after another."""

    median_ms: float
    p99_ms: float
    runs: int


def measure(call: Call, seconds: float, most: int, clock: Clock = time.perf_counter) -> Times:
    """As many calls as fit into `seconds`, `most` at most, five at least."""
    return beside(call, None, seconds, most, clock)[0]


def beside(
    call: Call, other: Call | None, seconds: float, most: int, clock: Clock = time.perf_counter
) -> tuple[Times, Times | None]:
    """Both, taking turns of about the same length, so that what else the machine does hits both alike.

    A turn of the quicker one is as many calls as the slower one's single call takes.
    """
    for _ in range(_WARM_UP):
        call()
    mine, others = [_timed(call, clock)], [_timed(other, clock)] if other else []
    ends = clock() + seconds
    while len(mine) < _LEAST or (clock() < ends and len(mine) < most):
        turn = others[-1] if others else 0.0
        if other is not None:
            others.append(_timed(other, clock))
        spent = 0.0
        while spent <= turn:
            mine.append(_timed(call, clock))
            spent += mine[-1]
    return _times(mine), _times(others) if others else None


def resident_bytes() -> int:
    """What this process holds in memory now; where the system does not say, the most it ever held."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _timed(call: Call, clock: Clock) -> float:
    began = clock()
    call()
    return clock() - began


def _times(seconds: list[float]) -> Times:
    ms = 1e3 * np.array(seconds)
    return Times(float(np.median(ms)), float(np.quantile(ms, 0.99)), len(ms))
