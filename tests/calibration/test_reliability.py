"""Temperature, calibration error and the limit, on predictions whose honest confidence is known."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.reliability import (
    Predictions,
    calibration_error,
    fit_temperature,
    hold_out,
    probabilities,
    unclear_limit,
)
from realtime.errors import CalibrationError


def drawn(samples: int, overconfidence: float, seed: int = 0):
    """Labels drawn from the probabilities of honest logits, and the logits made bolder than honest."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(0.0, 1.5, (samples, 3))
    labels = (rng.random((samples, 1)) > probabilities(honest, 1.0).cumsum(axis=1)).sum(axis=1)
    return honest * overconfidence, np.minimum(labels, 2)


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


def test_equal_confidences_are_accepted_together_or_not_at_all():
    chances = np.array([[0.9, 0.05, 0.05]] * 2 + [[0.6, 0.2, 0.2]] * 4)
    labels = np.array([0, 0, 0, 0, 1, 1])  # of the four at .6 half are right
    assert unclear_limit(chances, labels, 0.9) == pytest.approx(0.9)
    assert unclear_limit(chances, labels, 0.6) == pytest.approx(0.6)
    assert unclear_limit(chances[2:], labels[2:], 0.9) == 1.0


def test_one_person_cannot_be_left_out():
    logits, labels = drawn(20, 1.0)
    with pytest.raises(CalibrationError, match="one person only"):
        hold_out(Predictions(logits, labels, np.array(["a"] * 20)), 0.8)


def test_unreachable_target_makes_everything_unclear():
    assert unclear_limit(np.array([[0.9, 0.1]]), np.array([1]), 0.8) == 1.0
