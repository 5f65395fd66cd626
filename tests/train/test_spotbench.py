"""The benchmark on one short still, and what its figures mean."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from train.scoring.report import boundaries, confusion, figures, recalls
from train.scoring.run import Watched, coverage
from train.scoring.score import Interval, Match, compare
from train.spotbench import main

BLINK = frozenset({"blink"})


def at(onset: int, offset: int, **more: object) -> Interval:
    return Interval("a", onset, offset, "micro", **more)  # type: ignore[arg-type]


def test_events_that_name_another_cause_are_counted_three_ways() -> None:
    truth = [at(0, 9, amplitude_px=1.0), at(50, 59, amplitude_px=1.0)]
    spotted = [at(0, 9, flags=BLINK), at(20, 29, flags=BLINK), at(30, 39, flags=frozenset({"low_fps"}))]
    found = figures(truth, spotted, [Watched("a.mp4", 120.0, 60.0, 54.0, 40.0)], least_px=0.5)
    rows = {way: [found[way]["micro"][name] for name in ("tp", "fp", "fn")] for way in found if way in
            ("all", "forgiven", "unflagged")}  # fmt: skip
    assert rows == {"all": [1, 2, 1], "forgiven": [1, 1, 1], "unflagged": [0, 1, 2]}
    assert found["all"]["false_alarms_per_minute"] == 2.0  # of face time, which is one minute
    assert found["coverage"] == 0.9
    assert found["recall_by_duration_ms"]["350-450"] == [1, 2]  # ten frames of 40 ms, ends included
    assert found["flags_of_false_alarms"] == {
        "blink": 1, "head_motion": 0, "light_change": 0, "speech": 0, "none": 1
    }  # fmt: skip


def test_coverage_is_of_face_time_and_unknown_without_a_face() -> None:
    assert coverage([Watched("a", 100, 10, 10), Watched("b", 10, 10, 5)]) == 0.75
    assert coverage([Watched("a", 100, 0, 0)]) is None


def test_boundaries_are_in_milliseconds() -> None:
    match = Match(at(10, 19), at(11, 16, frame_s=0.02))
    assert boundaries([match]) == {"median": 40.0, "onset_bias": 20.0, "offset_bias": -60.0}
    assert boundaries([]) == {}


def test_recall_by_band() -> None:
    truth = [at(0, 9, amplitude_px=0.3), at(20, 29, amplitude_px=0.8), at(40, 49, amplitude_px=0.9)]
    scored = compare(truth, [at(20, 29)])
    assert recalls(scored, (0, 0.5, 1), lambda true: true.amplitude_px) == {"0-0.5": [0, 1], "0.5-1": [1, 2]}


def test_what_lies_on_an_edge_is_in_the_upper_band_found_or_missed() -> None:
    truth = [at(0, 9, amplitude_px=0.5), at(20, 29, amplitude_px=0.5), at(40, 49, amplitude_px=0.0)]
    bands = recalls(compare(truth, [at(20, 29)]), (0, 0.5, 1), lambda true: true.amplitude_px)
    assert bands == {"0-0.5": [0, 1], "0.5-1": [1, 2]}


def test_what_was_said_of_the_found_ones() -> None:
    pairs = (("negative", "negative"), ("negative", "unclear"), ("positive", "negative"), ("", "negative"))
    matches = [Match(at(0, 9, label=true), at(0, 9, label=said)) for true, said in pairs]
    assert confusion(matches) == {"negative": {"negative": 1, "unclear": 1}, "positive": {"negative": 1}}


@pytest.mark.data
def test_a_short_still_from_end_to_end(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--part", "still", "--people", "london_017", "--seconds", "2", "--amplitude", "0.02", "0.03"]
    shared = ["--workers", "1", "--data", str(data_dir), "--out", str(tmp_path)]
    assert main([*arguments, *shared, "--json", str(tmp_path / "first.json")]) == 0
    first = json.loads((tmp_path / "first.json").read_text())
    assert first["videos"] == 1 and 0.7 < first["coverage"] < 1
    (signal,) = tmp_path.rglob("signal.csv")
    with signal.open(newline="") as stream:
        armed = [row["armed"] == "1" for row in csv.DictReader(stream) if row["face"]]
    assert first["coverage"] == pytest.approx(sum(armed) / len(armed), abs=1e-4)
    assert first["face_minutes"] == pytest.approx(2 / 60, abs=2e-3)
    (meshes,) = (tmp_path / "sets").rglob("*.npz")
    with np.load(meshes) as kept:
        assert kept["meshes"].shape == (60, 468, 3)
    # The second run neither builds nor looks for faces again, and says the same.
    monkeypatch.setattr("train.spotbench.Studio", None)
    monkeypatch.setattr("realtime.face.finder._face_mesh", None)
    assert main([*arguments, *shared, "--json", str(tmp_path / "second.json")]) == 0
    assert json.loads((tmp_path / "second.json").read_text()) == first


def test_unknown_people_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--part", "acting", "--people", "nobody", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
