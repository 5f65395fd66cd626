from __future__ import annotations

import numpy as np
import pytest

from realtime.overlay.draw import (
    WHITE,
    Box,
    Canvas,
    disc,
    panel,
    plain,
    polylines,
    press,
    shortened,
    stamp_of,
    text,
    text_width,
)
from tests.realtime.made_up import gray_picture


def touched(canvas: Canvas, level: int = 90) -> Box:
    """The smallest box around everything that differs from the plain picture."""
    rows, columns = np.nonzero((canvas.bgr != level).any(axis=2))
    return Box(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)


@pytest.mark.parametrize(
    ("size", "scale", "compact"),
    [
        ((320, 240), 0.76, True),
        ((640, 480), 1.0, False),
        ((1280, 720), 1.5, False),
        ((1080, 1920), 1.69, False),
    ],
)
def test_a_unit_follows_the_picture(size: tuple[int, int], scale: float, compact: bool) -> None:
    canvas = Canvas(gray_picture(size))
    assert canvas.scale == pytest.approx(scale, abs=0.01)
    assert canvas.compact is compact
    assert canvas.px(100) == round(100 * canvas.scale) and canvas.px(0.01) == 1


def test_a_panel_darkens_its_box_and_nothing_else() -> None:
    canvas = Canvas(gray_picture(level=200))
    panel(canvas, Box(100, 50, 80, 40), colour=(0, 0, 0), opacity=0.5, radius=8)
    assert touched(canvas, 200) == Box(100, 50, 80, 40)
    assert abs(int(canvas.bgr[70, 140, 0]) - 100) <= 1
    corner, beside = canvas.bgr[50, 100, 0], canvas.bgr[50, 120, 0]
    assert corner > beside == canvas.bgr[70, 140, 0]


def test_what_lies_outside_of_the_picture_is_cut_off() -> None:
    canvas = Canvas(gray_picture((64, 48)))
    for box in (Box(-20, -20, 30, 30), Box(50, 40, 100, 100), Box(-500, 0, 10, 10), Box(0, 900, 10, 10)):
        panel(canvas, box, opacity=1.0, colour=WHITE, radius=0)
    assert (canvas.bgr[0:10, 0:10] == WHITE).all() and (canvas.bgr[40:, 50:] == WHITE).all()
    assert (canvas.bgr[12:38, 12:48] == 90).all()


def test_an_empty_panel_is_nothing() -> None:
    canvas = Canvas(gray_picture((64, 48)))
    panel(canvas, Box(5, 5, 0, 10))
    assert (canvas.bgr == 90).all()


@pytest.mark.parametrize("align", [0.0, 0.5, 1.0])
def test_text_stands_where_it_was_asked_for(align: float) -> None:
    canvas = Canvas(gray_picture(level=0))
    width = text(canvas, "HELLO", (300, 200), cap=10, align=align)
    box = touched(canvas, 0)
    assert abs(box.left - (300 - width * align)) <= 3 and abs(box.width - width) <= 4
    assert abs(box.bottom - 200) <= 2 and abs(box.height - 10) <= 3


def test_text_is_never_smaller_than_legible() -> None:
    canvas = Canvas(gray_picture((160, 120), 0))
    text(canvas, "H", (20, 60), cap=2)
    assert touched(canvas, 0).height >= 6


def test_bold_covers_more_and_longer_is_wider() -> None:
    thin, bold = Canvas(gray_picture(level=0)), Canvas(gray_picture(level=0))
    text(thin, "micro", (50, 50))
    text(bold, "micro", (50, 50), bold=True)
    assert bold.bgr.sum() > thin.bgr.sum() * 1.15
    assert text_width(thin, "micro candidate") > text_width(thin, "micro")


def test_text_takes_its_colour() -> None:
    canvas = Canvas(gray_picture(level=0))
    text(canvas, "IIII", (50, 50), cap=30, colour=(10, 200, 90), bold=True)
    brightest = canvas.bgr.reshape(-1, 3)[canvas.bgr[..., 1].argmax()]
    assert np.abs(brightest.astype(int) - (10, 200, 90)).max() <= 3


@pytest.mark.parametrize(
    ("string", "drawn"), [("Café", "Cafe"), ("a·b", "a?b"), ("5 %~", "5 %~"), ("\n", "?")]
)
def test_what_the_fonts_cannot_draw_is_replaced(string: str, drawn: str) -> None:
    assert plain(string) == drawn


def test_long_text_is_shortened_to_the_width() -> None:
    canvas = Canvas(gray_picture())
    long = "a very long note about something"
    cut = shortened(canvas, long, 80)
    assert cut.endswith("..") and long.startswith(cut[:-2]) and text_width(canvas, cut) <= 80
    assert shortened(canvas, "short", 200) == "short"
    assert shortened(canvas, long, 1) == ""


@pytest.mark.parametrize("alpha", [0, 1, 77, 128, 254, 255])
def test_a_stamp_mixes_to_within_a_level(alpha: int) -> None:
    rng = np.random.default_rng(0)
    under = rng.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    before = under.astype(float)
    clear, light = stamp_of(np.full((20, 30), alpha, np.uint8), (255, 100, 3))
    press(under, clear, light)
    expected = before * (1 - alpha / 255) + np.array((255, 100, 3)) * alpha / 255
    assert np.abs(under - expected).max() <= 1.0
    assert alpha or (under == before).all()


def test_discs_and_lines_keep_parts_of_a_pixel() -> None:
    canvas = Canvas(gray_picture(level=0))
    disc(canvas.bgr, (100.5, 60.25), 6.0, (255, 255, 255))
    weight = canvas.bgr[..., 0].astype(float)
    rows, columns = np.indices(weight.shape)
    assert (columns * weight).sum() / weight.sum() == pytest.approx(100.5, abs=0.1)
    assert (rows * weight).sum() / weight.sum() == pytest.approx(60.25, abs=0.1)


def test_a_closed_line_returns_to_its_start() -> None:
    corners = np.array([(10.0, 10.0), (50.0, 10.0), (50.0, 40.0)])
    opened, closed = Canvas(gray_picture((64, 48), 0)), Canvas(gray_picture((64, 48), 0))
    polylines(opened.bgr, [corners], WHITE, closed=False)
    polylines(closed.bgr, [corners], WHITE, closed=True)
    assert opened.bgr[25, 30].max() == 0 and closed.bgr[24:27, 30].max() > 100
