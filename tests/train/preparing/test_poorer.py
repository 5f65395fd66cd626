"""Poorer pictures: which frames are left, what becomes of the key frames, and that pictures do get poorer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from engine.errors import ConfigError
from realtime.types import Kind
from train.preparing.poorer import CONDITIONS, BitRate, Dropped, FrameRate, Resolution
from train.readers import Sample


@dataclass(frozen=True)
class Noise:
    """Frames of 64x65 pixels, each of its own noise."""

    numbers: tuple[int, ...] = tuple(range(100, 200))
    where: str = "noise"

    def read(self, first, last):
        for number in self.numbers:
            if first <= number <= last:
                rng = np.random.default_rng(number)
                yield number, rng.integers(0, 255, (64, 65, 3)).astype(np.uint8)


SAMPLE = Sample("samm", "006", "a", Kind.MICRO, 120, 141, 173, "anger", "4", 200.0, Noise(), 2)


def read(sample, first=100, last=199):
    return dict(sample.pictures.read(first, last))


@pytest.mark.parametrize(("fps", "step"), [(100, 2), (50, 4), (30, 200 / 30)])
def test_a_slower_camera_gives_every_so_many_frames(fps, step):
    slower = FrameRate(fps).applied(SAMPLE)
    assert abs(np.diff(slower.pictures.numbers) - step).max() < 1
    assert list(read(slower, 110, 130)) == [n for n in slower.pictures.numbers if 110 <= n <= 130]
    for was, now in zip((120, 141, 173), (slower.onset, slower.apex, slower.offset), strict=True):
        assert now in slower.pictures.numbers and abs(now - was) <= step / 2


def test_a_camera_no_slower_changes_nothing():
    assert FrameRate(200).applied(SAMPLE) is SAMPLE and FrameRate(240).applied(SAMPLE) is SAMPLE


def test_lost_frames_are_the_same_every_time_and_about_as_many_as_asked():
    lossy = Dropped(0.3).applied(SAMPLE)
    assert 55 <= len(lossy.pictures.numbers) <= 85
    assert lossy == Dropped(0.3).applied(SAMPLE) != Dropped(0.3, seed=1).applied(SAMPLE)
    assert lossy.onset in lossy.pictures.numbers
    with pytest.raises(ConfigError, match="a share of frames"):
        Dropped(1.0)


def test_a_smaller_picture():
    assert read(Resolution(0.5).applied(SAMPLE), 100, 100)[100].shape == (32, 32, 3)


def test_fewer_bits_are_farther_from_the_truth():
    true = read(SAMPLE, 100, 110)

    def error(kbps):
        seen = read(BitRate(kbps).applied(SAMPLE), 100, 110)
        assert list(seen) == list(true) and seen[100].shape == (64, 64, 3), "even sides"
        return np.mean([np.abs(seen[n].astype(int) - true[n][:, :64]).mean() for n in true])

    assert error(200) > error(20_000) + 5


def test_every_group_has_a_curve():
    for conditions in CONDITIONS.values():
        assert len({condition.group for condition in conditions}) == 1 and len(conditions) > 1
