"""What parity compares, and on what."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ModelFileError
from engine.parity import Parity, compare, published_maps, realistic_maps, together, varied_maps
from realtime.maps import direction_map


def test_comparison_counts_decisions_and_the_largest_difference():
    wanted = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.9]], np.float32)
    given = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.1]], np.float32)
    found = compare(given, wanted)
    assert found.samples == 2 and found.agreement == 0.5
    assert found.max_abs_logit_diff == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize(
    ("precision", "difference", "agreement", "fits"),
    [
        ("fp32", 9e-4, 1.0, True),
        ("fp32", 2e-3, 1.0, False),
        ("fp16", 1.9e-2, 0.999, True),
        ("fp16", 1e-3, 0.99, False),
        ("int8", 0.3, 0.999, True),
    ],
)
def test_limits_of_each_precision(precision, difference, agreement, fits):
    assert Parity(1000, difference, agreement).fits(precision) is fits


def test_one_sample_in_a_hundred_may_choose_another_neighbour():
    wanted = np.zeros((200, 3), np.float32)
    wanted[:, 0] = 1.0
    given = wanted.copy()
    given[0, 1] = 0.01
    found = compare(given, wanted)
    assert found.max_abs_logit_diff == pytest.approx(0.01) and found.p99_abs_logit_diff == 0.0
    assert found.fits("fp32", chooses=True) and not found.fits("fp32")
    given[:3, 1] = 0.01
    assert not compare(given, wanted).fits("fp32", chooses=True)


def test_made_up_maps_have_the_published_layout():
    maps = realistic_maps(3)
    assert maps.shape == (3, 4, 28, 28, 3) and maps.dtype == np.float32
    assert maps.min() >= 0 and maps.max() <= 255 and np.array_equal(maps, np.rint(maps))
    difference = np.abs(direction_map(maps[:, :2].astype(np.uint8)).astype(float) - maps[:, 2:])
    assert difference.mean() < 0.5  # ours is exact, OpenCV's HSV rounds


def test_made_up_maps_are_the_same_for_a_seed_and_differ_otherwise():
    np.testing.assert_array_equal(realistic_maps(2), realistic_maps(2))
    assert not np.array_equal(realistic_maps(1), realistic_maps(1, seed=1))


def test_published_maps_are_those_that_training_reads(data_dir):
    from train.features import read_features

    folder = data_dir / "causalnet-cde"
    np.testing.assert_array_equal(published_maps(folder), read_features(folder).maps_u8)


def test_a_missing_folder_is_one_clear_line(tmp_path):
    with pytest.raises(ModelFileError, match="no sample list"):
        published_maps(tmp_path)


def test_varied_maps_are_movements_like_the_given_ones():
    given = realistic_maps(3)
    maps = varied_maps(given, 20)
    assert maps.shape == (20, 4, 28, 28, 3) and maps.dtype == np.float32
    assert maps.min() >= 0 and maps.max() <= 255 and np.array_equal(maps, np.rint(maps))
    difference = np.abs(direction_map(maps[:, :2].astype(np.uint8)).astype(float) - maps[:, 2:])
    assert difference.mean() < 0.5  # ours is exact, OpenCV's HSV rounds
    assert len(np.unique(maps.reshape(20, -1), axis=0)) == 20
    np.testing.assert_array_equal(maps, varied_maps(given, 20))


def test_comparisons_are_put_together_over_all_samples():
    found = together([Parity(100, 1e-3, 1.0), Parity(300, 2e-3, 0.99)])
    assert found.samples == 400 and found.max_abs_logit_diff == 2e-3
    assert found.agreement == pytest.approx(397 / 400)
