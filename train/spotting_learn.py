"""python -m train.spotting_learn: trains the learned spotter from stills and clips, and writes its files.

    chips of the training people --movements put in--> tracks --mixed and distracted--> networks --> one ONNX

Chips and tracks are kept under --out, so that a second run only trains. Clips of train/synth/further.csv are
learnt from too where --further says that they lie. The threshold is chosen afterwards
(train/SPOTTING.md, `train.scoring.halves`) and given here as --threshold.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from engine.errors import FlinchError
from engine.flags import Parser, at_least
from engine.spotter import DEFAULT_SPOTTER, SPOTTER_FOLDER
from train.spotting.causes import calibrate_causes
from train.spotting.fit import FitConfig, Mixer, fit
from train.spotting.grow import grown, parted
from train.spotting.items import Item, item_of
from train.spotting.lively import Liveliness, moved_chip
from train.spotting.net import SpotNet
from train.spotting.shapes import Shapes, shapes_of
from train.spotting.ship import read_members, write_spotter
from train.spotting.tracks import Strip, Track, rows_of, strip_of, track_of
from train.synth.flags import DATA
from train.synth.further import further
from train.synth.script import ScriptConfig
from train.synth.split import PARTS, Material, chosen

SEED, LIVELY_SEEDS = 7, (11, 12, 13)
MANY, LIVELY = 400, 240  # frames of a still; of more, every second will do; of a lively one
VARIANTS = {"still": 4, "acting": 30, "talking": 30}
FURTHER_VARIANTS = 16  # of each further clip: there are more of them
PACE = (0.75, 1.35)
SHAPED = 12  # stills whose mesh makes the mean shapes
CLIP_SCRIPT = ScriptConfig(rest_s=(0.4, 1.5), lead_s=0.6)
STILL_SCRIPT = replace(CLIP_SCRIPT, blink_share=0.15)

F32 = NDArray[np.float32]


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        items, shapes = prepared(args.data / "faces", args.out, args.people.split(","), args.further)
        members = trained(items, shapes, args)
        write_spotter(members, shapes.templates, args.weights / args.name, args.threshold, _said(args))
    except (FlinchError, OSError) as error:
        print(f"train.spotting_learn: {error}", file=sys.stderr)
        return 2
    print(f"{args.weights / args.name}: {args.members} networks of {_parameters(members[0])} parameters")
    return 0


def trained(items: Sequence[Item], shapes: Shapes, args: argparse.Namespace) -> list[SpotNet]:
    """The members, each from a seed of its own.

    Those of an earlier spotter are where they begin, in turn, grown to today's size where they are smaller.
    """
    config = FitConfig(steps=args.steps, rate=args.rate)
    starts: Sequence[SpotNet | None] = [None] if args.start is None else read_members(args.start)
    members = []
    for index in range(args.members):
        seed = index + 1
        start = starts[index % len(starts)]
        if start is not None and start.is_smaller:
            start = parted(grown(start), seed)
        member = fit(items, shapes, config, seed, start=start)
        calibrate_causes(member, Mixer(items, shapes, config, seed=args.members + seed))
        members.append(member)
    return members


def prepared(
    faces: Path, out: Path, people: Sequence[str], clips: Path | None = None
) -> tuple[list[Item], Shapes]:
    """Every track of these people on the grid, and the shapes; found under `out`, or made.

    `clips` is the folder of the further clips, if they shall be learnt from too.

    The shapes are always of the same training people: networks of one line share their input.
    Raises: DatasetError, ClipRejected.
    """
    cv2.setNumThreads(1)
    material = [(one, faces, VARIANTS[one.part]) for part in PARTS for one in chosen(part, people)]
    if clips is not None:
        material += [(one, clips, FURTHER_VARIANTS) for one in further(clips)]
    stills = chosen("still", ["training"])[:SHAPED]
    shapes = _kept(
        out / "shapes.pkl", lambda: shapes_of([_strip(one, faces, out).chips[0] for one in stills])
    )
    items: list[Item] = []
    for one, folder, variants in track(material, "tracks", disable=not sys.stderr.isatty()):
        path = out / "tracks" / f"{Path(one.file).stem}.pkl"
        make = partial(_made, one, folder, out, shapes.templates, variants)
        items += _kept(path, make)
    return items, shapes


def _made(material: Material, folder: Path, out: Path, templates: F32, variants: int) -> list[Item]:
    return items_of(material, _strip(material, folder, out), templates, variants)


def _strip(material: Material, faces: Path, out: Path) -> Strip:
    path = out / "strips" / f"{Path(material.file).stem}.pkl"
    return _kept(path, lambda: strip_of(material, faces, seed=1))


def _kept(path: Path, make: Callable[[], Any]) -> Any:
    """What `make` made, now or in an earlier run."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(make()))
    return pickle.loads(path.read_bytes())  # noqa: S301  our own, never read from elsewhere


def items_of(material: Material, strip: Strip, templates: F32, variants: int) -> list[Item]:
    base = rows_of(strip.chips, templates)
    flags = [[flag.value for flag in chip.flags] for chip in strip.chips]
    script = STILL_SCRIPT if material.part == "still" else CLIP_SCRIPT
    items = []
    for variant in range(variants):
        rng = np.random.default_rng((SEED, variant, zlib.crc32(strip.name.encode())))
        made = track_of(strip, script, rng, templates, float(rng.uniform(*PACE)))
        items.append(item_of(made, base, flags, material.part != "still"))
    if material.part == "still":
        items += [_lively(strip, templates, seed) for seed in LIVELY_SEEDS]
    return items


def _lively(strip: Strip, templates: F32, seed: int) -> Item:
    """The still once more, talking and turning."""
    few = Strip(strip.name, (strip.chips[::2] if len(strip.chips) > MANY else strip.chips)[:LIVELY])
    rng = np.random.default_rng((seed, zlib.crc32(strip.name.encode())))
    lively = Liveliness(few.chips[0], few.t_s, rng)
    rows = rows_of([moved_chip(chip, lively.field(i), 1.0) for i, chip in enumerate(few.chips)], templates)
    return item_of(Track(few.name, few.t_s, rows, (), ()), rows, lively.flags, clip=True)


def _said(args: argparse.Namespace) -> dict[str, object]:
    given = {name: getattr(args, name) for name in ("people", "members", "steps", "rate")}
    given["further"] = args.further is not None
    return {**given, "torch": torch.__version__.split("+")[0]}


def _parameters(net: SpotNet) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.spotting_learn", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="keeps chips and tracks")
    parser.add_argument("--people", default="training", help="roles or persons of train/synth/split.csv")
    parser.add_argument("--further", type=Path, metavar="FOLDER", help="clips of train/synth/further.csv")
    parser.add_argument("--steps", type=at_least(1), default=FitConfig().steps)
    parser.add_argument("--rate", type=float, default=FitConfig().rate, help="highest learning rate")
    parser.add_argument(
        "--members", type=at_least(1), default=1, help="networks, seeds from 1, that answer as one"
    )
    parser.add_argument("--start", type=Path, metavar="FILE", help="safetensors of an earlier spotter")
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--name", default=DEFAULT_SPOTTER)
    parser.add_argument("--weights", type=Path, default=SPOTTER_FOLDER, help="where the files go")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with faces/ (FLINCH_DATA)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
