"""Reliability and coverage, drawn: what the bars and the curve say is what was counted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from calibration.confidence import main
from calibration.pictures import coverage_figure, reliability_figure
from calibration.reliability import Predictions, hold_out, judge
from tests.calibration.test_confidence import drawn, table  # noqa: F401  a fixture


@pytest.fixture
def predictions():
    logits, labels = drawn(600, 3.0)
    return Predictions(logits, labels, np.array([f"s{i % 20}" for i in range(600)]))


def test_bars_come_nearer_to_the_diagonal(predictions):
    figure = reliability_figure(predictions, hold_out(predictions, 0.8))
    gaps = []
    for axes in figure.axes:
        bars = [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in axes.patches]
        gaps.append(np.mean([abs(height - at) for at, height in bars if height]))
    assert gaps[1] < 0.5 * gaps[0]
    counted = [sum(int(text.get_text()) for text in axes.texts) for axes in figure.axes]
    assert counted == [600, 600]


def test_coverage_ends_at_the_accuracy_of_all(predictions):
    found = judge(predictions, 0.8)
    figure = coverage_figure(predictions, hold_out(predictions, 0.8), found)
    curve, _, point = figure.axes[0].get_lines()
    x, y = curve.get_data()
    assert x[-1] == 1.0 and y[-1] == pytest.approx(found.accuracy)
    assert y[: len(y) // 4].mean() > y[-1]
    assert point.get_data()[0][0] == found.coverage


def test_command_draws_both(table, tmp_path, capsys):  # noqa: F811
    assert main([str(table), "--pictures", str(tmp_path / "p")]) == 0
    for name in ("reliability.png", "coverage.png"):
        assert cv2.imread(str(tmp_path / "p" / name)).std() > 5
