"""What a leave-one-subject-out run found: report.json, predictions.csv and a table to read."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from train.features import DATASETS, Features
from train.folds import FoldResult, chosen_epoch
from train.metrics import Scores, confusion, scores

CLASSES = ("negative", "positive", "surprise")
CHOSEN = {
    "honest": "nothing chosen on a test subject: the recipe was fixed beforehand",
    "paper": "epoch chosen on the test subject",
}


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The pooled predictions of one seed; row i is the data's sample i."""

    seed: int | str
    logits: NDArray[np.float32]  # (n, 3)
    fold_s: float  # training time of all its folds, summed
    epochs: float  # mean over left-out subjects


def pool(seed: int, results: Sequence[FoldResult], data: Features, protocol: str) -> Run:
    """All folds of one seed as one set of predictions; a choice is made for each subject apart."""
    logits = np.full((len(data), len(CLASSES)), np.nan, dtype=np.float32)
    epochs: list[int] = []
    for result in results:
        for part in _by_subject(result, data):
            epoch = chosen_epoch(part, data.labels[part.rows], protocol)
            known = part.history[epoch][:, : len(CLASSES)]  # a wider head is read where it can be right
            logits[part.rows] = known
            epochs.append(epoch)
    return Run(seed, logits, sum(result.wall_s for result in results), float(np.mean(epochs)) + 1)


def _by_subject(result: FoldResult, data: Features) -> list[FoldResult]:
    """A fold of several subjects as one for each; a fold of one subject as it is."""
    subjects = np.array([data.subjects[row] for row in result.rows])
    masks = [subjects == subject for subject in dict.fromkeys(subjects.tolist())]
    return [
        replace(
            result, rows=result.rows[mask], history=result.history[:, mask], features=result.features[mask]
        )
        for mask in masks
    ]


def ensemble(runs: Sequence[Run]) -> Run:
    """The networks of all seeds as one: the logarithm of their mean probabilities."""
    logits = np.stack([run.logits for run in runs]).astype(np.float64)
    chances = np.exp(logits - np.logaddexp.reduce(logits, axis=2, keepdims=True)).mean(axis=0)
    mean = np.log(np.maximum(chances, 1e-12)).astype(np.float32)
    return Run("all", mean, sum(run.fold_s for run in runs), float(np.mean([run.epochs for run in runs])))


def summarise(data: Features, runs: Sequence[Run]) -> dict[str, Any]:
    """Mean and spread over seeds, for the composite and for each dataset, and the summed confusion."""
    datasets = np.array(data.datasets)
    parts = {"composite": np.full(len(data), True), **{name: datasets == name for name in DATASETS}}
    summary: dict[str, Any] = {
        name: _mean([_scores(data, run, part) for run in runs]) for name, part in parts.items() if part.any()
    }
    summary["confusion"] = sum(confusion(data.labels, run.logits.argmax(axis=1)) for run in runs).tolist()
    summary["fold_s"] = [round(run.fold_s, 1) for run in runs]
    summary["epochs_mean"] = float(np.mean([run.epochs for run in runs]))
    return summary


def write_report(folder: Path, report: Mapping[str, Any]) -> None:
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def write_predictions(path: Path, data: Features, runs: Sequence[Run]) -> None:
    """One line per seed and sample, with plain softmax probabilities and the logits behind them."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        lines = csv.writer(stream)
        lines.writerow(
            ["seed", "dataset", "subject", "clip", "label", "predicted"]
            + [f"p_{name}" for name in CLASSES]
            + [f"logit_{name}" for name in CLASSES]
        )
        for run in runs:
            for i, logits in enumerate(run.logits):
                weights = np.exp(logits - logits.max())
                numbers = [f"{x:.6f}" for x in (*weights / weights.sum(), *logits)]
                names = [CLASSES[data.labels[i]], CLASSES[int(logits.argmax())]]
                lines.writerow(
                    [run.seed, data.datasets[i], data.subjects[i], data.clips[i], *names, *numbers]
                )


def as_table(report: Mapping[str, Any]) -> Table:
    title = f"{report['protocol']} protocol, {report['model']}, {report['seeds']} seed(s)"
    table = Table("", "UF1", "UAR", "ACC", "UF1 sd", title=title)
    for name in ("composite", *DATASETS):
        if name in report:
            row = report[name]
            table.add_row(name, *(f"{row[key]:.4f}" for key in ("uf1", "uar", "acc", "uf1_std")))
    row = report["ensemble"]["composite"]
    table.add_row("all seeds as one", *(f"{row[key]:.4f}" for key in ("uf1", "uar", "acc")), "")
    return table


def _scores(data: Features, run: Run, part: NDArray[np.bool_]) -> Scores:
    return scores(data.labels[part], run.logits[part].argmax(axis=1))


def _mean(found: Sequence[Scores]) -> dict[str, float]:
    mean = {key: float(np.mean([getattr(one, key) for one in found])) for key in ("uf1", "uar", "acc")}
    return mean | {"uf1_std": float(np.std([one.uf1 for one in found]))}
