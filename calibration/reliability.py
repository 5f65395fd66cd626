"""Temperature, calibration error and the limit of "unclear"; judged on subjects not used to fit them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from realtime.errors import CalibrationError

BINS = 10
FOLDS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Out-of-fold logits, each of a network that had not seen the subject."""

    logits: NDArray[np.float64]  # (n, 3)
    labels: NDArray[np.int64]  # (n,)
    subjects: NDArray[np.str_]  # (n,)


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What temperatures and limits fitted on other subjects make of the predictions."""

    chances: NDArray[np.float64]  # (n, 3)
    accepted: NDArray[np.bool_]  # (n,), at or above the limit


@dataclass(frozen=True, slots=True)
class Confidence:
    """What goes on a model card; the figures are from subjects not used for fitting."""

    temperature: float
    unclear_below: float
    target_accuracy: float  # that accepted predictions should reach
    accepted_accuracy: float
    coverage: float  # share of predictions accepted
    ece_before: float  # expected calibration error at temperature 1
    ece_after: float
    accuracy: float  # of all predictions


def probabilities(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Softmax of logits / temperature over the last axis."""
    scaled = logits / temperature
    weights: NDArray[np.float64] = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The temperature with the least negative log likelihood, 0.05 to 20."""

    def loss(log_temperature: float) -> float:
        right = probabilities(logits, float(np.exp(log_temperature)))[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(right, 1e-12)).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x))


def calibration_error(chances: NDArray[np.float64], labels: NDArray[np.int64], bins: int = BINS) -> float:
    """Expected calibration error: |accuracy - confidence| per equal-width bin, weighted by its samples."""
    confidence, right = chances.max(axis=1), chances.argmax(axis=1) == labels
    where = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(where, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def unclear_limit(chances: NDArray[np.float64], labels: NDArray[np.int64], target: float) -> float:
    """The lowest confidence such that predictions at or above it are right at `target` or better.

    1.0 if no limit reaches it: then everything is unclear, and that is the honest answer.
    """
    confidence = chances.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = (chances.argmax(axis=1) == labels)[order]
    accuracy = right.cumsum() / np.arange(1, len(right) + 1)
    falls = np.append(np.diff(confidence[order]) < 0, True)  # equal ones are accepted together or not at all
    enough = np.flatnonzero((accuracy >= target) & falls)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0


def hold_out(predictions: Predictions, target: float, folds: int = FOLDS) -> HeldOut:
    """Each fold's probabilities and acceptance, with temperature and limit fitted without its subjects.

    Raises: CalibrationError for a single subject.
    """
    if len(np.unique(predictions.subjects)) < 2:
        raise CalibrationError("predictions of one person only; fitting without them needs a second one")
    logits, labels = predictions.logits, predictions.labels
    chances = np.empty_like(logits)
    accepted = np.zeros(len(labels), dtype=bool)
    for inside in _subject_folds(predictions.subjects, folds):
        temperature = fit_temperature(logits[~inside], labels[~inside])
        limit = unclear_limit(probabilities(logits[~inside], temperature), labels[~inside], target)
        chances[inside] = probabilities(logits[inside], temperature)
        accepted[inside] = chances[inside].max(axis=1) >= limit
    return HeldOut(chances, accepted)


def judge(predictions: Predictions, target: float, folds: int = FOLDS) -> Confidence:
    """Fit on all for the card, and measure with temperature and limit fitted without each fold's subjects."""
    logits, labels = predictions.logits, predictions.labels
    held_out = hold_out(predictions, target, folds)
    temperature = fit_temperature(logits, labels)
    right = logits.argmax(axis=1) == labels
    return Confidence(
        temperature=temperature,
        unclear_below=unclear_limit(probabilities(logits, temperature), labels, target),
        target_accuracy=target,
        accepted_accuracy=float(right[held_out.accepted].mean()) if held_out.accepted.any() else 0.0,
        coverage=float(held_out.accepted.mean()),
        ece_before=calibration_error(probabilities(logits, 1.0), labels),
        ece_after=calibration_error(held_out.chances, labels),
        accuracy=float(right.mean()),
    )


def _subject_folds(subjects: NDArray[np.str_], folds: int) -> list[NDArray[np.bool_]]:
    names = np.unique(subjects)
    group = dict(zip(names, np.random.default_rng(0).permutation(len(names)) % folds, strict=True))
    groups = np.array([group[subject] for subject in subjects])
    return [groups == i for i in range(min(folds, len(names)))]
