"""Frames from memory, and what a frame costs."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.benches.live import LookTimes, SwingSource, frames_of
from realtime.clock import NS_PER_MS
from realtime.errors import ConfigError
from tests.fakes import ManualClock

PICTURES = [np.full((4, 6, 3), level, np.uint8) for level in range(4)]


def test_pictures_go_there_and_back_at_the_rate():
    with SwingSource(PICTURES, 200.0, 0.05, live=False) as source:
        frames = list(source)
    assert [int(frame.bgr[0, 0, 0]) for frame in frames] == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]
    assert [frame.t_ns for frame in frames] == [index * 5 * NS_PER_MS for index in range(10)]
    assert [frame.index for frame in frames] == list(range(10))


def test_in_real_time_each_frame_waits_until_it_is_due():
    clock, waits = ManualClock(), []

    def wait(duration_s):
        waits.append(duration_s)
        clock.advance(duration_s)
        return False

    with SwingSource(PICTURES, 100.0, 0.04, clock=clock, wait=wait) as source:
        arrived = [frame.arrived_ns for frame in source]
    assert waits == pytest.approx([0.01] * 3)
    assert arrived == pytest.approx([0, 10e6, 20e6, 30e6])


@pytest.mark.parametrize(("pictures", "fps", "seconds"), [([], 30, 1), (PICTURES, 0, 1), (PICTURES, 30, 0)])
def test_nothing_to_measure_is_told(pictures, fps, seconds):
    with pytest.raises(ConfigError, match="rate"):
        SwingSource(pictures, fps, seconds)


def test_a_look_is_landmarks_alignment_and_spotting_of_one_frame():
    times = LookTimes()
    for landmarks, align, spot in ((1.0, 0.5, 0.25), (2.0, 1.0, 1.0)):
        for name, ms in (("landmarks", landmarks), ("align", align), ("spot", spot), ("frame", 50.0)):
            times.add(name, ms * NS_PER_MS)
    look = times.summary()["look"]
    assert look["count"] == 2
    assert look["p50_ms"] == pytest.approx(1.75, rel=0.02)
    assert look["p95_ms"] == pytest.approx(4.0, rel=0.02)


def test_a_clip_is_decoded_up_to_a_limit(data_dir):
    pictures = frames_of(data_dir / "faces" / "clips" / "intel_asl_book.mkv", 5)
    assert [picture.shape for picture in pictures] == [(480, 640, 3)] * 5
