"""How far the network's word goes, fitted on people who are neither trained on nor reported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

F32 = NDArray[np.float32]
Labels = NDArray[np.int64]

BINS = 10


@dataclass(frozen=True, slots=True)
class Confidence:
    """What a card says of it."""

    temperature: float  # logits are divided by it
    unclear_below: float  # under this the label is "unclear"


def fit_confidence(logits: F32, labels: Labels, target: float) -> Confidence:
    """The temperature of the least NLL; the lowest limit above which `target` of the labels are right.

    Where no limit reaches the target, the one that comes closest with a tenth of the samples left.
    """
    exact = logits.astype(np.float64)

    def nll(log_temperature: float) -> float:
        chances = log_softmax(exact / np.exp(log_temperature), axis=1)
        return float(-chances[np.arange(len(labels)), labels].mean())

    temperature = float(np.exp(minimize_scalar(nll, bounds=(-3.0, 3.0), method="bounded").x))
    chances = softmax(exact / temperature, axis=1)
    best, right = chances.max(axis=1), chances.argmax(axis=1) == labels
    order = np.argsort(-best)
    share_right = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    reached = np.flatnonzero(share_right >= target)
    least = len(order) // 10
    last = reached[-1] if len(reached) and reached[-1] >= least else least + int(share_right[least:].argmax())
    return Confidence(temperature, float(best[order[last]]))


def said_of(logits: F32, labels: Labels, confidence: Confidence) -> dict[str, float]:
    """Calibration error, share of samples that get a label, share of those that are right."""
    chances = softmax(logits.astype(np.float64) / confidence.temperature, axis=1)
    best, right = chances.max(axis=1), chances.argmax(axis=1) == labels
    named = best >= confidence.unclear_below
    return {
        "calibration_error": calibration_error(best, right),
        "named": float(named.mean()),
        "right_where_named": float(right[named].mean()) if named.any() else 0.0,
    }


def calibration_error(best: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins of equal width (Guo et al., ICML 2017)."""
    bins = np.minimum((best * BINS).astype(int), BINS - 1)
    gaps = [
        abs(best[bins == each].mean() - right[bins == each].mean()) * (bins == each).mean()
        for each in np.unique(bins)
    ]
    return float(np.sum(gaps))
