"""python -m train.synth: real stills and clips with known micro- and macro-expressions put into them.

Writes the videos, truth.csv (frames, both ends included), nuisance.csv (the blinks), videos.csv and a sheet
of pictures into --out. The same seed and settings give the same files.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.progress import track

from engine.errors import FlinchError
from engine.flags import Parser
from train.synth.flags import TRUTH_NAME, add_flags, config_of, variants_of, write_tables
from train.synth.make import Made, Studio, SynthConfig
from train.synth.sheet import write_sheet
from train.synth.split import PARTS, Material, chosen


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        material = chosen(args.part, args.people.split(","))[: args.count]
        made = make_all(args.data / "faces", material, config_of(args), args)
        write_tables(args.out, made)
        sheet = write_sheet(args.out)
    except (FlinchError, OSError) as error:
        print(f"train.synth: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"{len(made)} videos and {TRUTH_NAME} in {args.out}; look at {sheet}")
    return 0


def make_all(
    faces: Path, material: Sequence[Material], config: SynthConfig, args: argparse.Namespace
) -> list[Made]:
    studio = Studio(faces, config)
    args.out.mkdir(parents=True, exist_ok=True)
    tasks = [(item, variant) for item in material for variant in range(variants_of(args))]
    shown = track(tasks, "videos", disable=not sys.stderr.isatty())
    return [studio.make(item, args.seed, variant, args.out) for item, variant in shown]


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.synth", description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=PARTS, required=True)
    parser.add_argument("--people", default="tuning", help="roles or persons, by commas")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dense", action="store_true", help="also exact displacement and landmarks (.npz)")
    add_flags(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
