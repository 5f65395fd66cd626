"""python -m train.choose: which of several recipes, decided for each subject by people who are not it.

The subjects are dealt once into halves A and B, alike in datasets and classes. Each recipe is trained and
tested within A alone and within B alone, in five groups of people: what B prefers may be used for the
subjects of A and the other way round. Where both prefer the same, a whole leave-one-subject-out may follow
with it, and nothing was chosen on a test subject. Preferred is the least negative log likelihood, less noisy
than UF1.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from safetensors.torch import load_file

from engine.errors import ConfigError, FlinchError
from engine.flags import Parser, at_least
from train.features import Features, read_features
from train.fit import predict, untrained
from train.folds import FoldTask, claim, load_result, run_folds, start_of
from train.metrics import scores
from train.recipe import RECIPES, Recipe, load_recipe, recipe_table
from train.report import Run, ensemble, pool
from train.splits import grouped_folds

GROUPS = 5
HALVES = ("A", "B")


@dataclass(frozen=True, slots=True)
class Heard:
    """What one half's people say of one recipe."""

    alone: float | None  # UF1 of the made-up start, before any labelled sample; mean of seeds
    one: float  # UF1, mean of single networks
    together: float  # UF1 of all seeds as one
    nll: float  # of all seeds as one


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    console = Console(width=110)
    try:
        data = read_features(args.data)
        halves = [data.take(rows) for rows in halves_of(data)]
        names = ["base", *(path.stem for path in args.configs)]
        if len(set(names)) < len(names):
            raise ConfigError("two recipes have one name; give files of different names, none of them base")
        loaded = [load_recipe(args.model, path) for path in (None, *args.configs)]
        recipes = dict(zip(names, loaded, strict=True))
        found = {name: judged(recipe, halves, args.out / name, args) for name, recipe in recipes.items()}
    except (FlinchError, OSError) as error:
        print(f"train.choose: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.choose: stopped; the same command continues", file=sys.stderr)
        return 130
    console.print(as_table(found))
    for half, place in (("A", 0), ("B", 1)):
        console.print(f"half {half} prefers {min(found, key=lambda name: found[name][place].nll)}")
    return 0


def halves_of(data: Features) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of both halves: the subjects of each dataset dealt in two, even in classes."""
    rows: tuple[list[int], list[int]] = ([], [])
    for dataset in sorted(set(data.datasets)):
        own = np.array([i for i, name in enumerate(data.datasets) if name == dataset])
        folds = grouped_folds([data.subjects[i] for i in own], data.labels[own], 2, seed=0)
        for half, fold in zip(rows, folds, strict=True):
            half += own[fold.test].tolist()
    first, second = (np.array(sorted(half), np.int64) for half in rows)
    return first, second


def judged(
    recipe: Recipe, halves: Sequence[Features], folder: Path, args: argparse.Namespace
) -> tuple[Heard, Heard]:
    """What both halves say; folds that are there already are not trained again."""
    claim(folder, {"recipe": recipe_table(recipe), "data_sha256": [half.digest for half in halves]})
    starts = [start_of(recipe, seed, folder) for seed in range(args.seeds)]
    tasks = [
        [
            FoldTask(half, fold, recipe, seed, folder / f"seed{seed}" / f"{name}-{fold.name}.npz", start)
            for fold in grouped_folds(half.subjects, half.labels, GROUPS, seed=0)
        ]
        for name, half in zip(HALVES, halves, strict=True)
        for seed, start in enumerate(starts)
    ]
    every = [task for of_seed in tasks for task in of_seed]
    waiting = run_folds(every, args.jobs)
    for _ in track(waiting, folder.name, total=len(every), disable=not sys.stderr.isatty()):
        pass
    first, second = (
        _heard(half, recipe, starts, tasks[place * args.seeds : (place + 1) * args.seeds])
        for place, half in enumerate(halves)
    )
    return first, second


def _heard(
    half: Features, recipe: Recipe, starts: Sequence[Path | None], tasks: Sequence[Sequence[FoldTask]]
) -> Heard:
    runs = [
        pool(seed, [load_result(task.path) for task in of_seed], half, "honest")
        for seed, of_seed in enumerate(tasks)
    ]
    together = ensemble(runs)
    return Heard(
        _alone(half, recipe, starts), float(np.mean([_uf1(half, run) for run in runs])),
        _uf1(half, together), nll(together.logits, half.labels),
    )  # fmt: skip


def _alone(half: Features, recipe: Recipe, starts: Sequence[Path | None]) -> float | None:
    found = []
    for start in starts:
        if start is not None:
            net = untrained(recipe)
            net.load_state_dict(load_file(start))
            said = predict(net.eval(), half.maps_u8, recipe.symmetries).argmax(axis=1)
            found.append(scores(half.labels, said).uf1)
    return float(np.mean(found)) if found else None


def nll(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Mean negative logarithm of the probability of the right class."""
    exact = logits.astype(np.float64)
    chances = exact - np.logaddexp.reduce(exact, axis=1, keepdims=True)
    return float(-chances[np.arange(len(labels)), labels].mean())


def _uf1(half: Features, run: Run) -> float:
    return scores(half.labels, run.logits.argmax(axis=1)).uf1


def as_table(found: dict[str, tuple[Heard, Heard]]) -> Table:
    table = Table("recipe", *(f"{what} A / B" for what in ("alone", "one", "together", "NLL")))
    for name, halves in found.items():
        pairs: list[list[Any]] = [[getattr(one, what) for one in halves] for what in Heard.__slots__]
        said = [" / ".join("-" if x is None else f"{x:.3f}" for x in pair) for pair in pairs]
        table.add_row(name, *said)
    return table


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.choose", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("configs", type=Path, nargs="*", help="TOML files that change keys of the recipe")
    parser.add_argument("--data", type=Path, required=True, help="the causalnet-cde folder")
    parser.add_argument("--model", default="compact", help=f"one of {', '.join(RECIPES)}")
    parser.add_argument("--seeds", type=at_least(1), default=2)
    parser.add_argument("--jobs", type=at_least(1), default=os.cpu_count() or 1, help="folds side by side")
    parser.add_argument("--out", type=Path, default=Path("out/choose"))
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
