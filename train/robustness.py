"""python -m train.robustness: what wrong key frames and poorer pictures cost, for one system beside another.

The published protocol (Gaussian noise of 10, 20, 30 frames on the key frames; the apex found automatically),
the live spotter's own key frames, and the same movements at other frame rates, resolutions, bit rates and
with frames lost. By default on a synthetic set at 200 fps, made on the first call; on a real dataset with
--dataset, --root and --leave-out, so that nobody is in both training and test.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from engine.errors import ConfigError, FlinchError
from realtime.flow import flow_of
from realtime.maps import maps_of
from train.errors import DatasetError
from train.features import Features, read_features
from train.prepare import of_kind, prepare_all
from train.preparing.answers import SHIPPED, Maps, System, ask, score, systems
from train.preparing.farm import each
from train.preparing.fast_synth import FastSynthConfig, fast_synth
from train.preparing.keys import NOISE_SD, live_window, mistaken, with_spotted_apex
from train.preparing.poorer import CONDITIONS
from train.preparing.strip import motion_maps
from train.preparing.task import PrepareConfig, PrepareTask, load_strip
from train.readers import Reading, Sample, reader
from train.readers.emotions import composite, labelled
from train.robustness_report import Measured, write_robustness

POORER_MARGIN_S = 0.15  # frames read around a movement where nothing is looked for there
KEY_FRAMES = "key frames"
AS_IS, APEX_FOUND, ALL_FOUND = "as annotated", "apex found", "all found live"
GROUPS = ("keyframes", *CONDITIONS)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The maps of every sample under one condition, once for each seed; None where there are none."""

    group: str
    name: str
    value: float
    runs: tuple[tuple[Maps | None, ...], ...]


def main(argv: Sequence[str] | None = None) -> int:
    try:
        run(_parse(argv), Console())
    except FlinchError as error:
        print(f"train.robustness: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.robustness: stopped; the same command continues", file=sys.stderr)
        return 130
    return 0


def run(args: argparse.Namespace, console: Console) -> None:
    """Raises: DatasetError, ConfigError."""
    if args.seeds < 1 or args.jobs < 1:
        raise ConfigError("--seeds and --jobs must be at least 1")
    reading = of_kind(_read(args, console), "micro")
    samples, labels = _labelled(reading)
    tasks, labels = _with_faces(_tasks(samples, args.out, "as is", args.margin_s), labels, args, console)
    if not tasks:
        raise DatasetError(f"no sample of {reading.dataset} shows a face; see train.prepare --check")
    shown = _key_frames(tasks, args, console) if "keyframes" in args.groups else [_as_is(tasks, console)]
    for group in args.groups:
        shown += [_poorer(tasks, group, at, args, console) for at in range(len(CONDITIONS.get(group, ())))]
    asked = _systems(tasks, labels, shown[0], args)
    measured = [_measured(one, asked, labels) for one in shown]
    about = {
        "dataset": reading.dataset, "samples": len(tasks), "people": len({t.sample.subject for t in tasks}),
        "fps": sorted({task.sample.fps for task in tasks}), "seeds": args.seeds,
        "trained_on": "the others' samples" if args.leave_out else str(args.train_on),
    }  # fmt: skip
    console.print(write_robustness(args.out, about, measured))


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


def _tasks(samples: Sequence[Sample], out: Path, condition: str, margin_s: float) -> list[PrepareTask]:
    folder = out / "prepared" / condition.replace(" ", "_").replace("/", "")
    return [PrepareTask(sample, folder, PrepareConfig(margin_s)) for sample in samples]


def _with_faces(
    tasks: Sequence[PrepareTask], labels: NDArray[np.int64], args: argparse.Namespace, console: Console
) -> tuple[list[PrepareTask], NDArray[np.int64]]:
    """Those that can be prepared as they are; the rest is said, a line each."""
    notes = prepare_all(tasks, args.jobs, console, "as is")
    for note in notes:
        if "refused" in note:
            console.print(f"{note['subject']}_{note['clip']}: {note['refused']}", markup=False)
    good = [at for at, note in enumerate(notes) if "refused" not in note]
    return [tasks[at] for at in good], labels[good]


