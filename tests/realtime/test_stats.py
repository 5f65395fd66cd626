from __future__ import annotations

import math
import random
import sys
import threading

import numpy as np
import pytest

from realtime.clock import NS_PER_MS, NS_PER_S
from realtime.errors import ConfigError
from realtime.stats import BINS, DurationHistogram, RateMeter, StageTimes


class Ticking:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.t_ns = 0

    def __call__(self) -> int:
        return self.t_ns


def pushed(meter: RateMeter, stamps_ns: list[int]) -> RateMeter:
    for t_ns in stamps_ns:
        meter.push(t_ns)
    return meter


@pytest.mark.parametrize("percent", [5, 50, 95, 99])
def test_percentiles_agree_with_numpy_to_one_percent(percent: int) -> None:
    rng = random.Random(7)
    durations_ns = [rng.lognormvariate(15.0, 1.0) for _ in range(20_000)]
    histogram = DurationHistogram()
    for duration_ns in durations_ns:
        histogram.add(duration_ns)
    true_ms = float(np.percentile(durations_ns, percent)) / NS_PER_MS
    assert histogram.percentile_ms(percent) == pytest.approx(true_ms, rel=0.015)


def test_one_duration_is_every_percentile_exactly() -> None:
    histogram = DurationHistogram()
    histogram.add(7_300_000)
    assert histogram.percentile_ms(50) == histogram.percentile_ms(95) == 7.3


def test_an_empty_histogram_knows_nothing() -> None:
    assert math.isnan(DurationHistogram().percentile_ms(50))


def test_extremes_are_counted_and_memory_does_not_grow() -> None:
    histogram = DurationHistogram()
    for duration_ns in (0, -5, 1, 10**18):
        histogram.add(duration_ns)
    size = sys.getsizeof(histogram._counts)
    for duration_ns in range(0, 10**9, 10**5):
        histogram.add(duration_ns)
    assert histogram.count == 10_004
    assert sum(histogram._counts) == histogram.count and len(histogram._counts) == BINS
    assert sys.getsizeof(histogram._counts) == size


def test_stages_are_timed_by_the_injected_clock() -> None:
    clock = Ticking()
    times = StageTimes(clock)
    for milliseconds in (10, 20, 30):
        with times.stage("flow"):
            clock.t_ns += milliseconds * NS_PER_MS
    with times.stage("face"):
        clock.t_ns += NS_PER_MS
    summary = times.summary()
    assert list(summary) == ["flow", "face"]
    assert summary["flow"]["count"] == 3
    assert summary["flow"]["p50_ms"] == pytest.approx(20, rel=0.01)
    assert summary["flow"]["p95_ms"] == pytest.approx(30, rel=0.01)
    assert summary["face"] == {"count": 1, "p50_ms": 1.0, "p95_ms": 1.0}


def test_a_stage_that_raises_is_timed_and_still_raises() -> None:
    clock = Ticking()
    times = StageTimes(clock)
    with pytest.raises(ValueError, match="boom"), times.stage("face"):
        clock.t_ns += 5 * NS_PER_MS
        raise ValueError("boom")
    assert times.summary()["face"]["p50_ms"] == 5.0


def test_stages_nest() -> None:
    clock = Ticking()
    times = StageTimes(clock)
    with times.stage("step"):
        clock.t_ns += NS_PER_MS
        with times.stage("face"):
            clock.t_ns += 2 * NS_PER_MS
    assert times.summary()["face"]["p50_ms"] == 2.0
    assert times.summary()["step"]["p50_ms"] == 3.0


def test_no_count_is_lost_between_threads() -> None:
    times = StageTimes()
    threads = [threading.Thread(target=lambda: [times.add("x", 1) for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert times.summary()["x"]["count"] == 8000


def test_a_rate_needs_two_stamps_at_different_times() -> None:
    meter = RateMeter()
    assert meter.fps is None
    assert pushed(meter, [5]).fps is None
    assert pushed(meter, [5]).fps is None


def test_two_stamps_make_one_gap() -> None:
    assert pushed(RateMeter(), [0, NS_PER_S // 30]).fps == pytest.approx(30.0)


@pytest.mark.parametrize("fps", [5, 25, 30, 60, 200])
def test_true_rates_are_found(fps: int) -> None:
    assert pushed(RateMeter(), [i * NS_PER_S // fps for i in range(3 * fps)]).fps == pytest.approx(fps)


def test_only_the_last_window_counts() -> None:
    slow = [i * NS_PER_S // 10 for i in range(50)]
    fast = [slow[-1] + (i + 1) * NS_PER_S // 60 for i in range(180)]
    assert pushed(RateMeter(window_s=2.0), slow + fast).fps == pytest.approx(60)


def test_a_source_slower_than_the_window_still_has_a_rate() -> None:
    assert pushed(RateMeter(window_s=1.0), [0, 4 * NS_PER_S, 8 * NS_PER_S]).fps == pytest.approx(0.25)


def test_time_that_runs_backwards_starts_anew() -> None:
    meter = pushed(RateMeter(), [10 * NS_PER_S, 11 * NS_PER_S, 0])
    assert meter.fps is None
    assert pushed(meter, [NS_PER_S // 25]).fps == pytest.approx(25)


def test_stamps_are_bounded() -> None:
    meter = pushed(RateMeter(window_s=1e6, max_stamps=100), [i * 1000 for i in range(5000)])
    assert len(meter._stamps) == 100
    assert meter.fps == pytest.approx(1e6)


def test_a_meter_that_could_never_tell_is_refused() -> None:
    with pytest.raises(ConfigError):
        RateMeter(window_s=0)
    with pytest.raises(ConfigError):
        RateMeter(max_stamps=1)
