"""The benchmark without a name: what its report says, over fake rooms and made-up windows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from realtime import bench
from realtime.app.cli import run_main
from realtime.benches import whole
from tests.fakes import FakeAnalyser

PICTURES = [np.zeros((120, 160, 3), np.uint8)] * 4


def test_the_house_is_measured_in_one_run(monkeypatch, tmp_path, capsys):
    windows_ms = {"ours": 20.0, "opencv_tvl1": 500.0, "dis_medium": 5.0}
    monkeypatch.setattr(whole, "demo_frames", lambda: PICTURES)
    monkeypatch.setattr(whole, "rooms_of", lambda config, times: FakeAnalyser(every=2))
    monkeypatch.setattr(whole, "flow_ms", lambda data: windows_ms)
    out = tmp_path / "bench.json"
    assert run_main(bench.main, ["--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert report["flow_ratios"] == {"opencv_tvl1": 25.0, "dis_medium": 0.25}
    assert report["stages"]["frame"]["count"] == whole.ROUNDS * len(PICTURES)
    assert report["fps"] > 0
    assert "end to end" in capsys.readouterr().out


def test_the_demo_shows_a_face_that_moves():
    first, *_, last = whole.demo_frames(4)
    assert first.shape == (480, 640, 3)
    assert not np.array_equal(first, last)


def test_flow_is_timed_beside_opencv(monkeypatch, tmp_path):
    chips = [np.random.default_rng(k).integers(0, 255, (128, 128)).astype(np.uint8) for k in range(3)]

    class Window:
        chips_u8 = chips

    monkeypatch.setattr(whole, "people_in", lambda data: [data])
    monkeypatch.setattr(whole, "load_person", lambda path: path)
    monkeypatch.setattr(whole, "cases_of", lambda person, number: iter([Window()]))
    assert set(whole.flow_ms(tmp_path)) == {"ours", "opencv_tvl1", "dis_medium", "farneback"}


@pytest.mark.parametrize("arguments", [["--json", "no/where.json"], ["--data", "nowhere", "flow"]])
def test_flags_stand_before_a_name_too(arguments, capsys):
    assert run_main(bench.main, arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1
