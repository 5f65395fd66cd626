"""Measured times and rates in bounded memory: what the HUD shows and summary.json keeps."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate

from realtime.clock import NS_PER_MS, NS_PER_S, Clock, now_ns
from realtime.errors import ConfigError

SHORTEST_NS = 1_000  # everything shorter falls into the first bin
LONGEST_NS = 1_000 * NS_PER_S  # everything longer falls into the last
BIN_RATIO = 1.02  # neighbouring bin edges; a percentile is right to half a bin, 1 %
BINS = math.ceil(math.log(LONGEST_NS / SHORTEST_NS) / math.log(BIN_RATIO))


class DurationHistogram:
    """Durations counted in logarithmic bins: percentiles to 1 %, the same memory after hours as at start.

    Not thread-safe.
    """

    def __init__(self) -> None:
        self._counts = [0] * BINS
        self._shortest_ns = math.inf
        self._longest_ns = 0.0
        self.count = 0

    def add(self, duration_ns: float) -> None:
        self._counts[_bin_of(duration_ns)] += 1
        self._shortest_ns = min(self._shortest_ns, duration_ns)
        self._longest_ns = max(self._longest_ns, duration_ns)
        self.count += 1

    def percentile_ms(self, percent: float) -> float:
        """The duration that `percent` of all do not exceed; NaN before the first."""
        if self.count == 0:
            return math.nan
        rank = max(1, math.ceil(self.count * percent / 100.0))
        index = next(i for i, seen in enumerate(accumulate(self._counts)) if seen >= rank)
        # The middle of a bin may lie outside of what was seen, so it is held within.
        middle_ns = SHORTEST_NS * BIN_RATIO ** (index + 0.5)
        return min(max(middle_ns, self._shortest_ns), self._longest_ns) / NS_PER_MS


def _bin_of(duration_ns: float) -> int:
    if duration_ns <= SHORTEST_NS:
        return 0
    return min(BINS - 1, int(math.log(duration_ns / SHORTEST_NS) / math.log(BIN_RATIO)))


class StageTimes:
    """How long each stage takes, by name: `with times.stage("flow"): ...`. Safe from every thread."""

    def __init__(self, clock: Clock = now_ns) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._stages: dict[str, DurationHistogram] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times the block, whether it returns or raises."""
        started_ns = self._clock()
        try:
            yield
        finally:
            self.add(name, self._clock() - started_ns)

    def add(self, name: str, duration_ns: float) -> None:
        """One duration measured elsewhere, such as the age of a frame."""
        with self._lock:
            histogram = self._stages.get(name)
            if histogram is None:
                histogram = self._stages[name] = DurationHistogram()
            histogram.add(duration_ns)

    def summary(self) -> dict[str, dict[str, float]]:
        """`{name: {"count", "p50_ms", "p95_ms"}}`, in the order in which the names first came."""
        with self._lock:
            return {name: _summary_of(histogram) for name, histogram in self._stages.items()}


def _summary_of(histogram: DurationHistogram) -> dict[str, float]:
    return {
        "count": histogram.count,
        "p50_ms": round(histogram.percentile_ms(50), 3),
        "p95_ms": round(histogram.percentile_ms(95), 3),
    }


class RateMeter:
    """Frames per second over the last `window_s` of the stamps: n stamps make n - 1 gaps.

    One thread pushes; `fps` may be read from any. A stamp earlier than the last one (a source that
    began again) starts the measurement anew.
    """

    def __init__(self, window_s: float = 2.0, max_stamps: int = 1024) -> None:
        if not window_s > 0 or max_stamps < 2:
            raise ConfigError(f"a rate needs a window over 0 s and 2 stamps: {window_s} s, {max_stamps}")
        self._window_ns = int(window_s * NS_PER_S)
        self._stamps: deque[int] = deque(maxlen=max_stamps)
        self._fps: float | None = None

    def push(self, t_ns: int) -> None:
        stamps = self._stamps
        if stamps and t_ns < stamps[-1]:
            stamps.clear()
        stamps.append(t_ns)
        # Two stamps always stay: a source slower than the window still has a rate.
        while len(stamps) > 2 and t_ns - stamps[0] > self._window_ns:
            stamps.popleft()
        self._fps = _rate(len(stamps), stamps[-1] - stamps[0])

    @property
    def fps(self) -> float | None:
        """Measured frames per second; None until two stamps at different times have come."""
        return self._fps


def _rate(stamps: int, span_ns: int) -> float | None:
    return (stamps - 1) * NS_PER_S / span_ns if span_ns > 0 else None
