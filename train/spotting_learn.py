"""python -m train.spotting_learn: trains the learned spotter from stills and clips, and writes its files.

    chips of the training people --movements put in--> tracks --mixed and distracted--> networks --> one ONNX

Chips and tracks are kept under --out, so that a second run only trains. The threshold is chosen afterwards,
on the tuning people (train/SPOTTING.md), and given here as --threshold.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.progress import track

from engine.errors import FlinchError
from engine.spotter import DEFAULT_SPOTTER, SPOTTER_FOLDER
from train.spotting_fit import FitConfig, Item, fit, item_of
from train.spotting_lively import Liveliness, moved_chip
from train.spotting_net import SpotNet
from train.spotting_ship import write_spotter
from train.spotting_tracks import Strip, rows_of, strip_of, track_of
from train.synth.flags import DATA
from train.synth.script import ScriptConfig
from train.synth.split import PARTS, Material, chosen

SEED, LIVELY_SEED = 7, 11
MANY = 400  # frames of a still; of more, every second will do
VARIANTS = {"still": 2, "acting": 16, "talking": 16}
PACE = (0.75, 1.35)
CLIP_SCRIPT = ScriptConfig(rest_s=(0.4, 1.5), lead_s=0.6)
STILL_SCRIPT = replace(CLIP_SCRIPT, blink_share=0.15)


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        items = prepared(args.data / "faces", args.out)
        members = [fit(items, FitConfig(steps=args.steps), seed) for seed in range(1, args.members + 1)]
        write_spotter(members, args.weights / args.name, args.threshold, _said(args))
    except FlinchError as error:
        print(f"train.spotting_learn: {error}", file=sys.stderr)
        return 2
    print(f"{args.weights / args.name}: {args.members} networks of {_parameters(members[0])} parameters")
    return 0


def prepared(faces: Path, out: Path) -> list[Item]:
    """Every track of the training people on the grid; found or made."""
    cv2.setNumThreads(1)
    out.mkdir(parents=True, exist_ok=True)
    people = [one for part in PARTS for one in chosen(part, ["training"])]
    items: list[Item] = []
    for material in track(people, "tracks", disable=not sys.stderr.isatty()):
        kept = out / f"{Path(material.file).stem}.pkl"  # our own, never read from elsewhere
        if not kept.is_file():
            kept.write_bytes(pickle.dumps(items_of(material, strip_of(material, faces, seed=1))))
        items += pickle.loads(kept.read_bytes())  # noqa: S301
    return items


def items_of(material: Material, strip: Strip) -> list[Item]:
    base = rows_of(strip.chips)
    flags = [[flag.value for flag in chip.flags] for chip in strip.chips]
    script = STILL_SCRIPT if material.part == "still" else CLIP_SCRIPT
    items = []
    for variant in range(VARIANTS[material.part]):
        rng = np.random.default_rng((SEED, variant, zlib.crc32(strip.name.encode())))
        made = track_of(strip, script, rng, float(rng.uniform(*PACE)))
        items.append(item_of(made, base, flags, material.part != "still"))
    return items + ([_lively(strip)] if material.part == "still" else [])


def _lively(strip: Strip) -> Item:
    """The still once more, talking and turning."""
    few = Strip(strip.name, strip.chips[::2] if len(strip.chips) > MANY else strip.chips)
    rng = np.random.default_rng((LIVELY_SEED, zlib.crc32(strip.name.encode())))
    lively = Liveliness(few.chips[0], few.t_s, rng)
    base = rows_of([moved_chip(chip, lively.field(i), 1.0) for i, chip in enumerate(few.chips)])
    return item_of(track_of(few, CLIP_SCRIPT, rng, lively=lively), base, lively.flags, clip=True)


def _said(args: argparse.Namespace) -> dict[str, object]:
    return {"members": args.members, "steps": args.steps, "torch": torch.__version__.split("+")[0]}


def _parameters(net: SpotNet) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.spotting_learn", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--out", type=Path, required=True, help="keeps chips and tracks")
    parser.add_argument("--steps", type=int, default=FitConfig().steps)
    parser.add_argument("--members", type=int, default=3, help="networks, seeds from 1, that answer as one")
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--name", default=DEFAULT_SPOTTER)
    parser.add_argument("--weights", type=Path, default=SPOTTER_FOLDER, help="where the files go")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with faces/ (FLINCH_DATA)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
