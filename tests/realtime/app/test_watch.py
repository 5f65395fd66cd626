"""What the main thread says and asks while a run goes on, with fakes on all sides."""

from __future__ import annotations

import io
import itertools
import threading
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.app.run import Run, Wanted
from realtime.app.status import StatusLine
from realtime.app.watch import Every, Watch
from realtime.app.window import Key, WindowConfig
from realtime.config import Config
from tests.fakes import FakeAnalyser, ListSource, ManualClock, make_frame

LONG_S = 20.0


class FakeScreen:
    """Presses the keys it is given, one whenever the window looks, and Q at the end."""

    def __init__(self, *keys: int) -> None:
        self.shown: list[NDArray[np.uint8]] = []
        self.closed = False
        self._keys = [*keys, ord("q")]

    def show(self, bgr: NDArray[np.uint8]) -> None:
        self.shown.append(bgr)

    def key(self) -> int:
        if not self.shown:
            return -1
        return self._keys.pop(0) if self._keys else -1


def endless() -> ListSource:
    return ListSource(make_frame(index, size=(120, 160)) for index in itertools.count())


def watch_of(
    source: ListSource,
    analyser: FakeAnalyser,
    *,
    lossless: bool = True,
    limit_s: float | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> tuple[Watch, io.StringIO]:
    paper = io.StringIO()
    run = Run(source, Config(), Wanted(limit_s=limit_s), lossless=lossless, rooms=analyser)  # type: ignore[arg-type]
    return Watch(run, source, StatusLine(io.StringIO(), paper), interrupted), paper


def test_ready_comes_first_events_as_they_come_and_the_sum_last() -> None:
    source = ListSource([make_frame(index) for index in range(30)])
    watch, paper = watch_of(source, FakeAnalyser(every=10))
    with watch.run:
        watch.headless()
    watch.ended()
    lines = paper.getvalue().splitlines()
    assert lines[0] == "ready: fake, fake on fake 0"
    assert [line.split("  ")[0] for line in lines[1:-1]] == [f"candidate {number}" for number in range(4)]
    assert lines[-1].startswith("30 frames in ")


def test_a_signal_ends_the_run() -> None:
    came = threading.Event()
    analyser = FakeAnalyser(before=lambda frame: frame.index == 5 and came.set())
    watch, _ = watch_of(endless(), analyser, interrupted=came.is_set)
    with watch.run:
        watch.headless()
    assert analyser.log[-1] == "close"


def test_a_live_source_that_stalls_is_ended_by_the_walls_time() -> None:
    stalled = threading.Event()
    source = ListSource(
        [make_frame(0), make_frame(1)], live=True, before=lambda i: i == 1 and stalled.wait(LONG_S)
    )
    watch, _ = watch_of(source, FakeAnalyser(), lossless=False, limit_s=0.05)
    watch.run.pipeline.start()
    watch.headless()
    stalled.set()
    watch.run.pipeline.stop()
    watch.run.pipeline.join()
    assert watch.run.pipeline.progress().frames >= 1


# The window


def test_quitting_ends_the_run() -> None:
    analyser = FakeAnalyser()
    watch, _ = watch_of(endless(), analyser)
    screen = FakeScreen()
    with watch.run:
        watch.window(screen, WindowConfig())  # type: ignore[arg-type]
    assert len(screen.shown) >= 1
    assert analyser.log[-1] == "close"


def test_closing_the_window_ends_the_run() -> None:
    watch, _ = watch_of(endless(), FakeAnalyser())
    screen = FakeScreen()
    screen.closed = True
    with watch.run:
        watch.window(screen, WindowConfig())  # type: ignore[arg-type]


def test_a_paused_picture_is_not_drawn_again() -> None:
    clock = ManualClock(step_ns=10**9)
    paused = [-1] * 20
    watch, _ = watch_of(endless(), FakeAnalyser())
    watch._paint_time = Every(0.01, clock)
    screen = FakeScreen(ord(" "), *paused)
    with watch.run:
        watch.window(screen, WindowConfig())  # type: ignore[arg-type]
    assert len(screen.shown) <= 3  # before, with "paused" on it, and perhaps Q's


def test_keys_reach_the_pipeline() -> None:
    watch, paper = watch_of(endless(), FakeAnalyser())
    watch.ask(Key.MARK)
    assert "R begins one" in paper.getvalue()
    watch.ask(Key.RECORD)
    assert watch.recording and watch.run.pipeline.session.take() is True
    watch.ask(Key.MARK)
    assert watch.run.sessions.marks.take() == "E"
    watch.ask(Key.RECORD)
    assert not watch.recording and watch.run.pipeline.session.take() is False
    watch.ask(Key.BASELINE)
    assert watch.run.pipeline.neutral.take() is True


@pytest.mark.parametrize("period_s, times", [(1.0, 4), (2.0, 2)])
def test_every_is_due_once_a_period(period_s: float, times: int) -> None:
    clock = ManualClock()
    every = Every(period_s, clock)
    due = 0
    for _ in range(8):
        due += every.due
        clock.advance(0.5)
    assert due == times
