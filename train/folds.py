"""Folds trained one after another or side by side, each kept in a file of its own.

A killed run continues where it stopped: a fold's file appears whole (temporary file, then rename) or not
at all, and a folder refuses folds of another recipe, protocol or data.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.causalnet import CausalNet
from engine.errors import ConfigError
from train.features import Features
from train.fit import fit, predict
from train.recipe import Recipe, fingerprint
from train.splits import Fold

PROTOCOLS = ("honest", "paper")


@dataclass(frozen=True, slots=True, eq=False)
class FoldTask:
    """One network to train and test."""

    data: Features
    fold: Fold
    recipe: Recipe
    protocol: str
    seed: int
    path: Path  # of the result


@dataclass(frozen=True, slots=True, eq=False)
class FoldResult:
    """What one network said of the subjects it had not seen."""

    rows: NDArray[np.int64]  # of the whole data
    logits: NDArray[np.float32]  # (n, 3)
    features: NDArray[np.float32]  # (n, 12 dim)
    epochs: int  # after which these predictions were made
    wall_s: float


def run_folds(tasks: Sequence[FoldTask], jobs: int) -> Iterator[Path]:
    """Train what has no result yet; yields each finished file's path."""
    waiting = [task for task in tasks if not task.path.exists()]
    if jobs == 1:
        yield from map(run_fold, waiting)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    context = multiprocessing.get_context("spawn")  # a fork of a process with torch's threads may hang
    with ProcessPoolExecutor(jobs, context, torch.set_num_threads, (threads,)) as pool:
        for done in as_completed([pool.submit(run_fold, task) for task in waiting]):
            yield done.result()


def run_fold(task: FoldTask) -> Path:
    """Train, predict the left-out rows, keep the result."""
    began = time.perf_counter()
    train, test = task.data.take(task.fold.train), task.data.take(task.fold.test)
    if task.protocol == "paper":
        logits, features, epochs = _chosen_on_test(train, test, task)
    else:
        logits, features = predict(fit(train, task.recipe, task.seed), test.maps_u8)
        epochs = task.recipe.epochs
    save_result(task.path, FoldResult(task.fold.test, logits, features, epochs, time.perf_counter() - began))
    return task.path


def save_result(path: Path, result: FoldResult) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("wb") as stream:
        np.savez(
            stream,
            rows=result.rows,
            logits=result.logits,
            features=result.features.astype(np.float16),  # for pictures only
            epochs=result.epochs,
            wall_s=result.wall_s,
        )
    unfinished.replace(path)


def load_result(path: Path) -> FoldResult:
    with np.load(path, allow_pickle=False) as kept:
        return FoldResult(
            kept["rows"], kept["logits"], kept["features"], int(kept["epochs"]), float(kept["wall_s"])
        )


def claim(folder: Path, description: dict[str, Any]) -> None:
    """Mark `folder` as holding the folds of one run.

    Raises: ConfigError if it holds those of another.
    """
    marker = folder / "run.json"
    if marker.exists():
        held = json.loads(marker.read_text(encoding="utf-8"))
        if held.get("fingerprint") != fingerprint(description):
            raise ConfigError(f"{folder} holds folds of another run; give another --out or delete it")
        return
    folder.mkdir(parents=True, exist_ok=True)
    marked = {"fingerprint": fingerprint(description), **description}
    marker.write_text(json.dumps(marked, indent=2) + "\n", encoding="utf-8")


def _chosen_on_test(
    train: Features, test: Features, task: FoldTask
) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
    """The released habit: the first epoch that scores best on the test subject; stop when all are right."""
    best: tuple[NDArray[np.float32], NDArray[np.float32], int] | None = None
    most_right = -1

    def look(epoch: int, net: CausalNet) -> bool:
        nonlocal best, most_right
        logits, features = predict(net, test.maps_u8)
        right = int((logits.argmax(axis=1) == test.labels).sum())
        if right > most_right:
            best, most_right = (logits, features, epoch), right
        return right == len(test)

    fit(train, task.recipe, task.seed, look)
    assert best is not None  # a recipe has at least one epoch
    return best