def _as_is(tasks: Sequence[PrepareTask], console: Console) -> Shown:
    maps = tuple(_kept_maps(task) for task in track(tasks, AS_IS, console=console))
    return Shown(KEY_FRAMES, AS_IS, 0.0, (maps,))


def _key_frames(tasks: Sequence[PrepareTask], args: argparse.Namespace, console: Console) -> list[Shown]:
    found: list[dict[str, list[Maps | None]]] = [{} for _ in tasks]
    work = partial(key_frame_maps, seeds=args.seeds)
    for at, maps in track(each(work, tasks, args.jobs), KEY_FRAMES, total=len(tasks), console=console):
        found[at] = maps
    names = {AS_IS: 0.0, **{_noise(sd): float(sd) for sd in NOISE_SD}, APEX_FOUND: 0.0, ALL_FOUND: 0.0}
    return [
        Shown(KEY_FRAMES, name, value, tuple(zip(*(one[name] for one in found), strict=True)))
        for name, value in names.items()
    ]


def key_frame_maps(task: PrepareTask, seeds: int) -> dict[str, list[Maps | None]]:
    """Maps of one sample by every choice of key frames; for noise once for each seed."""
    strip, keys = load_strip(task.file)
    maps: dict[str, list[Maps | None]] = {AS_IS: [_kept_maps(task)]}
    for sd in NOISE_SD:
        rngs = [np.random.default_rng([seed, sd, task.sample.row]) for seed in range(seeds)]
        maps[_noise(sd)] = [motion_maps(strip, mistaken(strip, keys, sd, rng)).maps_u8 for rng in rngs]
    maps[APEX_FOUND] = [motion_maps(strip, with_spotted_apex(strip, keys)).maps_u8]
    window = live_window(task.sample, task.config.margin_s)
    maps[ALL_FOUND] = [None if window is None else maps_of(flow_of(window)).maps_u8]
    return maps


def _poorer(
    tasks: Sequence[PrepareTask], group: str, at: int, args: argparse.Namespace, console: Console
) -> Shown:
    condition = CONDITIONS[group][at]
    name = f"{condition.value:g} {condition.group}"
    samples = [condition.applied(task.sample) for task in tasks]
    if all(one is task.sample for one, task in zip(samples, tasks, strict=True)):
        return Shown(condition.group, name, condition.value, (tuple(map(_kept_maps, tasks)),))
    poorer = _tasks(samples, args.out, name, min(args.margin_s, POORER_MARGIN_S))
    notes = prepare_all(poorer, args.jobs, console, name)
    maps = tuple(
        None if "refused" in note else _kept_maps(task) for task, note in zip(poorer, notes, strict=True)
    )
    return Shown(condition.group, name, condition.value, (maps,))


def _kept_maps(task: PrepareTask) -> Maps:
    with np.load(task.file, allow_pickle=False) as kept:
        return np.asarray(kept["maps_u8"], np.uint8)


def _noise(sd: int) -> str:
    return f"noise sd {sd} frames"


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
    parser = argparse.ArgumentParser(
        prog="python -m train.robustness", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--dataset", metavar="NAME", help="as for train.prepare; default: made here")
    parser.add_argument("--root", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--rules", choices=("all", "megc"), default="all")
    parser.add_argument("--people", type=int, default=FastSynthConfig().count, help="of the synthetic set")
    parser.add_argument("--seconds", type=float, default=FastSynthConfig().seconds, help="of each of them")
    parser.add_argument(
        "--systems", type=_names, default=(SHIPPED,), help=f"{SHIPPED}, or recipes; by commas"
    )
    parser.add_argument("--train-on", type=Path, default=Path("../shared/data/causalnet-cde"))
    parser.add_argument("--leave-out", action="store_true", help="train on the other subjects of the dataset")
    parser.add_argument("--groups", type=_groups, default=GROUPS, help=", ".join(GROUPS))
    parser.add_argument("--seeds", type=int, default=3, help="of the noise on key frames")
    parser.add_argument("--margin-s", type=float, default=PrepareConfig().margin_s)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
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
