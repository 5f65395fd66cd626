from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.face.finder import FaceFinder
from realtime.overlay.layers import (
    DEFAULT_LAYERS,
    LAYERS,
    Hud,
    OverlayMemory,
    OverlayState,
    checked_layers,
    draw,
)
from realtime.types import Analysis, Flag, Frame
from tests.realtime.made_up import MS, decoded, face_chip, face_signal, gray_picture, made_up, moved_at


def busy(size: tuple[int, int] = (640, 480)) -> OverlayState:
    """A state in which every layer has something to show."""
    memory = OverlayMemory()
    chips = (
        face_chip(
            0, centre=(size[0] * 0.4, size[1] * 0.5), iod_px=size[1] * 0.15, flags=frozenset({Flag.SPEECH})
        ),
        face_chip(1, centre=(size[0] * 0.7, size[1] * 0.4), iod_px=size[1] * 0.1),
    )
    for i in range(60):
        t_ns = i * 33 * MS
        signals = tuple(face_signal(face, t_ns, score=2.0 + i % 9, chin=1.0) for face in (0, 1))
        events = (made_up(i // 20, 33 * i - 400, 300),) if i % 20 == 19 else ()
        evidence = (moved_at(50, 80),) if events else ()
        analysis = Analysis(
            Frame("clip.mp4", i, t_ns, 0, gray_picture(size)), chips, signals, events, evidence
        )
        memory.push(analysis)
    return memory.state(
        analysis, Hud(29.97, 41.0, {"late": 1}, "openvino", "camera:0", 12.0, True, ("note",))
    )


def test_the_frame_itself_is_never_touched() -> None:
    frame = gray_picture()
    frame.setflags(write=False)
    drawn = draw(frame, busy(), LAYERS)
    assert (frame == 90).all() and drawn.flags.writeable and (drawn != 90).any()


def test_the_same_state_gives_the_same_picture() -> None:
    state = busy()
    assert np.array_equal(draw(gray_picture(), state), draw(gray_picture(), state))


def test_without_layers_the_frame_comes_back() -> None:
    assert np.array_equal(draw(gray_picture(), busy(), ()), gray_picture())


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_draws_and_can_be_left_out(layer: str) -> None:
    state = busy()
    alone = draw(gray_picture(), state, (layer,))
    assert (alone != 90).any()
    without = draw(gray_picture(), state, set(LAYERS) - {layer})
    assert not np.array_equal(without, draw(gray_picture(), state, LAYERS))


def test_help_waits_to_be_asked_for() -> None:
    assert frozenset(LAYERS) - {"help"} == DEFAULT_LAYERS


@pytest.mark.parametrize(
    "size",
    [(64, 48), (160, 120), (320, 240), (641, 479), (1280, 720), (1920, 1080), (1080, 1920), (2000, 100)],
)
def test_pictures_of_every_size_are_drawn_on(size: tuple[int, int]) -> None:
    drawn = draw(gray_picture(size), busy(size), LAYERS)
    assert drawn.shape == (size[1], size[0], 3) and (drawn != 90).any()


def test_an_empty_state_shows_the_figures_and_the_strip_alone() -> None:
    drawn = draw(gray_picture(), OverlayState(0))
    assert (drawn[:20] != 90).any() and (drawn[420:] != 90).any() and (drawn[40:400] == 90).all()


def test_names_of_layers_are_checked() -> None:
    assert checked_layers(["hud", "strip"]) == {"hud", "strip"}
    with pytest.raises(ConfigError, match="no overlay layer 'hut'; there are heat, outline"):
        checked_layers(["hud", "hut"])


def test_on_a_real_face_the_outline_lies_on_the_face(data_dir: Path) -> None:
    bgr = decoded(data_dir / "faces" / "clips" / "grid_bbaf2n.mpg")[0]
    frame = Frame("grid_bbaf2n.mpg", 0, 0, 0, bgr)
    finder = FaceFinder()
    chips = finder.step(frame)
    finder.close()
    drawn = draw(bgr, OverlayState(0, chips), ("outline",))
    rows, columns = np.nonzero((drawn != bgr).any(axis=2))
    (left, top), (right, bottom) = chips[0].landmarks_px.min(axis=0), chips[0].landmarks_px.max(axis=0)
    assert abs(columns.min() - left) < 6 and abs(columns.max() - right) < 6
    assert abs(rows.max() - bottom) < 6 and rows.min() > top - 30
