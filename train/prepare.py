"""python -m train.prepare: a published dataset made ready for training, by the same code as live.

Labels are read (train/readers), faces found and cut, key frames chosen, flow and maps computed, in parallel;
a killed run goes on with the same command. What `--out` then holds, `train.loso --data` reads. Rows that do
not fit are one line each, with the reason, on the terminal and in refused.csv.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.errors import ConfigError, FlinchError
from train.errors import DatasetError
from train.preparing.layout import SAMPLES_NAME, TRUTH_NAME, join, write_layout, write_truth
from train.preparing.task import PrepareConfig, PrepareTask, prepare
from train.readers import READERS, Reading, Refused, reader
from train.readers.emotions import TASKS, composite

Done = tuple[int, dict[str, Any]]  # position in the tasks, note


def main(argv: Sequence[str] | None = None) -> int:
    try:
        run(_parse(argv), Console())
    except FlinchError as error:
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
    tasks = [PrepareTask(sample, args.out / SAMPLES_NAME, config) for sample in reading.samples]
    notes = _prepare_all(tasks, args, console)
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
    if args.jobs < 1:
        raise ConfigError("--jobs must be at least 1")
    reading = reader(args.dataset).read(args.root, args.labels)
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


def _prepare_all(
    tasks: Sequence[PrepareTask], args: argparse.Namespace, console: Console
) -> list[dict[str, Any]]:
    """The note of each task, in order; shows how far it is and how long it will take."""
    notes: list[dict[str, Any] | None] = [task.done() for task in tasks]
    waiting = [(at, task) for at, task in enumerate(tasks) if notes[at] is None]
    columns = (TextColumn("samples"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("samples", total=len(tasks), completed=len(tasks) - len(waiting))
        for at, note in _each(waiting, args.jobs):
            notes[at] = note
            progress.advance(bar)
    return [note for note in notes if note is not None]


def _each(waiting: Sequence[tuple[int, PrepareTask]], jobs: int) -> Iterator[Done]:
    if jobs == 1 or len(waiting) < 2:
        yield from ((at, prepare(task)) for at, task in waiting)
        return
    # Not forked: the models of this process have threads, whose locks a fork would keep shut.
    with ProcessPoolExecutor(min(jobs, len(waiting)), get_context("spawn")) as pool:
        futures = {pool.submit(prepare, task): at for at, task in waiting}
        try:
            yield from ((futures[done], done.result()) for done in as_completed(futures))
        except BrokenProcessPool as error:
            raise DatasetError(
                "a worker was killed, out of memory perhaps; the same command continues (fewer --jobs)"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _say(refused: Sequence[object], console: Console) -> None:
    for one in refused:
        console.print(str(one), markup=False, highlight=False, soft_wrap=True)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.prepare", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--dataset", metavar="NAME", help=f"one of {', '.join(READERS)}")
    parser.add_argument("--root", type=Path, help="the dataset's folder")
    parser.add_argument("--labels", type=Path, help="its label workbook; looked for under --root")
    parser.add_argument("--out", type=Path, default=Path("out/prepared"))
    parser.add_argument("--task", type=int, choices=TASKS, default=3, help="classes of the labels written")
    parser.add_argument("--rules", choices=("all", "megc"), default="all", help="megc: the 2019 composite's")
    parser.add_argument("--kind", choices=("micro", "macro", "all"), default="micro")
    parser.add_argument("--apex", choices=("spot", "middle"), default="spot", help="where none is annotated")
    parser.add_argument("--margin-s", type=float, default=0.45, help="of frames kept around")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="samples side by side")
    parser.add_argument("--check", action="store_true", help="only read labels and look for frames")
    parser.add_argument(
        "--join", type=Path, nargs="+", metavar="DIR", help="prepared datasets, into one --out"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
