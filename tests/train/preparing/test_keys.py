"""Key frames mistaken and found."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.preparing.test_poorer import SAMPLE
from train.preparing.keys import _overlap, mistaken
from train.preparing.strip import Strip


def strip(count=100, first=1000):
    blank = np.zeros((count, 1, 1), np.uint8)
    numbers = np.arange(first, first + count)
    return Strip(numbers, numbers * 5_000_000, blank, np.zeros(count, np.int64))


def test_no_noise_leaves_the_key_frames():
    assert mistaken(strip(), (20, 40, 60), 0.0, np.random.default_rng(0)) == (20, 40, 60)


@pytest.mark.parametrize("sd", [10, 30, 300])
def test_noise_keeps_the_order_within_the_frames_there_are(sd):
    rng = np.random.default_rng(1)
    for _ in range(200):
        onset, apex, offset = mistaken(strip(), (20, 40, 60), sd, rng)
        assert 0 <= onset < apex < offset <= 99


def test_noise_has_the_size_asked_for():
    rng = np.random.default_rng(2)
    long = strip(2000)
    moved = [mistaken(long, (400, 1000, 1600), 20, rng)[1] - 1000 for _ in range(2000)]
    assert np.std(moved) == pytest.approx(20, rel=0.1) and abs(np.mean(moved)) < 2


def test_noise_is_of_frame_numbers_not_of_positions():
    sparse = Strip(
        np.arange(0, 1000, 10), np.arange(100), np.zeros((100, 1, 1), np.uint8), np.zeros(100, int)
    )
    rng = np.random.default_rng(3)
    moved = [mistaken(sparse, (20, 50, 80), 30, rng)[1] - 50 for _ in range(500)]
    assert np.std(moved) == pytest.approx(3, rel=0.2)


def test_overlap_counts_both_ends():
    class Chip:
        def __init__(self, frame_index):
            self.frame_index = frame_index

    class Window:
        onset, offset = 0, 1

        def __init__(self, first, last):
            self.chips = (Chip(first), Chip(last))

    assert _overlap(Window(120, 173), SAMPLE) == 1.0
    assert _overlap(Window(120, 146), SAMPLE) == 0.5
    assert _overlap(Window(10, 20), SAMPLE) == 0.0
