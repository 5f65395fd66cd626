"""The command over a table of predictions, and what it refuses."""

from __future__ import annotations

import csv
import json

import pytest

from calibration.confidence import main, read_predictions
from calibration.reliability import judge
from realtime.errors import CalibrationError
from tests.calibration.test_reliability import drawn


@pytest.fixture
def table(tmp_path):
    logits, labels = drawn(600, 3.0)
    names = ["negative", "positive", "surprise"]
    with (tmp_path / "predictions.csv").open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["subject", "label", *(f"logit_{name}" for name in names)])
        for i, (row, label) in enumerate(zip(logits, labels, strict=True)):
            lines.writerow([f"s{i % 20}", names[label], *row])
    return tmp_path / "predictions.csv"


def test_judged_on_subjects_that_were_not_fitted(table):
    found = judge(read_predictions(table), target=0.8)
    assert found.temperature == pytest.approx(3.0, rel=0.2)
    assert found.ece_after < 0.06 < found.ece_before
    assert found.accepted_accuracy == pytest.approx(0.8, abs=0.05)
    assert 0.3 < found.coverage < 0.9
    assert found.accuracy < found.accepted_accuracy


def test_command_writes_what_it_prints(table, tmp_path, capsys):
    assert main([str(table), "--json", str(tmp_path / "c.json")]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "c.json").read_text())


@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n", "subject,label,logit_negative\ns,negative,x\n"])
def test_other_tables_are_one_line(tmp_path, content, capsys):
    path = tmp_path / "p.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CalibrationError):
        read_predictions(path)
    assert main([str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
