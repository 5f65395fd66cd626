"""Temperature, calibration error and the limit, on predictions whose honest confidence is known."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from calibration.confidence import (
    calibration_error,
    fit_temperature,
    judge,
    main,
    probabilities,
    read_predictions,
    unclear_limit,
)
from realtime.errors import CalibrationError


def drawn(samples: int, overconfidence: float, seed: int = 0):
    """Labels drawn from the probabilities of honest logits, and the logits made bolder than honest."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(0.0, 1.5, (samples, 3))
    labels = (rng.random((samples, 1)) > probabilities(honest, 1.0).cumsum(axis=1)).sum(axis=1)
    return honest * overconfidence, np.minimum(labels, 2)


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


@pytest.mark.parametrize("overconfidence", [0.5, 1.0, 3.0])
def test_temperature_undoes_overconfidence(overconfidence):
    logits, labels = drawn(5000, overconfidence)
    assert fit_temperature(logits, labels) == pytest.approx(overconfidence, rel=0.06)


def test_calibration_error_by_hand():
    chances = np.array([[0.95, 0.05, 0.0], [0.95, 0.05, 0.0], [0.65, 0.35, 0.0], [0.0, 0.25, 0.75]])
    labels = np.array([0, 1, 0, 2])
    # bins: 2 at 0.95, half right; 1 at 0.65, right; 1 at 0.75, right
    assert calibration_error(chances, labels) == pytest.approx((2 * 0.45 + 0.35 + 0.25) / 4)


def test_certain_and_right_is_no_error():
    assert calibration_error(np.eye(3), np.arange(3)) == 0.0


def test_limit_is_the_lowest_that_reaches_the_target():
    chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    labels = np.array([0, 0, 1, 0])
    assert unclear_limit(chances, labels, 0.75) == pytest.approx(0.6)
    assert unclear_limit(chances, labels, 0.8) == pytest.approx(0.8)


def test_unreachable_target_makes_everything_unclear():
    assert unclear_limit(np.array([[0.9, 0.1]]), np.array([1]), 0.8) == 1.0


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
