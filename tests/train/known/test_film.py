"""A filmed movement begins, peaks and ends when it should, where it should, under noise as asked for."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.face.alignment import chip_transform, cut_chip, eyes_pose
from realtime.movement.model import Side
from train.known.film import FRAMES, KEY_FRAMES, Known, Sensor, Sway, film, rest


def chips(person, pictures):
    to_chip = chip_transform(eyes_pose(person.landmarks_px))
    return np.stack([cut_chip(bgr, to_chip) for bgr in pictures]).astype(int)


def test_rest_onset_apex_offset_rest(person, quiet):
    pictures = film(person, Known((1, 2), 2, 2.0), quiet)
    changed = [np.abs(bgr.astype(int) - person.bgr).mean() for bgr in pictures]
    onset, apex, offset = KEY_FRAMES
    assert len(changed) == FRAMES and int(np.argmax(changed)) == apex
    assert not any(changed[: onset + 1]) and not any(changed[offset:])
    assert changed[onset + 1 : apex + 1] == sorted(changed[onset + 1 : apex + 1])
    assert changed[apex:offset] == sorted(changed[apex:offset], reverse=True)


def test_brows_move_and_chin_does_not(person, quiet):
    onset, apex, _ = chips(person, film(person, Known((1, 2), 2, 2.0), quiet))[list(KEY_FRAMES)]
    changed = np.abs(apex - onset)
    assert changed[20:45].mean() > 5 * changed[100:].mean()


def test_one_side_moves_only_that_side(person, quiet):
    known = Known((12,), 1, 2.0, Side.LEFT)
    onset, apex, _ = chips(person, film(person, known, quiet))[list(KEY_FRAMES)]
    changed = np.abs(apex - onset)
    assert changed[:, 70:].mean() > 10 * changed[:, :50].mean()  # the person's left is on the right


def test_noise_has_its_size_and_is_new_in_every_picture(person, rng):
    first, second = (bgr.astype(float) for bgr in rest(person, Sensor(2.0, rng), 2))
    bright = (person.bgr > 20) & (person.bgr < 235)
    assert np.std((first - person.bgr)[bright]) == pytest.approx(2.0, rel=0.05)
    assert np.std((second - first)[bright]) == pytest.approx(2.0 * np.sqrt(2), rel=0.05)


def test_a_swaying_head_moves_all_of_the_picture_by_little(person, quiet):
    sway = Sway(phases=(0.0, 1.0, 2.0, 3.0))
    first, last = (sway.at(t_s, person) for t_s in (0.0, 0.5))
    at = np.array([*person.landmarks_px[4], 1.0])
    moved_px = float(np.linalg.norm((last - first) @ at))
    assert 1.0 < moved_px < 12.0
    pictures = film(person, Known((12,), 1, 1.0), quiet, sway)
    assert not np.array_equal(pictures[0], pictures[1])


def test_names():
    assert Known((1, 2), 2).name == "1+2"
    assert [action.unit for action in Known((1, 2), 2).actions] == [1, 2]
