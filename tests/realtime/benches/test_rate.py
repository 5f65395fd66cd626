"""The climb to the highest rate held, over made-up trials and over the real pipeline with fake rooms."""

from __future__ import annotations

import json

import numpy as np
import pytest

from realtime import bench
from realtime.app.cli import USER_ERROR, run_main
from realtime.benches import rate as rate_bench
from realtime.benches.rate import Trial, climb, report_of
from tests.fakes import FakeAnalyser

PICTURES = [np.zeros((120, 160, 3), np.uint8)] * 3


def trial(fps, lost=0, age_ms=10.0):
    times = {"count": 100, "p50_ms": 2.0, "p95_ms": 3.0 + fps / 100}
    return Trial(fps, 100, lost, 0, {"look": times, "age": {"count": 100, "p50_ms": 5.0, "p95_ms": age_ms}})


def test_the_climb_ends_at_the_first_rate_that_is_not_held():
    asked = []

    def attempt(fps):
        asked.append(fps)
        return trial(fps, lost=3 if fps > 150 else 0)

    trials = climb([200, 30, 100, 300, 150], attempt)
    assert asked == [30, 100, 150, 200, 200]
    assert [one.held for one in trials] == [True, True, True, False]
    report = report_of(trials)
    assert report["highest_fps_without_loss"] == 150
    assert (report["frame_ms_p50"], report["frame_ms_p95"]) == (2.0, 4.5)
    assert [row["lost"] for row in report["rates"]] == [0, 0, 0, 3]


def test_a_rate_disturbed_once_is_tried_again():
    seen = iter([trial(30), trial(60, age_ms=500.0), trial(60), trial(100)])
    assert [one.fps for one in climb([30, 60, 100], lambda fps: next(seen))] == [30, 60, 100]


def test_a_queue_that_grows_is_not_held():
    assert not trial(60, age_ms=121.0).held
    report = report_of([trial(30, age_ms=500.0)])
    assert report["highest_fps_without_loss"] == 0
    assert report["frame_ms_p50"] == 2.0


@pytest.fixture
def fake_rooms(monkeypatch):
    """The real pipeline over rooms that find no face, and three small pictures as the clip."""

    def rooms_of(config, times):
        for name in ("landmarks", "align", "spot"):
            times.add(name, 1_000_000)
        return FakeAnalyser()

    monkeypatch.setattr(rate_bench, "rooms_of", rooms_of)
    monkeypatch.setattr(rate_bench, "frames_of", lambda clip: PICTURES)
    monkeypatch.setattr(rate_bench, "MOST_AGE_MS", float("inf"))  # however busy the machine is


def test_the_report_has_the_agreed_keys(fake_rooms, tmp_path, capsys):
    out = tmp_path / "rate.json"
    arguments = ["rate", "--rates", "200", "100", "--seconds", "0.05", "--json", str(out)]
    assert run_main(bench.main, arguments) == 0
    report = json.loads(out.read_text())
    assert {"frame_ms_p50", "frame_ms_p95", "highest_fps_without_loss"} <= set(report)
    assert report["frame_ms_p50"] == pytest.approx(3.0, rel=0.02)
    assert [row["fps"] for row in report["rates"]] == [100, 200]
    assert [row["frames"] for row in report["rates"]] == [5, 10]
    assert {"look", "frame", "age"} <= set(report["stages"])
    assert "highest rate without loss: 200 fps" in capsys.readouterr().out


def test_user_errors_are_one_line(tmp_path, capsys):
    wrong = (["--clip", str(tmp_path / "no.mp4")], ["--seconds", "0"], ["--set", "face.model=eyes"])
    for arguments in wrong:
        assert run_main(bench.main, ["rate", *arguments]) == USER_ERROR
        assert capsys.readouterr().err.count("\n") == 1
