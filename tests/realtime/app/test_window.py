"""Every key, without a display."""

from __future__ import annotations

import pytest

from realtime.app.window import History, Key, Viewer, WindowConfig, why_no_display
from realtime.errors import ConfigError
from realtime.overlay.layers import DEFAULT_LAYERS
from tests.fakes import make_analysis

LEFT, UP, RIGHT, DOWN = 65361, 65362, 65363, 65364


@pytest.fixture
def asked() -> list[Key]:
    return []


@pytest.fixture
def viewer(asked: list[Key]) -> Viewer:
    """Two seconds of 30 pictures each, the newest shown."""
    made = Viewer(WindowConfig(), asked.append)
    for index in range(60):
        made.push(make_analysis(index))
    return made


def index_shown(viewer: Viewer) -> int:
    assert viewer.shown is not None
    return viewer.shown.frame.index


def test_live_shows_the_newest(viewer: Viewer) -> None:
    assert index_shown(viewer) == 59
    viewer.push(make_analysis(60))
    assert index_shown(viewer) == 60


def test_space_holds_the_picture_and_lets_it_go(viewer: Viewer) -> None:
    viewer.press(ord(" "))
    viewer.push(make_analysis(60))
    assert index_shown(viewer) == 59
    viewer.press(ord(" "))
    viewer.push(make_analysis(61))
    assert index_shown(viewer) == 61


@pytest.mark.parametrize(
    "keys, shown",
    [
        ([LEFT], 58),
        ([LEFT, LEFT, RIGHT], 58),
        ([UP], 29),
        ([UP, DOWN], 59),
        ([UP, UP, UP], 0),
        ([RIGHT], 59),
        ([DOWN], 59),
        ([2424832, 2490368], 28),  # Windows: left, up
        ([63234, 63232], 28),  # macOS: left, up
    ],
)
def test_arrows_step_and_seek_within_the_history(viewer: Viewer, keys: list[int], shown: int) -> None:
    for key in keys:
        viewer.press(key)
    assert viewer.paused
    assert index_shown(viewer) == shown


def test_seeking_is_a_second_at_every_rate() -> None:
    viewer = Viewer(WindowConfig(), lambda key: None)
    for index in range(300):
        viewer.push(make_analysis(index, fps=100.0))
    viewer.press(UP)
    assert index_shown(viewer) == 199


def test_arrows_before_the_first_picture_do_nothing() -> None:
    viewer = Viewer(WindowConfig(), lambda key: None)
    viewer.press(LEFT)
    assert viewer.shown is None
    assert not viewer.paused


@pytest.mark.parametrize("letter, key", [("r", Key.RECORD), ("E", Key.MARK), ("b", Key.BASELINE)])
def test_keys_that_concern_the_run_are_handed_on(
    viewer: Viewer, asked: list[Key], letter: str, key: Key
) -> None:
    viewer.press(ord(letter))
    assert asked == [key]
    assert not viewer.paused


def test_layers_follow_the_keys(viewer: Viewer) -> None:
    assert viewer.layers == DEFAULT_LAYERS
    viewer.press(ord("o"))
    assert viewer.layers == {"hud"}
    viewer.press(ord("h"))
    assert viewer.layers == set()
    viewer.press(ord("?"))
    assert viewer.layers == {"help"}
    viewer.press(ord("O"))
    assert viewer.layers == DEFAULT_LAYERS - {"hud"} | {"help"}


def test_only_the_wanted_layers_come_back(asked: list[Key]) -> None:
    viewer = Viewer(WindowConfig(), asked.append, {"strip"})
    assert viewer.layers == {"strip", "hud"}


@pytest.mark.parametrize("code", [ord("q"), ord("Q"), 27])
def test_quitting(viewer: Viewer, code: int) -> None:
    viewer.press(code)
    assert viewer.quit


@pytest.mark.parametrize("code", [-1, 0, ord("x"), 10**6])
def test_other_codes_do_nothing(viewer: Viewer, asked: list[Key], code: int) -> None:
    viewer.press(code)
    assert not (viewer.paused or viewer.quit or asked)
    assert viewer.layers == DEFAULT_LAYERS


def test_the_history_is_bounded_by_seconds_and_bytes() -> None:
    by_time = History(WindowConfig(history_s=1.0))
    by_size = History(WindowConfig(history_mb=0.05))  # five pictures of 9216 bytes
    for index in range(100):
        by_time.push(make_analysis(index))
        by_size.push(make_analysis(index))
    assert (len(by_time), len(by_size)) == (31, 5)
    assert by_size[0].frame.index == 95


def test_a_history_over_the_cap_is_refused() -> None:
    with pytest.raises(ConfigError, match="window.history_s"):
        WindowConfig(history_s=100.0)


def test_a_display_that_is_not_there_is_found_without_the_windows_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("realtime.app.window.sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":987")
    reason = why_no_display()
    assert reason is not None and ("display" in reason or "libX11" in reason)
