"""Labels of a live run beside the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from train.mol.__main__ import main

TRUTH = """onset_s,apex_s,offset_s,type,label,aus,amplitude_px
1.0,1.2,1.4,micro,positive,12,1.0
2.0,2.2,2.4,micro,surprise,1+2,1.0
2.6,2.7,2.8,blink,,45,3.0
3.0,3.2,3.4,micro,negative,4,1.0
"""
EVENTS = """onset_s,offset_s,label
1.05,1.45,positive
2.1,2.5,negative
2.6,2.8,negative
3.0,3.4,unclear
"""


def test_only_what_lies_on_a_movement_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "demo_truth.csv").write_text(TRUTH)
    (tmp_path / "events.csv").write_text(EVENTS)
    assert main(["agree", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out.strip()
    assert said == "3 movements, 4 events, 3 on a movement: 2 named, 1 of them right, 1 unclear"


def test_a_missing_table_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agree", "--out", str(tmp_path)]) == 2
    assert "demo_truth.csv" in capsys.readouterr().err
