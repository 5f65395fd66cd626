"""python -m train.prepare: a published dataset made ready for training, by the same code as live.

Labels are read (train/readers), faces found and cut, key frames chosen, flow and maps computed, in parallel;
a killed run goes on with the same command. What `--out` then holds, `train.loso --data` reads. Rows that do
not fit are one line each, with the reason, on the terminal and in refused.csv.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.errors import ConfigError, FlinchError
from engine.flags import Parser, at_least
from train.preparing.farm import each
from train.preparing.layout import SAMPLES_NAME, TRUTH_NAME, join, write_layout, write_truth
from train.preparing.task import PrepareConfig, PrepareTask, prepare
from train.readers import READERS, Reading, Refused, reader
from train.readers.emotions import TASKS, composite


def main(argv: Sequence[str] | None = None) -> int:
    try:
        run(_parse(argv), Console())
    except (FlinchError, OSError) as error:
        print(f"train.prepare: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.prepare: stopped; the same command continues", file=sys.stderr)
        return 130
    return 0


def run(args: argparse.Namespace, console: Console) -> None:
    """Raises: DatasetError, ConfigError."""
    if args.join:
        console.print(f"{join(args.join, args.out)} samples of {len(args.join)} datasets in {args.out}")
        return
    reading = _read(args)
    if args.check:
        _say(reading.refused, console)
        console.print(reading.summary(), markup=False, highlight=False)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    config = PrepareConfig(args.margin_s, args.apex)
    write_truth(args.out / TRUTH_NAME, reading.samples)
    reading = of_kind(reading, args.kind)
    tasks = [PrepareTask(sample, args.out.resolve() / SAMPLES_NAME, config) for sample in reading.samples]
    notes = prepare_all(tasks, args.jobs, console, ray=args.ray)
    refused = write_layout(args.out, reading, tasks, notes, args.task)
    _say(refused, console)
    console.print(reading.summary(), markup=False, highlight=False)
    rows = len(reading.samples) + len(reading.refused)
    console.print(
        f"{rows - len(refused)} of {rows} rows in {args.out}; {len(refused)} left out (refused.csv)"
    )


def _read(args: argparse.Namespace) -> Reading:
    if args.dataset is None or args.root is None:
        raise ConfigError("give --dataset and --root (or --join)")
    reading = reader(args.dataset).read(args.root.resolve(), args.labels)
    return composite(reading) if args.rules == "megc" else reading


def of_kind(reading: Reading, kind: str) -> Reading:
    """Only micro- or macro-expressions, or all."""
    kept = [one for one in reading.samples if kind in ("all", one.kind.value)]
    others = [
        Refused(one.row, one.key, f"a {one.kind.value}-expression, and --kind is {kind}")
        for one in reading.samples
        if kind not in ("all", one.kind.value)
    ]
    return reading.only(kept, others, "") if others else reading


def prepare_all(
    tasks: Sequence[PrepareTask], jobs: int, console: Console, name: str = "samples", ray: str | None = None
) -> list[dict[str, Any]]:
    """The note of each task, in order; shows how far it is and how long it will take."""
    notes = [task.done() for task in tasks]
    waiting = [at for at, note in enumerate(notes) if note is None]
    ledgers = tasks[0].folder if tasks else Path()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(name, total=len(tasks), completed=len(tasks) - len(waiting))
        for at, note in each(prepare, [tasks[at] for at in waiting], jobs, ray=ray, ledgers=ledgers):
            notes[waiting[at]] = note
            progress.advance(bar)
    return [note for note in notes if note is not None]


def _say(refused: Sequence[object], console: Console) -> None:
    for one in refused:
        console.print(str(one), markup=False, highlight=False, soft_wrap=True)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.prepare", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--dataset", metavar="NAME", help=f"one of {', '.join(READERS)}")
    parser.add_argument("--root", type=Path, help="the dataset's folder")
    parser.add_argument("--labels", type=Path, help="its label workbook; looked for under --root")
    parser.add_argument("--out", type=Path, default=Path("out/prepared"))
    parser.add_argument("--task", type=int, choices=TASKS, default=3, help="classes of the labels written")
    parser.add_argument("--rules", choices=("all", "megc"), default="all", help="megc: the 2019 composite's")
    parser.add_argument("--kind", choices=("micro", "macro", "all"), default="micro")
    parser.add_argument("--apex", choices=("spot", "middle"), default="spot", help="where none is annotated")
    parser.add_argument("--margin-s", type=float, default=0.45, help="of frames kept around")
    parser.add_argument("--jobs", type=at_least(1), default=os.cpu_count() or 1, help="samples side by side")
    parser.add_argument("--ray", metavar="ADDRESS", help="on a Ray cluster (auto, host:6379), or local")
    parser.add_argument("--check", action="store_true", help="only read labels and look for frames")
    parser.add_argument(
        "--join", type=Path, nargs="+", metavar="DIR", help="prepared datasets, into one --out"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
