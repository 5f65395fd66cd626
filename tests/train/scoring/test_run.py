"""What is counted while a video is watched, with a spotter that says what it is told to."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from realtime.output.tables import SIGNAL_NAME
from realtime.types import Analysis, Frame, SpotSignal
from tests.fakes import ListSource, make_analysis, make_chip, make_frame
from train.scoring.run import Watched, _watched_by, coverage

ARMED = [(), (), (False,), (False, False), (True, False), (True,), (False,), (True,)]  # by frame and face


class Scripted:
    """Says of the faces of each frame whether an event could be there."""

    def __init__(self) -> None:
        self._armed: Iterator[tuple[bool, ...]] = iter(ARMED)

    def step(self, frame: Frame) -> Analysis:
        i, armed = frame.index, next(self._armed)
        chips = tuple(make_chip(i, face=face) for face in range(len(armed)))
        signals = tuple(
            SpotSignal("fake", i, frame.t_ns, face, 0.1, 0.5, 1.0, one, np.zeros(0, np.float32))
            for face, one in enumerate(armed)
        )
        return replace(make_analysis(i), frame=frame, chips=chips, signals=signals)

    def finish(self) -> tuple[tuple[()], tuple[()]]:
        return (), ()


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    frames = [make_frame(i, fps=10.0) for i in range(len(ARMED))]
    monkeypatch.setattr("train.scoring.run.FileSource", lambda video: ListSource(frames))
    return _watched_by(Scripted(), tmp_path / "a.mp4", tmp_path)  # type: ignore[arg-type]


def test_each_frame_counts_for_its_time_with_a_face_and_armed_or_not(watched: Watched) -> None:
    times = (watched.seconds, watched.face_s, watched.armed_s, watched.frame_ms)
    assert times == pytest.approx((0.8, 0.6, 0.3, 100.0))
    assert coverage([watched]) == 0.5


def test_the_table_says_the_same(watched: Watched, tmp_path: Path) -> None:
    with (tmp_path / SIGNAL_NAME).open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["face"]]
    with_face = {row["frame"] for row in rows}
    armed = {row["frame"] for row in rows if row["armed"] == "1"}
    assert coverage([watched]) == len(armed) / len(with_face) < 1
