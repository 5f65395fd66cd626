"""Folds trained one after another or side by side, each kept in a file of its own.

A killed run continues where it stopped: a fold's file appears whole (temporary file, then rename) or not
at all, and a folder refuses folds of another recipe or data. Predictions are kept for every epoch, so that
both protocols read the same run; only `paper` looks at more than the last.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from engine.errors import ConfigError
from realtime.cluster import on_ray
from train.features import Features
from train.fit import Network, fit, head_features, predict
from train.pretrain import pretrained
from train.recipe import Recipe, fingerprint
from train.splits import Fold
from train.workers import worker_pool

PROTOCOLS = ("honest", "paper")


@dataclass(frozen=True, slots=True, eq=False)
class FoldTask:
    """One network to train and test."""

    data: Features
    fold: Fold
    recipe: Recipe
    seed: int
    path: Path  # of the result
    start: Path | None = None  # weights to begin with, safetensors


@dataclass(frozen=True, slots=True, eq=False)
class FoldResult:
    """What one network said of the subjects it had not seen."""

    rows: NDArray[np.int64]  # of the whole data
    history: NDArray[np.float32]  # (epochs, n, 3), logits after every epoch
    features: NDArray[np.float32]  # (n, 12 dim), after the last
    wall_s: float


def start_of(recipe: Recipe, seed: int, folder: Path) -> Path | None:
    """The file of the weights that every fold of this seed begins with, made once; None: random ones."""
    path = folder / f"seed{seed}" / "start.safetensors"
    if recipe.prior.steps and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(pretrained(recipe, seed), path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)
    return path if recipe.prior.steps else None


def run_folds(tasks: Sequence[FoldTask], jobs: int, ray: str | None = None) -> Iterator[Path]:
    """Train what has no result yet; yields each finished file's path. `ray`: see `realtime.cluster`."""
    waiting = [task for task in tasks if not task.path.exists()]
    if ray is not None and waiting:
        folder = waiting[0].path.parent
        yield from (path for _, path in on_ray(ray, run_fold, waiting, folder, workers=jobs))
        return
    if jobs == 1:
        yield from map(run_fold, waiting)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with worker_pool(jobs, torch.set_num_threads, threads) as pool:
        for done in as_completed([pool.submit(run_fold, task) for task in waiting]):
            yield done.result()


def run_fold(task: FoldTask) -> Path:
    """Train, predict the left-out rows, keep the result."""
    began = time.perf_counter()
    train, maps_u8 = task.data.take(task.fold.train), task.data.maps_u8[task.fold.test]
    labels = task.data.labels[task.fold.test]
    history: list[NDArray[np.float32]] = []

    def tested(trained: Network) -> bool:
        history.append(predict(trained, maps_u8, task.recipe.symmetries))
        return task.recipe.stop_when_right and bool((history[-1].argmax(axis=1) == labels).all())

    start = None if task.start is None else load_file(task.start)
    net = fit(train, task.recipe, task.seed, tested, start=start)
    result = FoldResult(
        task.fold.test, np.stack(history), head_features(net, maps_u8), time.perf_counter() - began
    )
    save_result(task.path, result)
    return task.path


def chosen_epoch(result: FoldResult, labels: NDArray[np.int64], protocol: str) -> int:
    """The epoch whose predictions count, from 0.

    `honest`: the last, whatever the labels. `paper`: the released habit, the first epoch that is right
    most often on the left-out subject itself, whose `labels` (n,) are given.
    """
    if protocol == "honest":
        return len(result.history) - 1
    return int((result.history.argmax(axis=2) == labels).sum(axis=1).argmax())


def save_result(path: Path, result: FoldResult) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("wb") as stream:
        np.savez(
            stream,
            rows=result.rows,
            history=result.history,
            features=result.features.astype(np.float16),  # for pictures only
            wall_s=result.wall_s,
        )
    unfinished.replace(path)


def load_result(path: Path) -> FoldResult:
    with np.load(path, allow_pickle=False) as kept:
        return FoldResult(kept["rows"], kept["history"], kept["features"], float(kept["wall_s"]))


def claim(folder: Path, description: dict[str, Any]) -> None:
    """Mark `folder` as holding the folds of one run.

    Raises: ConfigError if it holds those of another.
    """
    marker = folder / "run.json"
    if marker.exists():
        try:
            held = json.loads(marker.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ConfigError(f"{marker} is damaged ({error}); delete {folder} and begin anew") from error
        if held.get("fingerprint") != fingerprint(description):
            raise ConfigError(f"{folder} holds folds of another run; give another folder or delete it")
        return
    folder.mkdir(parents=True, exist_ok=True)
    marked = {"fingerprint": fingerprint(description), **description}
    unfinished = marker.with_suffix(".tmp")
    unfinished.write_text(json.dumps(marked, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(marker)
