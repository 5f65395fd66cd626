"""python -m train.loso: leave-one-subject-out on the published features, under a named protocol.

`honest` chooses nothing on a test subject. `paper` does what the release does, the best epoch per
left-out subject chosen on that subject, so that its figure can be compared and its leak seen. Both read
the same trained folds where --folds names them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.errors import ConfigError, FlinchError
from engine.flags import Parser, at_least
from train.features import Features, read_features
from train.folds import PROTOCOLS, FoldTask, claim, load_result, run_folds, start_of
from train.recipe import RECIPES, Recipe, load_recipe, recipe_table
from train.report import CHOSEN, as_table, ensemble, pool, summarise, write_predictions, write_report
from train.splits import Fold, folds_of


def main(argv: Sequence[str] | None = None) -> int:
    console = Console()
    try:
        run(_parse(argv), console)
    except (FlinchError, OSError) as error:
        print(f"train.loso: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.loso: stopped; the same command continues", file=sys.stderr)
        return 130
    return 0


def run(args: argparse.Namespace, console: Console) -> None:
    began = time.perf_counter()
    recipe = load_recipe(args.model, args.config)
    if recipe.stop_when_right and args.protocol != "paper":
        raise ConfigError(f"{args.model} looks at the left-out subject; give --protocol paper")
    data = read_features(args.data)
    folds = folds_of(data.subjects, data.labels, args.groups)
    description = {
        "model": args.model,
        "folds": len(folds),
        "samples": len(data),
        "data_sha256": data.digest,
        "recipe": recipe_table(recipe),
    }
    kept = (args.folds or args.out / "folds").resolve()
    claim(kept, description)
    with console.status("learning from made-up movements"):
        tasks = {seed: _tasks(data, folds, recipe, kept, seed) for seed in range(args.seeds)}
    trained = _train([task for of_seed in tasks.values() for task in of_seed], args.jobs, console, args.ray)
    runs = [
        pool(seed, [load_result(task.path) for task in of_seed], data, args.protocol)
        for seed, of_seed in tasks.items()
    ]
    together = ensemble(runs)
    report = {
        "protocol": args.protocol,
        **description,
        "chosen": CHOSEN[args.protocol],
        "seeds": args.seeds,
        "jobs": args.jobs,
        "folds_trained_now": trained,  # the others were there already; wall_s is of this call, fold_s of all
        "wall_s": round(time.perf_counter() - began, 1),
        "torch": torch.__version__,
        **summarise(data, runs),
        "ensemble": summarise(data, [together]),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    write_predictions(args.out / "predictions.csv", data, runs)
    write_predictions(args.out / "ensemble.csv", data, [together])
    write_report(args.out, report)
    console.print(as_table(report))
    console.print(report["chosen"])
    _draw(args.out, kept, console)


def _draw(out: Path, folds: Path, console: Console) -> None:
    """Pictures beside the tables, where matplotlib is there."""
    try:
        from train.figures import draw_run
    except ImportError as error:
        console.print(f"no pictures: {error}")
        return
    for path in draw_run(out, folds):
        console.print(f"drawn: {path}")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.loso", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the causalnet-cde folder")
    parser.add_argument("--protocol", choices=PROTOCOLS, required=True)
    parser.add_argument("--model", default="compact", help=f"one of {', '.join(RECIPES)}")
    parser.add_argument("--config", type=Path, help="TOML file that changes keys of the recipe")
    parser.add_argument("--seeds", type=at_least(1), default=1)
    parser.add_argument("--jobs", type=at_least(1), default=os.cpu_count() or 1, help="folds side by side")
    parser.add_argument("--ray", metavar="ADDRESS", help="on a Ray cluster (auto, host:6379), or local")
    parser.add_argument("--groups", type=int, help="this many groups of subjects instead of one subject each")
    parser.add_argument("--out", type=Path, default=Path("out/loso"))
    parser.add_argument("--folds", type=Path, help="trained folds, for both protocols; default OUT/folds")
    return parser.parse_args(argv)


def _tasks(data: Features, folds: Sequence[Fold], recipe: Recipe, kept: Path, seed: int) -> list[FoldTask]:
    start = start_of(recipe, seed, kept)
    return [
        FoldTask(data, fold, recipe, seed, kept / f"seed{seed}" / f"{fold.name}.npz", start) for fold in folds
    ]


def _train(tasks: Sequence[FoldTask], jobs: int, console: Console, ray: str | None = None) -> int:
    """Train what is missing; returns how many folds that were."""
    columns = (TextColumn("folds"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("folds", total=len(tasks))
        there = sum(task.path.exists() for task in tasks)
        progress.advance(bar, there)
        for _ in run_folds(tasks, jobs, ray):
            progress.advance(bar)
    return len(tasks) - there


if __name__ == "__main__":
    sys.exit(main())
