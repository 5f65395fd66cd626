from __future__ import annotations

from dataclasses import replace

import mediapipe as mp
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.overlay.draw import AMBER, RED, TEAL, Canvas
from realtime.overlay.face import CLOSED, OPEN, draw_outline, draw_regions, face_box, warmth
from realtime.overlay.state import OverlayState
from realtime.spotting.regions import REGION_LANDMARKS
from realtime.types import FaceChip, Flag
from tests.realtime.made_up import face_chip, face_signal, gray_picture

MESH = mp.solutions.face_mesh


def edges(points: tuple[int, ...]) -> set[frozenset[int]]:
    return {frozenset(pair) for pair in zip(points, (*points[1:], points[0]), strict=True)}


def drawn(annotate: object, state: OverlayState, size: tuple[int, int] = (640, 480)) -> NDArray[np.uint8]:
    canvas = Canvas(gray_picture(size))
    annotate(canvas, state)  # type: ignore[operator]
    return canvas.bgr


def changed(bgr: NDArray[np.uint8], at: NDArray[np.float32], reach: int = 2) -> bool:
    x, y = (int(v) for v in at)
    return bool((bgr[y - reach : y + reach + 1, x - reach : x + reach + 1] != 90).any())


@pytest.mark.parametrize(
    ("lines", "published"),
    [
        (CLOSED[:1], MESH.FACEMESH_FACE_OVAL),
        (CLOSED[1:2], MESH.FACEMESH_RIGHT_EYE),
        (CLOSED[2:3], MESH.FACEMESH_LEFT_EYE),
        (CLOSED[5:7], MESH.FACEMESH_LIPS),
    ],
)
def test_closed_lines_are_the_meshs_own(lines: tuple[tuple[int, ...], ...], published: frozenset) -> None:
    assert set().union(*(edges(line) for line in lines)) == {frozenset(pair) for pair in published}


def test_brows_hold_the_meshs_own_points() -> None:
    for line, published in (
        (CLOSED[3], MESH.FACEMESH_RIGHT_EYEBROW),
        (CLOSED[4], MESH.FACEMESH_LEFT_EYEBROW),
    ):
        assert set(line) == {point for pair in published for point in pair}


def test_the_outline_passes_through_its_points() -> None:
    chip = face_chip()
    bgr = drawn(draw_outline, OverlayState(0, (chip,)))
    for line in (*CLOSED, *OPEN):
        assert all(changed(bgr, chip.landmarks_px[point]) for point in line)


def test_the_picture_shows_through_the_outline() -> None:
    assert drawn(draw_outline, OverlayState(0, (face_chip(),)))[175:].max() < 200


@pytest.mark.parametrize(
    "centre", [(-300.0, 200.0), (0.0, 0.0), (639.0, 479.0), (900.0, 900.0), (320.0, -5.0)]
)
def test_faces_at_and_beyond_the_edge_are_cut_off(centre: tuple[float, float]) -> None:
    chip = face_chip(centre=centre, flags=frozenset(Flag))
    state = OverlayState(0, (chip,), (face_signal(chin=1.0, brow_inner_left=2.0),))
    assert drawn(draw_outline, state).shape == drawn(draw_regions, state).shape == (480, 640, 3)


def test_the_face_box_stays_within_the_picture() -> None:
    box = face_box(Canvas(gray_picture()), face_chip(centre=(630.0, 10.0)))
    assert box.left > 0 and box.top == 0 and box.right == 640 and box.bottom < 480


def tag_row(chip: FaceChip, size: tuple[int, int] = (640, 480), count: int = 1) -> int:
    """How many pixels above the face the tag changes."""
    chips = tuple(chip for _ in range(count))
    top = int(chip.landmarks_px[:, 1].min()) - 4
    return int((drawn(draw_outline, OverlayState(0, chips), size)[:top] != 90).any(axis=2).sum())


def test_flags_stand_beside_the_faces_number() -> None:
    flagged = face_chip(flags=frozenset({Flag.SPEECH, Flag.HEAD_MOTION}))
    assert tag_row(flagged) > tag_row(face_chip()) > 0


def test_a_small_picture_leaves_the_number_of_a_single_face_out() -> None:
    small = face_chip(centre=(160, 150), iod_px=40)
    assert tag_row(small, (320, 240)) == 0
    assert tag_row(small, (320, 240), count=2) > 0


def test_only_the_face_that_is_watched_has_a_teal_dot() -> None:
    chips = face_chip(0, centre=(160, 260)), face_chip(1, centre=(480, 260))
    for watched in (0, 1):
        signals = tuple(replace(face_signal(face), armed=face == watched) for face in (0, 1))
        teal = (drawn(draw_outline, OverlayState(0, chips, signals)) == TEAL).all(axis=2)
        assert [bool(half.any()) for half in (teal[:, :320], teal[:, 320:])] == [watched == 0, watched == 1]


def spot(bgr: NDArray[np.uint8], chip: FaceChip, region: str) -> NDArray[np.uint8]:
    x, y = chip.landmarks_px[list(REGION_LANDMARKS[region])].mean(axis=0).astype(int)
    return bgr[y, x]


def test_a_region_that_moves_grows_and_warms() -> None:
    chip = face_chip(iod_px=300, centre=(320, 240))
    sizes = []
    for moved_px in (0.0, 0.5, 2.0):
        bgr = drawn(draw_regions, OverlayState(0, (chip,), (face_signal(chin=moved_px),)))
        sizes.append(int((bgr != 90).any(axis=2).sum()))
    assert sizes[0] < sizes[1] < sizes[2]
    blue, _, red = spot(bgr, chip, "chin")
    assert red > blue


def test_each_face_shows_its_own_movement() -> None:
    chips = face_chip(0, centre=(160, 260)), face_chip(1, centre=(480, 260))
    signals = face_signal(0), face_signal(1, chin=2.0)
    bgr = drawn(draw_regions, OverlayState(0, chips, signals))
    assert spot(bgr, chips[0], "chin").tolist() == list(TEAL)
    blue, _, red = spot(bgr, chips[1], "chin")
    assert red > blue


def test_a_movement_beyond_the_scale_and_an_unknown_one_are_drawn() -> None:
    chip = face_chip()
    for moved_px in (50.0, float("nan"), float("inf")):
        state = OverlayState(0, (chip,), (face_signal(chin=moved_px),))
        assert (drawn(draw_regions, state) != 90).any()


def test_a_face_without_a_signal_has_no_spots() -> None:
    state = OverlayState(0, (face_chip(0),), (face_signal(3, chin=2.0),))
    assert (drawn(draw_regions, state) == 90).all()


def test_warmth_runs_from_teal_over_amber_to_red() -> None:
    assert (warmth(0.0), warmth(0.5), warmth(1.0)) == (TEAL, AMBER, RED)
