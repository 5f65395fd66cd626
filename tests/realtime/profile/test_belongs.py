"""A profile of another camera is told of, once."""

from __future__ import annotations

import pytest

from realtime.errors import ConfigError
from realtime.profile.belongs import ProfileCheck, ProfileConfig
from realtime.ring import Record
from tests.fakes import make_analysis

MINE = ProfileConfig("desk", 64, 48, 30.0)


def told(config: ProfileConfig, fps: float = 30.0, size: tuple[int, int] = (48, 64)) -> ProfileCheck:
    check = ProfileCheck(config)
    for index in range(90):
        check.write(Record(make_analysis(index, fps, size=size), picture=True))
    return check


def test_the_profiles_own_camera_is_not_spoken_of() -> None:
    assert told(MINE).notes == ()
    assert told(MINE, fps=25.0).notes == ()  # a little slower in dim light
    assert told(ProfileConfig(), fps=5.0).notes == ()


def test_another_size_or_rate_is_one_line_each() -> None:
    [size] = told(MINE, size=(60, 80)).notes
    assert "profile 'desk' was measured at 64x48, this source gives 80x60" in size
    [rate] = told(MINE, fps=15.0).notes
    assert "30.0 fps, this source gives 15.0 fps" in rate
    assert len(told(MINE, fps=100.0, size=(60, 80)).notes) == 2


def test_what_was_said_is_taken_once_and_kept_for_the_summary() -> None:
    check = told(MINE, fps=15.0)
    assert check.take() == list(check.notes) and check.take() == []


def test_a_named_profile_has_a_camera() -> None:
    with pytest.raises(ConfigError, match="width, height and fps"):
        ProfileConfig("desk")


def test_frames_that_this_computer_skipped_do_not_change_the_rate() -> None:
    check = ProfileCheck(MINE)
    for index in range(0, 90, 3):
        check.write(Record(make_analysis(index), picture=True))
    assert check.notes == ()
