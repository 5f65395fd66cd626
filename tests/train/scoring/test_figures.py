from __future__ import annotations

import json
from pathlib import Path

import pytest

from train.scoring.figures import main

REPORT = {
    "recall_by_amplitude_px": {"0-0.5": [1, 4], "0.5-1": [3, 4], "1-2": [0, 0]},
    "recall_by_duration_ms": {"0-250": [1, 2], "250-600": [4, 4]},
    "all": {"micro": {"f1": 0.8, "precision": 0.9, "recall": 0.7}},
}


def test_a_picture_for_each_curve_there_is(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps(REPORT), encoding="utf-8")
    rates = [flag for fps in (30, 100) for flag in ("--rate", f"fps:{fps}={report}")]
    assert main(["--report", f"still={report}", *rates, "--out", str(tmp_path / "out")]) == 0
    drawn = {path.name for path in (tmp_path / "out").iterdir()}
    assert drawn == {"amplitude.png", "duration.png", "fps.png"}


def test_rates_alone_leave_the_other_pictures_as_they_are(tmp_path: Path) -> None:
    report, other = tmp_path / "report.json", tmp_path / "amplitude.png"
    report.write_text(json.dumps(REPORT), encoding="utf-8")
    other.write_bytes(b"of another run")
    assert main(["--rate", f"kbps:400={report}", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "bit_rate.png").exists()
    assert other.read_bytes() == b"of another run"


@pytest.mark.parametrize("given", ["still", "still=nowhere.json"])
def test_a_report_that_cannot_be_read_is_one_line(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--report", given]) == 2
    assert capsys.readouterr().err.startswith("train.scoring.figures: ")
