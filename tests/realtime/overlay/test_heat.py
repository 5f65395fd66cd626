from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.overlay.draw import Canvas
from realtime.overlay.heat import FADE_S, HOLD_S, LEAST_PX, draw_heat, freshness, heat_of, hot_box, palette
from realtime.overlay.state import OverlayState
from realtime.types import FaceChip, Recognition
from tests.realtime.made_up import MS, face_chip, gray_picture, moved_at


def drawn(recognition: Recognition | None, *chips: FaceChip, age_ms: int = 100) -> NDArray[np.uint8]:
    canvas = Canvas(gray_picture())
    state = OverlayState(age_ms * MS, chips, recognition=recognition, recognised_ns=0)
    draw_heat(canvas, state, bottom=470)
    return canvas.bgr


def heated(bgr: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The middle (x, y) of what the heat reddens to the right of the inset."""
    red = bgr[:, 160:, 2].astype(float) - 90
    rows, columns = np.nonzero(red > 40)
    return np.array([columns.mean() + 160, rows.mean()])


@pytest.mark.parametrize(("x", "y"), [(40, 90), (90, 30), (64, 64)])
def test_the_heat_lies_where_the_face_moved(x: int, y: int) -> None:
    chip = face_chip()
    place = np.linalg.solve(chip.to_chip[:, :2], np.array([x, y]) - chip.to_chip[:, 2])
    assert np.linalg.norm(heated(drawn(moved_at(x, y), chip)) - place) < 3


def test_the_heat_follows_the_face() -> None:
    left = heated(drawn(moved_at(64, 64), face_chip(centre=(280, 200))))
    right = heated(drawn(moved_at(64, 64), face_chip(centre=(400, 260))))
    assert right - left == pytest.approx([120, 60], abs=2)


def test_only_the_face_that_moved_is_heated() -> None:
    bgr = drawn(moved_at(64, 64, face=1), face_chip(0, centre=(300, 150)), face_chip(1, centre=(500, 300)))
    assert heated(bgr) == pytest.approx([500, 300], abs=3)


def test_the_heat_fades_and_goes_while_the_inset_stays() -> None:
    strengths = []
    for age_ms in (100, 1600, 2000, 2600):
        bgr = drawn(moved_at(64, 64), face_chip(), age_ms=age_ms)
        strengths.append(int((bgr[:, 160:].astype(int) - 90).clip(0).sum()))
        assert (bgr[350:470, :130] != 90).any()
    assert strengths[0] > strengths[1] > strengths[2] > strengths[3] == 0


@pytest.mark.parametrize(
    ("age_s", "share"), [(-1.0, 0.0), (0.0, 1.0), (HOLD_S, 1.0), (HOLD_S + FADE_S / 2, 0.5), (99.0, 0.0)]
)
def test_freshness(age_s: float, share: float) -> None:
    assert freshness(age_s) == pytest.approx(share)


def test_without_an_event_there_is_no_heat() -> None:
    assert (drawn(None, face_chip()) == 90).all()


def test_the_legend_ends_near_the_strongest_movement() -> None:
    assert heat_of(moved_at(64, 64, 3.0)).range_px == pytest.approx(3.0, rel=0.2)
    assert heat_of(moved_at(64, 64, 6.0)).range_px == pytest.approx(
        2 * heat_of(moved_at(64, 64, 3.0)).range_px
    )


def test_noise_never_looks_hot() -> None:
    heat = heat_of(moved_at(64, 64, 0.05))
    assert heat.range_px == LEAST_PX
    assert heat.opacity.max() < 30


def test_what_did_not_move_stays_clear() -> None:
    heat = heat_of(moved_at(30, 30))
    assert (heat.opacity[70:, 70:] == 0).all() and (heat.light[70:, 70:] == 0).all()
    assert heat.opacity[30, 30] > 150


def test_the_hot_box_holds_the_heat_and_little_else() -> None:
    chip, heat = face_chip(), heat_of(moved_at(64, 64))
    box = hot_box(chip, heat.opacity)
    assert box.left < 320 < box.right and box.top < 260 < box.bottom
    assert box.width * box.height < 0.4 * (2.1 * 70) * (2.77 * 70)


@pytest.mark.parametrize("centre", [(-500.0, 100.0), (0.0, 0.0), (640.0, 480.0), (2000.0, 2000.0)])
def test_faces_at_and_beyond_the_edge_are_cut_off(centre: tuple[float, float]) -> None:
    assert drawn(moved_at(64, 64), face_chip(centre=centre)).shape == (480, 640, 3)


def test_the_inset_is_left_out_where_there_is_no_room() -> None:
    canvas = Canvas(gray_picture((60, 40)))
    draw_heat(canvas, OverlayState(0, recognition=moved_at(64, 64)), bottom=30)
    assert canvas.bgr.shape == (40, 60, 3)


def test_the_palette_is_brighter_the_hotter() -> None:
    brightness = palette(np.linspace(0, 1, 50)).astype(int).sum(axis=1)
    assert (np.diff(brightness) >= -6).all() and brightness[-1] > 2 * brightness[0]
