from __future__ import annotations

import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.movement.geometry import LID_MIDDLES
from tests.portrait import mesh
from train.synth.gaze import Gaze, eyeballs
from train.synth.nuisance import NuisanceConfig, Sensor, Sway, delivered

GRAY = np.full((64, 80, 3), 128, np.uint8)


def sensor(**changes: float) -> Sensor:
    off = {"noise": 0.0, "flicker": 0.0, "drift": 0.0}
    return Sensor(np.random.default_rng(5), NuisanceConfig(**{**off, **changes}), GRAY.shape[:2])


def test_noise_has_its_size_is_new_in_each_frame_and_the_same_again() -> None:
    camera = sensor(noise=2.0)
    first, second = camera.seen(GRAY, 0.0, 0), camera.seen(GRAY, 0.0, 1)
    assert first.std() == pytest.approx(2.0, rel=0.1) and first.mean() == pytest.approx(128, abs=0.2)
    assert (first != second).mean() > 0.5
    assert (sensor(noise=2.0).seen(GRAY, 0.0, 1) == second).all()


def test_without_strength_the_picture_stays() -> None:
    assert (sensor().seen(GRAY, 0.3, 7) == GRAY).all()


def test_lamps_flicker_with_what_the_frame_rate_leaves_of_100_hz() -> None:
    lamps = sensor(flicker=0.01)
    at_25 = [lamps.gain(i / 25) for i in range(25)]
    at_30 = [lamps.gain(i / 30) for i in range(30)]
    assert np.ptp(at_25) == pytest.approx(0, abs=1e-9)  # 100 Hz is a multiple of 25
    assert np.ptp(at_30) > 0.015


def test_the_head_sways_within_its_reach() -> None:
    sway = Sway(np.random.default_rng(0), reach_px=6.0)
    moved = np.array([sway.at(t, (50.0, 50.0)) @ [50, 50, 1] for t in np.arange(0, 60, 0.1)]) - 50
    assert 2.0 < np.ptp(moved[:, 0]) <= 12.0
    assert np.abs(np.diff(moved, axis=0)).max() < 1.5


def test_dropped_frames_leave_a_hole_and_doubled_ones_show_the_last_picture() -> None:
    come = delivered(np.random.default_rng(1), 1000, NuisanceConfig(dropped=0.1, doubled=0.05))
    assert 870 < len(come) < 930
    whens, whats = zip(*come, strict=True)
    assert list(whens) == sorted(set(whens)) and whens[:2] == (0, 1)
    doubled = [i for i in range(1, len(come)) if whats[i] == whats[i - 1]]
    assert 25 < len(doubled) < 80
    assert all(what <= when for when, what in come)


def test_without_losses_every_frame_comes() -> None:
    assert delivered(np.random.default_rng(1), 5, NuisanceConfig()) == [(i, i) for i in range(5)]


def test_strengths_are_checked() -> None:
    with pytest.raises(ConfigError, match="must not be negative"):
        NuisanceConfig(noise=-1)
    with pytest.raises(ConfigError, match="shares below"):
        NuisanceConfig(dropped=0.6)


def test_eyes_jump_and_then_rest_within_their_reach() -> None:
    gaze = Gaze(np.random.default_rng(3), 0.04, 30.0)
    looks = np.array([gaze.at(t) for t in np.arange(0, 30, 0.01)])
    assert 0.03 < np.abs(looks[:, 0]).max() <= 0.04 and np.abs(looks[:, 1]).max() <= 0.016
    moving = np.abs(np.diff(looks, axis=0)).max(axis=1) > 0
    assert 0.01 < moving.mean() < 0.15


def test_only_what_lies_between_the_lids_goes_along_with_the_eyes() -> None:
    portrait = mesh()[:, :2]
    share = eyeballs(portrait, (int(portrait[:, 1].max()) + 9, int(portrait[:, 0].max()) + 9))
    middles = [portrait[list(pair)].mean(axis=0).round().astype(int) for pair in LID_MIDDLES]
    assert all(share[y, x] > 0.9 for x, y in middles)
    assert all(share[y, x] == 0 for x, y in portrait[[33, 133, 70, 50, 168]].round().astype(int))
