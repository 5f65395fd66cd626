"""python -m train.robustness: what wrong key frames and poorer pictures cost, for one system beside another.

The published protocol (Gaussian noise of 10, 20, 30 frames on the key frames; the apex found automatically),
the rules spotter's own key frames, and the same movements at other frame rates, resolutions, bit rates and
with frames lost. By default on a synthetic set at 200 fps, made on the first call; on a real dataset with
--dataset, --root and --leave-out, so that nobody is in both training and test.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from engine.errors import ConfigError, FlinchError
from engine.flags import Parser, at_least
from train.errors import DatasetError
from train.features import Features, read_features
from train.prepare import of_kind
from train.preparing.answers import SHIPPED, System, ask, score, systems
from train.preparing.fast_synth import FastSynthConfig, fast_synth
from train.preparing.poorer import CONDITIONS
from train.preparing.task import PrepareConfig, PrepareTask
from train.readers import Reading, Sample, reader
from train.readers.emotions import composite, labelled
from train.robustness_report import Measured, write_robustness
from train.robustness_shown import Shown, Work, as_is, poorer, tasks_of, with_faces, wrong_key_frames

GROUPS = ("keyframes", *CONDITIONS)


def main(argv: Sequence[str] | None = None) -> int:
    try:
        run(_parse(argv), Console())
    except (FlinchError, OSError) as error:
        print(f"train.robustness: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.robustness: stopped; the same command continues", file=sys.stderr)
        return 130
    return 0


def run(args: argparse.Namespace, console: Console) -> None:
    """Raises: DatasetError, ConfigError."""
    reading = of_kind(_read(args, console), "micro")
    samples, labels = _labelled(reading)
    work = Work(args.out, args.jobs, args.seeds, args.margin_s, console)
    tasks, labels = with_faces(tasks_of(samples, args.out, "as is", args.margin_s), labels, work)
    if not tasks:
        raise DatasetError(f"no sample of {reading.dataset} shows a face; see train.prepare --check")
    shown = wrong_key_frames(tasks, work) if "keyframes" in args.groups else [as_is(tasks, work)]
    for group in args.groups:
        shown += [poorer(tasks, condition, work) for condition in CONDITIONS.get(group, ())]
    asked = _systems(tasks, labels, shown[0], args)
    measured = [_measured(one, asked, labels) for one in shown]
    about = {
        "dataset": reading.dataset, "samples": len(tasks), "people": len({t.sample.subject for t in tasks}),
        "fps": sorted({task.sample.fps for task in tasks}), "seeds": args.seeds,
        "trained_on": "the others' samples" if args.leave_out else str(args.train_on),
    }  # fmt: skip
    table = write_robustness(args.out, about, measured)
    console.print(table, width=max(console.width, console.measure(table).maximum), crop=False)


def _read(args: argparse.Namespace, console: Console) -> Reading:
    if args.dataset is None:
        config = FastSynthConfig(count=args.people, seconds=args.seconds)
        console.print("the synthetic set at 200 fps is made once, some minutes for each ten people")
        return reader("synth").read(fast_synth(config, args.out, args.jobs), None)
    if args.root is None:
        raise ConfigError("--dataset needs --root")
    if not args.leave_out and args.dataset != "synth":
        raise ConfigError(
            "a real dataset needs --leave-out: its people may be in what the systems learnt from"
        )
    reading = reader(args.dataset).read(args.root, args.labels)
    return composite(reading) if args.rules == "megc" else reading


def _labelled(reading: Reading) -> tuple[list[Sample], NDArray[np.int64]]:
    kept, _ = labelled(reading.samples, 3)
    return [sample for sample, _ in kept], np.array([label for _, label in kept], np.int64)


def _measured(shown: Shown, asked: dict[str, System], labels: NDArray[np.int64]) -> Measured:
    missing = float(np.mean([[one is None for one in maps] for maps in shown.runs]))
    scores = {
        name: [score(labels, ask(system, maps)) for maps in shown.runs] for name, system in asked.items()
    }
    return Measured(shown.group, shown.name, shown.value, missing, scores)


def _systems(
    tasks: Sequence[PrepareTask], labels: NDArray[np.int64], as_is: Shown, args: argparse.Namespace
) -> dict[str, System]:
    if args.leave_out:
        if SHIPPED in args.systems:
            raise ConfigError(f"--leave-out trains anew: --systems {SHIPPED} cannot leave anybody out")
        return systems(args.systems, _as_features(tasks, labels, as_is), left_out=True)
    data = read_features(args.train_on) if set(args.systems) != {SHIPPED} else None
    return systems(args.systems, data)


def _as_features(tasks: Sequence[PrepareTask], labels: NDArray[np.int64], shown: Shown) -> Features:
    samples = [task.sample for task in tasks]
    return Features(
        np.stack([maps for maps in shown.runs[0] if maps is not None]),
        labels,
        tuple(sample.dataset for sample in samples),
        tuple(f"{sample.dataset}/{sample.subject}" for sample in samples),
        tuple(sample.clip for sample in samples),
    )


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.robustness", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--dataset", metavar="NAME", help="as for train.prepare; default: made here")
    parser.add_argument("--root", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--rules", choices=("all", "megc"), default="all")
    parser.add_argument(
        "--people", type=at_least(1), default=FastSynthConfig().count, help="of the synthetic set"
    )
    parser.add_argument("--seconds", type=float, default=FastSynthConfig().seconds, help="of each of them")
    parser.add_argument(
        "--systems", type=_names, default=(SHIPPED,), help=f"{SHIPPED}, or recipes; by commas"
    )
    parser.add_argument("--train-on", type=Path, default=Path("../shared/data/causalnet-cde"))
    parser.add_argument("--leave-out", action="store_true", help="train on the other subjects of the dataset")
    parser.add_argument("--groups", type=_groups, default=GROUPS, help=", ".join(GROUPS))
    parser.add_argument("--seeds", type=at_least(1), default=3, help="of the noise on key frames")
    parser.add_argument("--margin-s", type=float, default=PrepareConfig().margin_s)
    parser.add_argument("--jobs", type=at_least(1), default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("out/robustness"))
    return parser.parse_args(argv)


def _names(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())


def _groups(words: str) -> tuple[str, ...]:
    unknown = set(_names(words)) - set(GROUPS)
    if unknown:
        raise argparse.ArgumentTypeError(f"no group {', '.join(sorted(unknown))}; known: {', '.join(GROUPS)}")
    return _names(words)


if __name__ == "__main__":
    sys.exit(main())
