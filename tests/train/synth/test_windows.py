"""Known movements arrive in the chips with the size, place and noise that were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.face.alignment import chip_transform, eyes_pose
from realtime.movement.model import Side
from realtime.types import CHIP_SIZE, MAP_SIZE
from train.errors import DatasetError
from train.synth.people import WEBCAM_IOD_PX, read_people
from train.synth.windows import Crop, Known, maps_of_chips, render


@pytest.fixture(scope="module")
def person(data_dir):
    return read_people([data_dir / "faces" / "stills" / "london_001_neutral.jpg"])[0]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_people_have_webcam_size(person):
    assert np.exp(eyes_pose(person.landmarks_px)[2]) == pytest.approx(WEBCAM_IOD_PX, rel=0.01)
    assert person.landmarks_px.shape == (468, 2) and person.name == "london_001_neutral"


def test_stills_without_a_face(tmp_path, data_dir):
    import cv2

    cv2.imwrite(str(tmp_path / "gray.png"), np.full((200, 200, 3), 128, np.uint8))
    with pytest.raises(DatasetError, match="none of 1 stills shows a face"):
        read_people([tmp_path / "gray.png"])
    with pytest.raises(DatasetError, match="is no picture"):
        read_people([tmp_path / "missing.png"])


def test_brows_move_and_chin_does_not(person, rng):
    onset, apex, offset = render(person, Known((1, 2), 2, 2.0), 0.0, rng).astype(int)
    changed = np.abs(apex - onset)
    assert changed[20:45].mean() > 5 * changed[100:].mean()
    np.testing.assert_array_equal(offset, onset)


def test_noise_is_independent_in_every_chip(person, rng):
    chips = render(person, Known((12,), 1), 2.0, rng).astype(float)
    assert 0.3 < np.std(chips[2] - chips[0]) < 4.0
    assert not np.array_equal(chips[0], chips[2])


def test_one_side_moves_only_that_side(person, rng):
    onset, apex, _ = render(person, Known((12,), 1, 2.0, Side.LEFT), 0.0, rng).astype(int)
    changed = np.abs(apex - onset)
    assert changed[:, 70:].mean() > 10 * changed[:, :50].mean()  # the person's left is on the right


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


def test_maps_show_the_brows_rising_and_falling(person, rng):
    maps = maps_of_chips(render(person, Known((1, 2), 2, 2.0), 0.0, rng))
    assert maps.shape == (4, 28, 28, 3) and maps.dtype == np.uint8
    brows, chin = maps[:2, 5:9, 6:22, 1].mean(axis=(1, 2)), maps[:2, 24:, 6:22, 1].mean(axis=(1, 2))
    assert brows[0] < chin[0] - 50, "up is negative v"
    assert brows[1] > chin[1] + 50
