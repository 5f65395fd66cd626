"""Turns of two calls, on a clock that only the calls move."""

from __future__ import annotations

import numpy as np
import pytest

from engine.timing import beside, measure, resident_bytes


class Stopwatch:
    """A clock in seconds; a call made of it lasts what it says."""

    def __init__(self) -> None:
        self.now = 0.0
        self.seen: list[str] = []

    def __call__(self) -> float:
        return self.now

    def lasting(self, name: str, *seconds: float):
        left = list(seconds)

        def call() -> None:
            self.seen.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return call


def test_median_and_p99_in_milliseconds_without_the_warm_up():
    clock = Stopwatch()
    times = measure(clock.lasting("a", 9.0, 9.0, 0.001, 0.002, 0.004, 0.002, 0.003, 1.0), 0.0, 100, clock)
    assert times.runs == 5 and times.median_ms == pytest.approx(2.0)
    assert times.p99_ms == pytest.approx(4.0, rel=0.02)


@pytest.mark.parametrize(("seconds", "most", "runs"), [(0.0, 100, 5), (1.0, 100, 100), (0.02, 100, 21)])
def test_how_many_calls(seconds, most, runs):
    clock = Stopwatch()
    assert measure(clock.lasting("a", 0.001), seconds, most, clock).runs == pytest.approx(runs, abs=1)


def test_turns_are_of_about_the_same_length():
    clock = Stopwatch()
    quick, slow = beside(clock.lasting("q", 0.01), clock.lasting("s", 0.1), 2.0, 1000, clock)
    assert slow is not None and quick.median_ms == pytest.approx(10.0)
    assert slow.median_ms == pytest.approx(100.0)
    time_each = quick.runs * quick.median_ms, slow.runs * slow.median_ms
    assert np.ptp(time_each) < 0.2 * max(time_each)
    turns = "".join(clock.seen).split("s")
    assert max(map(len, turns)) <= 12


def test_memory_that_is_held_shows():
    before = resident_bytes()
    held = np.ones(1 << 24)
    assert resident_bytes() - before > 0.5 * held.nbytes  # pages freed elsewhere meanwhile count against it
