from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.overlay.draw import LABEL_COLOURS, TEAL, Box, Canvas
from realtime.overlay.state import OverlayState, Track
from realtime.overlay.timeline import Axes, draw_strip, latest_threshold, runs, top_score
from realtime.types import Kind
from tests.realtime.made_up import MS, gray_picture, made_up

BOX = Box(5, 400, 630, 70)
SECOND = 1000 * MS


def track(
    scores: list[float], *, face: int = 0, step_ms: int = 100, armed: list[bool] | None = None
) -> Track:
    count = len(scores)
    return Track(
        face,
        np.arange(count, dtype=np.int64) * step_ms * MS,
        np.array(scores, np.float32),
        np.full(count, 6.0, np.float32),
        np.array(armed if armed is not None else [True] * count),
    )


def strip(state: OverlayState, size: tuple[int, int] = (640, 480), box: Box = BOX) -> NDArray[np.uint8]:
    canvas = Canvas(gray_picture(size))
    draw_strip(canvas, state, box)
    return canvas.bgr


def columns_of(bgr: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.int64]:
    return np.nonzero((np.abs(bgr.astype(int) - colour).max(axis=2) < 12).any(axis=0))[0]


def test_now_is_at_the_right_edge_and_the_span_at_the_left() -> None:
    axes = Axes(200, 50, now_ns=30 * SECOND, span_s=10.0, top_score=12.0)
    assert axes.x(np.array([20, 25, 30]) * SECOND).tolist() == [0.0, 100.0, 200.0]
    heights = axes.y(np.array([0.0, 6.0, 12.0, 99.0, -1.0], np.float32))
    assert heights[0] == heights[4] > heights[1] > heights[2] == heights[3] >= 0


def test_times_of_a_clock_that_runs_for_months_keep_their_precision() -> None:
    axes = Axes(1000, 50, now_ns=10**16 + 10 * SECOND, span_s=10.0, top_score=12.0)
    assert axes.x(10**16 + 5 * SECOND) == pytest.approx(500.0, abs=1e-6)


def test_the_top_holds_the_highest_score_within_reason() -> None:
    assert top_score((track([1.0, 2.0]),), 6.0) == 12.0
    assert top_score((track([1.0, 20.0]),), 6.0) == pytest.approx(23.0)
    assert top_score((track([1.0, 2000.0]),), 6.0) == 36.0
    assert top_score((track([float("nan")]),), None) == 2.0
    assert top_score((), 6.0) == 12.0


def test_the_threshold_is_that_of_the_face_seen_last() -> None:
    early, late = track([1.0] * 3), replace(track([1.0] * 9, face=1), threshold=np.full(9, 4.0, np.float32))
    assert latest_threshold((late, early)) == 4.0
    assert latest_threshold(()) is None
    assert latest_threshold((replace(early, threshold=np.full(3, np.nan, np.float32)),)) is None


def stretches(found: Track) -> list[tuple[int, int, bool]]:
    return [(part.start, part.stop, armed) for part, armed in runs(found)]


def test_a_whole_track_is_one_stretch() -> None:
    assert stretches(track([1.0, 2.0, 3.0])) == [(0, 3, True)]
    assert stretches(track([1.0])) == [(0, 1, True)]


def test_an_unknown_score_tears_the_line() -> None:
    nan = float("nan")
    assert stretches(track([1.0, 2.0, nan, 4.0])) == [(0, 2, True), (3, 4, True)]
    assert stretches(track([nan, nan])) == []
    assert stretches(track([nan, 1.0, 1.0])) == [(1, 3, True)]


def test_a_gap_in_time_tears_the_line() -> None:
    torn = track([1.0, 2.0, 3.0])
    assert stretches(replace(torn, t_ns=np.array([0, 100, 5000]) * MS)) == [(0, 2, True), (2, 3, True)]


def test_where_arming_changes_the_line_goes_on() -> None:
    found = stretches(track([1.0] * 5, armed=[False, False, True, True, False]))
    assert found == [(0, 3, False), (2, 5, True), (4, 5, False)]


def test_an_event_stands_at_its_time_in_its_colour() -> None:
    event = made_up(0, 5000, 400, label="surprise", kind=Kind.MICRO)
    start_ns = 10**15  # of a clock that has run for days; events count from the run's start
    state = OverlayState(start_ns + 10 * SECOND, events=(event,), run_start_ns=start_ns)
    columns = columns_of(strip(state), LABEL_COLOURS["surprise"])
    inner = 630 - 27
    expected = 5 + 22 + inner * np.array([0.5, 0.54])
    assert [columns.min(), columns.max()] == pytest.approx(expected, abs=2)


def test_an_event_that_scrolled_out_is_gone() -> None:
    event = made_up(0, 5000, 400, label="surprise")
    state = OverlayState(40 * SECOND, events=(event,))
    assert columns_of(strip(state), LABEL_COLOURS["surprise"]).size == 0


def test_the_shortest_event_is_still_seen() -> None:
    state = OverlayState(10 * SECOND, events=(made_up(0, 5000, 0, label="negative"),))
    assert columns_of(strip(state), LABEL_COLOURS["negative"]).size >= 2


def test_a_higher_score_is_drawn_higher() -> None:
    rows = []
    for score in (2.0, 9.0):
        bgr = strip(OverlayState(10 * SECOND, tracks=(track([score] * 101),)))
        rows.append(np.nonzero((np.abs(bgr.astype(int) - TEAL).max(axis=2) < 40).any(axis=1))[0].min())
    assert rows[1] < rows[0] - 10


def test_a_face_not_watched_is_drawn_faintly() -> None:
    coloured = []
    for armed in (True, False):
        bgr = strip(OverlayState(10 * SECOND, tracks=(track([2.0] * 101, armed=[armed] * 101),)))
        coloured.append(int((bgr[..., 0].astype(int) - bgr[..., 2] > 60).sum()))
    assert coloured[0] > 500 > 0 == coloured[1]


def test_nothing_outside_of_the_strip_is_touched() -> None:
    events = tuple(made_up(i, 900 * i) for i in range(12))
    bgr = strip(
        OverlayState(10 * SECOND, tracks=(track([50.0] * 101), track([1.0] * 101, face=1)), events=events)
    )
    bgr[BOX.top : BOX.bottom, BOX.left : BOX.right] = 90
    assert (bgr == 90).all()


@pytest.mark.parametrize("box", [Box(-10, 10, 50, 20), Box(5, 35, 200, 60), Box(0, 0, 10, 5)])
def test_a_strip_without_room_is_left_out(box: Box) -> None:
    assert strip(OverlayState(0, tracks=(track([1.0]),)), (64, 48), box).shape == (48, 64, 3)
