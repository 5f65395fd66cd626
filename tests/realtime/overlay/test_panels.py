from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.app.window import LETTERS
from realtime.overlay.draw import AMBER, LABEL_COLOURS, MUTED, RED, WHITE, Canvas, Colour
from realtime.overlay.panels import KEYS, NOTES, draw_events, draw_help, draw_hud, figures
from realtime.overlay.state import Hud, OverlayState
from realtime.types import Kind
from tests.realtime.made_up import gray_picture, made_up


def drawn(
    annotate: object, state: OverlayState, *args: int, size: tuple[int, int] = (640, 480)
) -> NDArray[np.uint8]:
    canvas = Canvas(gray_picture(size))
    annotate(canvas, state, *args)  # type: ignore[operator]
    return canvas.bgr


def close_to(bgr: NDArray[np.uint8], colour: Colour) -> int:
    """How many pixels have about this colour."""
    return int((np.abs(bgr.astype(int) - colour).max(axis=2) < 14).sum())


def hud(**figures_shown: object) -> NDArray[np.uint8]:
    return drawn(draw_hud, OverlayState(0, hud=Hud(**figures_shown)))  # type: ignore[arg-type]


def test_figures_say_what_is_known() -> None:
    shown = figures(Hud(fps=29.94, age_ms=38.4, backend="openvino", source="camera:0"))
    assert [word for word, _ in shown] == ["29.9 fps", "38 ms", "no drops", "openvino", "camera:0"]
    assert [word for word, _ in figures(Hud())] == ["-- fps", "no drops"]


def test_drops_are_named_by_cause_and_stand_out() -> None:
    drops = dict(figures(Hud(drops={"ring_full": 3, "late": 12, "never": 0})))
    assert drops["dropped: 12 late, 3 ring full"] == AMBER
    assert dict(figures(Hud(drops={"late": 0})))["no drops"] == MUTED
    assert dict(figures(Hud(fps=30.0)))["30.0 fps"] == WHITE


def test_recording_and_pause_are_seen_at_once() -> None:
    assert close_to(hud(), RED) == 0
    assert close_to(hud(recorded_s=72.4)[:22, 540:], RED) > 60
    assert close_to(hud(paused=True)[:22, 540:], AMBER) > 30


def test_notes_stand_under_the_figures() -> None:
    assert (hud(notes=("low_fps",))[24:44] != 90).any() and (hud()[24:44] == 90).all()
    assert "25" in NOTES["low_fps"]


def test_a_long_note_and_many_figures_stay_within_the_picture() -> None:
    crowded = Hud(
        1.0, 2.0, {f"cause_{i}": i for i in range(30)}, "b" * 99, "s" * 99, 5.0, True, ("n" * 500,) * 9
    )
    for size in ((320, 240), (640, 480)):
        assert drawn(draw_hud, OverlayState(0, hud=crowded), size=size).shape == (size[1], size[0], 3)


def cards(
    *labels: str, top: int = 25, bottom: int = 400, size: tuple[int, int] = (640, 480)
) -> NDArray[np.uint8]:
    events = tuple(made_up(i, label=label, probabilities=(0.2, 0.5, 0.3)) for i, label in enumerate(labels))
    return drawn(draw_events, OverlayState(0, events=events), top, bottom, size=size)


def rows_of(bgr: NDArray[np.uint8], label: str) -> float:
    """The middle row of the coloured edges of the cards with this label."""
    edge = bgr[:, 470:480].astype(int)
    return float(np.nonzero((np.abs(edge - LABEL_COLOURS[label]).max(axis=2) < 6).any(axis=1))[0].mean())


def test_the_newest_candidate_stands_on_top() -> None:
    bgr = cards("negative", "surprise", "positive")
    assert rows_of(bgr, "positive") < rows_of(bgr, "surprise") < rows_of(bgr, "negative")


def test_without_candidates_nothing_is_drawn() -> None:
    assert (cards() == 90).all()


def test_cards_end_where_there_is_no_more_room() -> None:
    bgr = cards(*(["positive"] * 12), bottom=160)
    assert (bgr[160:] == 90).all() and (bgr[25:155, 480:] != 90).any()


def test_the_class_bars_show_the_probabilities() -> None:
    sure = made_up(0, label="unclear", probabilities=(0.0, 0.9, 0.1))
    bgr = drawn(draw_events, OverlayState(0, events=(sure,)), 25, 400)
    lit = {label: close_to(bgr, LABEL_COLOURS[label]) for label in ("negative", "positive", "surprise")}
    assert lit["positive"] > 5 * lit["surprise"] > 0 and lit["negative"] == 0


def test_odd_probabilities_do_not_leave_the_card() -> None:
    odd = made_up(0, probabilities=(-1.0, 7.0, 0.5), confidence=7.0, kind=Kind.MACRO)
    bgr = drawn(draw_events, OverlayState(0, events=(odd,)), 25, 400)
    assert (bgr[:, :470] == 90).all() and (bgr[:, 637:] == 90).all()


def test_a_small_picture_shows_fewer_and_narrower_cards() -> None:
    bgr = cards(*(["positive"] * 12), size=(320, 240), bottom=230)
    assert (bgr[:, :220] == 90).all() and (bgr[150:] == 90).all()


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1920, 1080)])
def test_help_fits_in_the_middle(size: tuple[int, int]) -> None:
    bgr = drawn(draw_help, OverlayState(0), size=size)
    rows, columns = np.nonzero((bgr != 90).any(axis=2))
    assert rows.min() > 0 and rows.max() < size[1] - 1 and columns.min() > 0 and columns.max() < size[0] - 1
    assert abs((columns.min() + columns.max()) / 2 - size[0] / 2) < 3


def test_help_names_every_key() -> None:
    arrows = {"left", "right", "up", "down"}
    named = {name for keys, _ in KEYS for name in keys.split(", ")}
    assert named == {"space", "?", "Esc", *arrows, *(letter.upper() for letter in LETTERS)}
