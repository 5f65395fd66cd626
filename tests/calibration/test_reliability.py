"""Temperature, calibration error and the limit, on predictions whose honest confidence is known."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.reliability import calibration_error, fit_temperature, probabilities, unclear_limit


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


def test_unreachable_target_makes_everything_unclear():
    assert unclear_limit(np.array([[0.9, 0.1]]), np.array([1]), 0.8) == 1.0
