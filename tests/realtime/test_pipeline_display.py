"""The display thread: pictures go on whatever analysis does."""

from __future__ import annotations

import threading

import pytest

from realtime.pipeline import Pipeline
from realtime.types import Analysis, Frame
from tests.fakes import FakeAnalyser, ListSource, make_frame

LONG_S = 20.0
HELD, SHOWN = 5, 20


def test_pictures_go_on_while_analysis_stands_still() -> None:
    shown: list[int] = []
    far_enough = threading.Event()

    def show(analysis: Analysis) -> None:
        shown.append(analysis.frame.index)
        if shown[-1] >= SHOWN:
            far_enough.set()

    def hold(frame: Frame) -> None:
        if frame.index == HELD:
            assert far_enough.wait(LONG_S)

    def pace(index: int) -> None:
        if index > SHOWN:
            assert far_enough.wait(LONG_S)

    analyser = FakeAnalyser(before=hold)
    source = ListSource((make_frame(index) for index in range(30)), live=True, before=pace)
    with Pipeline(source, analyser, show=show) as pipeline:
        assert pipeline.wait(LONG_S)
    assert far_enough.is_set()
    assert shown == sorted(set(shown))
    assert analyser.seen == list(range(30))


def test_a_display_that_breaks_ends_the_run() -> None:
    def show(analysis: Analysis) -> None:
        raise RuntimeError("no screen")

    endless = (make_frame(index) for index in range(10**6))
    pipeline = Pipeline(ListSource(endless, live=True), FakeAnalyser(), show=show)
    with pytest.raises(RuntimeError, match="no screen"), pipeline:
        assert pipeline.wait(LONG_S)


def test_without_a_display_the_newest_analysis_waits_for_the_caller() -> None:
    with Pipeline(ListSource([make_frame(0)]), FakeAnalyser()) as pipeline:
        assert pipeline.wait(LONG_S)
        taken = pipeline.display.take()
    assert taken is not None and taken.frame.index == 0
