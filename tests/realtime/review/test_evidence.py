from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from realtime.review.clip_loop import (
    CHIP_INSET,
    LOOP_HEIGHT,
    LOOP_WIDTH,
    cut_view,
    decoded,
    loop_pts,
    view_of,
)
from realtime.review.evidence import Glimpse, Trail, thinned
from realtime.types import Analysis
from tests.fakes import make_frame
from tests.realtime.made_up import face_chip
from tests.realtime.review.conftest import made_up_evidence, recognition_at


def glimpses(count: int) -> list[Glimpse]:
    return [Glimpse(replace(face_chip(), frame_index=i, t_ns=i), b"", 0.0, 0.0) for i in range(count)]


def test_a_long_event_is_thinned_and_keeps_its_marks() -> None:
    marks = {1, 333, 998}
    kept = [one.chip.frame_index for one in thinned(glimpses(1000), marks, most=100)]
    assert marks <= set(kept)
    assert 100 <= len(kept) <= 103
    assert kept == sorted(kept)
    assert max(np.diff(kept)) <= 10


def test_a_short_event_is_kept_whole() -> None:
    assert len(list(thinned(glimpses(50), set(), most=100))) == 50


def test_the_trail_forgets_by_time_and_by_bytes() -> None:
    for trail, held in ((Trail(1.0), 31), (Trail(60.0, max_bytes=0), 0)):
        for index in range(90):
            chip = replace(face_chip(), frame_index=index, t_ns=make_frame(index).t_ns)
            trail.push(Analysis(make_frame(index, size=(480, 640)), (chip,), (), (), ()))
        kept = trail._faces.get(0, ())
        assert len(kept) == held


def test_the_chip_lies_within_the_loop_where_the_heat_is_drawn() -> None:
    chip = face_chip()
    corners = np.array([[0, 0], [128, 128]]) - chip.to_chip[:, 2]
    on_frame = corners @ np.linalg.inv(chip.to_chip[:, :2]).T
    to_view = view_of(chip.to_chip)
    on_view = on_frame @ to_view[:, :2].T + to_view[:, 2]
    share = on_view / (LOOP_WIDTH, LOOP_HEIGHT)
    np.testing.assert_allclose(share, [[CHIP_INSET] * 2, [1 - CHIP_INSET] * 2], atol=1e-9)


def test_the_loop_shows_the_face_in_colour() -> None:
    bgr = np.zeros((480, 640, 3), np.uint8)
    bgr[:] = (200, 40, 90)
    cv2.circle(bgr, (320, 260), 10, (0, 0, 255), -1)
    view = decoded(cut_view(bgr, face_chip(centre=(320, 260))))
    assert view.shape == (LOOP_HEIGHT, LOOP_WIDTH, 3)
    assert view[LOOP_HEIGHT // 2, LOOP_WIDTH // 2, 2] > 200
    assert abs(int(view[5, 5, 0]) - 200) < 12


def test_the_heat_is_where_the_skin_moved() -> None:
    heat = cv2.imdecode(np.frombuffer(made_up_evidence().heat_png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert heat.shape == (128, 128, 4)
    assert heat[90, 60, 3] > 150
    assert heat[20, 20, 3] == 0
    moved = recognition_at(30, 35, 42).maps.flow.phases_hw2[0]
    assert np.hypot(*moved[90, 60]) > 1.5


def test_times_of_the_loop_only_go_forward() -> None:
    assert loop_pts([5, 5, 6, 10**9 + 5]) == [0, 1, 2, 360_000]
