"""Unweighted F1, unweighted average recall, accuracy: the figures of the composite protocol.

Predictions of all left-out subjects are pooled first, then counted once. Zero division, stated: a class that
is neither predicted nor present has F1 0; recall is averaged over the classes that are present.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scores:
    uf1: float
    uar: float
    acc: float


def confusion(truth: Labels, predicted: Labels, classes: int = 3) -> NDArray[np.int64]:
    """(classes, classes) counts, rows are the truth."""
    return np.bincount(truth * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def uf1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(...) unweighted F1 of confusions (..., classes, classes)."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    asked = counts.sum(axis=-1) + counts.sum(axis=-2)
    return np.asarray((2 * hits / np.maximum(asked, 1)).mean(axis=-1))


def scores(truth: Labels, predicted: Labels, classes: int = 3) -> Scores:
    """UF1, UAR and accuracy of pooled predictions, each 0..1."""
    counts = confusion(truth, predicted, classes)
    hits, in_truth = np.diag(counts), counts.sum(axis=1)
    recall = hits[in_truth > 0] / in_truth[in_truth > 0]
    return Scores(float(uf1(counts)), float(recall.mean()), float(hits.sum() / max(len(truth), 1)))
