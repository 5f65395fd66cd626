"""How far confidence can be believed, drawn: reliability before and after the temperature, coverage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from calibration.reliability import (
    BINS,
    Confidence,
    HeldOut,
    Predictions,
    calibration_error,
    probabilities,
)

DPI = 150
BLUE, PALE, GRAY, RED = "#2e86c1", "#aed6f1", "#7f8c8d", "#c0392b"
LEAST_ACCEPTED = 10  # the accuracy of fewer predictions is chance


def draw(folder: Path, predictions: Predictions, held_out: HeldOut, found: Confidence) -> list[Path]:
    """Write reliability.png and coverage.png."""
    pictures = {
        "reliability.png": reliability_figure(predictions, held_out),
        "coverage.png": coverage_figure(predictions, held_out, found),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in pictures.items():
        figure.savefig(folder / name, dpi=DPI)
    return [folder / name for name in pictures]


def reliability_figure(predictions: Predictions, held_out: HeldOut) -> Figure:
    """Accuracy by confidence (DeGroot, Fienberg 1983): bars on the diagonal are honest."""
    figure = Figure(figsize=(9.0, 4.4), layout="constrained")
    before, after = figure.subplots(1, 2, sharey=True)
    plain = probabilities(predictions.logits, 1.0)
    _reliability(before, plain, predictions.labels, "as trained")
    _reliability(after, held_out.chances, predictions.labels, "with temperature fitted on other subjects")
    before.set_ylabel("accuracy")
    return figure


def coverage_figure(predictions: Predictions, held_out: HeldOut, found: Confidence) -> Figure:
    """Accuracy of the most confident predictions against the share of all that they are."""
    confidence = held_out.chances.max(axis=1)
    right = held_out.chances.argmax(axis=1) == predictions.labels
    order = np.argsort(-confidence, kind="stable")
    accepted = np.arange(1, len(order) + 1)
    accuracy = right[order].cumsum() / accepted
    figure = Figure(figsize=(5.6, 4.4), layout="constrained")
    axes = figure.subplots()
    shown = accepted >= LEAST_ACCEPTED
    axes.plot(accepted[shown] / len(order), accuracy[shown], color=BLUE)
    axes.axhline(found.target_accuracy, color=GRAY, linestyle="--", linewidth=1, label="target")
    reached = f"limit set on other subjects: {found.accepted_accuracy:.0%} right on {found.coverage:.0%}"
    axes.plot(found.coverage, found.accepted_accuracy, "o", color=RED, label=reached)
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("share of predictions accepted, the most confident first")
    axes.set_ylabel("accuracy of the accepted")
    axes.legend(fontsize=8, loc="lower left")
    axes.grid(alpha=0.3)
    return figure


def _reliability(axes: Axes, chances: NDArray[np.float64], labels: NDArray[np.int64], title: str) -> None:
    confidence, right = chances.max(axis=1), chances.argmax(axis=1) == labels
    where = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(where, minlength=BINS)
    accuracy = np.bincount(where, weights=right, minlength=BINS) / np.maximum(counts, 1)
    middles = (np.arange(BINS) + 0.5) / BINS
    colours = [BLUE if count > LEAST_ACCEPTED else PALE for count in counts]
    axes.bar(middles, accuracy, 0.9 / BINS, color=colours)
    for middle, height, count in zip(middles, accuracy, counts, strict=True):
        if count:
            axes.text(middle, height + 0.01, str(count), ha="center", fontsize=7)
    axes.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=1)
    axes.set_xlim(1 / 3 - 0.05, 1.0)  # the highest of three probabilities is never lower
    axes.set_ylim(0.0, 1.08)
    axes.set_xlabel("confidence (figures: predictions in the bin)")
    axes.set_title(f"{title}: calibration error {calibration_error(chances, labels):.3f}", fontsize=9)
