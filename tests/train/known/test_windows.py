"""From pictures to maps by the live chain; a crop beside its place is beside it by what was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.face.alignment import chip_transform, eyes_pose
from realtime.types import CHIP_SIZE, MAP_SIZE
from train.errors import DatasetError
from train.known.film import KEY_FRAMES, Known, film
from train.known.windows import Crop, Watcher, maps_of_chips


@pytest.fixture(scope="module")
def watcher():
    made = Watcher("somebody")
    yield made
    made.close()


def test_maps_show_the_brows_rising_and_falling(person, quiet, watcher):
    watched = watcher.watch(film(person, Known((1, 2), 2, 2.0), quiet))
    chips = watched.at()
    np.testing.assert_array_equal(chips[0], watched.chips[KEY_FRAMES[0]].gray_u8)
    maps = maps_of_chips(chips)
    assert maps.shape == (4, 28, 28, 3) and maps.dtype == np.uint8
    brows, chin = maps[:2, 5:9, 6:22, 1].mean(axis=(1, 2)), maps[:2, 24:, 6:22, 1].mean(axis=(1, 2))
    assert brows[0] < chin[0] - 50, "up is negative v"
    assert brows[1] > chin[1] + 50


def test_cut_again_at_the_same_place_is_the_same_chip(person, quiet, watcher):
    watched = watcher.watch(film(person, Known((12,), 1), quiet))
    np.testing.assert_array_equal(watched.at(crop=Crop()), watched.at())
    lower = watched.at(crop=Crop(rows=7.0))  # 7 of 28 rows are 32 of 128
    assert np.abs(lower[0, 32:].astype(int) - watched.at()[0, :-32]).mean() < 1.0


def test_a_lost_face_is_said(watcher):
    with pytest.raises(DatasetError, match="somebody: no face in picture 0"):
        watcher.watch([np.zeros((480, 640, 3), np.uint8)])


def test_crop_moves_the_face_by_rows_and_columns_of_the_map(person):
    to_chip = chip_transform(eyes_pose(person.landmarks_px))
    moved = Crop(rows=1.5, columns=-1.0).apply(to_chip)
    step = CHIP_SIZE / MAP_SIZE
    np.testing.assert_allclose(moved[:, 2] - to_chip[:, 2], [-1.0 * step, 1.5 * step])
    np.testing.assert_allclose(moved[:, :2], to_chip[:, :2])


def test_crop_scales_about_the_middle_of_the_chip(person):
    to_chip = chip_transform(eyes_pose(person.landmarks_px))
    middle = np.linalg.solve(to_chip[:, :2], np.full(2, (CHIP_SIZE - 1) / 2) - to_chip[:, 2])
    moved = Crop(scale=1.1).apply(to_chip)
    np.testing.assert_allclose(moved[:, :2] @ middle + moved[:, 2], (CHIP_SIZE - 1) / 2)
    np.testing.assert_allclose(moved[:, :2], 1.1 * to_chip[:, :2])
