"""What a child says of a clip: every tenth of a second of its curve, and how often a face was there."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.ring import Record
from realtime.spotting.regions import REGIONS
from realtime.types import Analysis, SpotSignal
from realtime.web.replay_run import Curve
from tests.fakes import make_chip, make_frame

STILL = np.zeros(len(REGIONS), np.float32)


def record(index: int, *, face: bool = True, rest: bool = False) -> Record:
    """One frame of thirty a second; its score is its number."""
    frame, chips = make_frame(index), (make_chip(index),) if face else ()
    signals = tuple(
        SpotSignal("fake", index, frame.t_ns, 0, float(index), 6.0, 1.0, True, STILL) for _ in chips
    )
    return Record(Analysis(frame, chips, signals, (), ()), picture=True, rest=rest)


def written(frames: int, **kinds: bool) -> Curve:
    curve = Curve()
    for index in range(frames):
        curve.write(record(index, **kinds))
    return curve


@pytest.mark.parametrize("frames, starts", [(0, 0), (1, 1), (3, 1), (5, 2), (30, 10), (31, 11)])
def test_as_many_bins_come_out_as_went_in(frames: int, starts: int) -> None:
    curve = written(frames)
    before = curve.take()["points"]
    curve.close()
    curve.close()
    points = [*before, *curve.take()["points"]]
    assert [start for start, _, _ in points] == pytest.approx([number / 10 for number in range(starts)])
    assert not points or points[-1][1:] == [frames - 1, 6.0]


def test_frames_with_a_face_are_counted() -> None:
    curve = written(7)
    for index in (7, 8):
        curve.write(record(index, face=False))
    curve.write(record(8, rest=True))  # no frame: only what was open when they ended
    assert curve.take()["seen"] == curve.take()["seen"] == 7
    assert written(5, face=False).take()["seen"] == 0
