"""What a rule-based window says of itself: frames missing inside, a beginning that was not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from realtime.spotting.spotter import flags_of
from realtime.types import Flag
from tests.fakes import make_chip
from tests.portrait import bump, chip_of, moved, portrait
from tests.realtime.spotting.test_spotter import BROW, UP, rise_and_fall, run, times_s

MOUTH_CORNER = 61
UP_AND_OUT = (3.0, -2.0)


@pytest.mark.parametrize(
    ("frames", "times", "gapped"),
    [
        ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4], False),
        ([0, 1, 3, 4, 5], [0, 1, 2, 3, 4], True),  # one was lost here
        ([0, 1, 2, 3, 4], [0, 1, 3, 4, 5], True),  # one never came
    ],
)
def test_a_missing_frame_shows_in_the_numbers_or_in_the_times(frames, times, gapped):
    chips = tuple(replace(make_chip(frame), t_ns=t * 10**7) for frame, t in zip(frames, times, strict=True))
    assert flags_of(chips) == ({Flag.GAPPED} if gapped else frozenset())


def test_a_movement_that_began_within_another_is_flagged():
    brow, mouth = bump(BROW, UP), bump(MOUTH_CORNER, UP_AND_OUT)

    def chip_at(index):
        t = index / 30
        shift = rise_and_fall(t, 1.5, 1.65, 1.9) * brow + rise_and_fall(t, 1.75, 2.15, 2.5) * mouth
        return chip_of(moved(portrait(), shift.astype(np.float32), noise=1.5, seed=index % 7), index)

    _, windows, _ = run(chip_at(index) for index in range(81))
    assert [window.flags for window in windows] == [frozenset(), {Flag.EDGE}]
    assert times_s(windows[1])[0] >= times_s(windows[0])[2]
