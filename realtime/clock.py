"""The only clock. Code that needs the time takes a `Clock`; tests inject one and never sleep."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


def now_ns() -> int:
    """Monotonic time in nanoseconds; the origin is arbitrary."""
    return time.monotonic_ns()


def seconds(duration_ns: float) -> float:
    return duration_ns / NS_PER_S
