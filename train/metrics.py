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


def scores(truth: Labels, predicted: Labels, classes: int = 3) -> Scores:
    """UF1, UAR and accuracy of pooled predictions, each 0..1."""
    counts = confusion(truth, predicted, classes)
    hits, in_truth, in_prediction = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    f1 = 2 * hits / np.maximum(in_truth + in_prediction, 1)
    recall = hits[in_truth > 0] / in_truth[in_truth > 0]
    return Scores(float(f1.mean()), float(recall.mean()), float(hits.sum() / max(len(truth), 1)))
