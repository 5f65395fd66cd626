"""What the makers of synthetic videos share: their flags, and the tables that they write."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import ConfigError
from engine.flags import at_least, number
from train.scoring.tables import VIDEOS_NAME, write_rows
from train.synth.make import Made, SynthConfig, defaults_for
from train.synth.write import CODECS, TRUTH_HEADER, VIDEOS_HEADER, is_expression

TRUTH_NAME = "truth.csv"
NUISANCE_NAME = "nuisance.csv"
DATA = Path(os.environ.get("FLINCH_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Flags that decide what the videos look like."""
    parser.add_argument("--seed", type=at_least(0), default=1)
    parser.add_argument("--variants", type=at_least(1), help="videos per still (default 1) or clip (2)")
    parser.add_argument("--count", type=at_least(1), help="only so many stills or clips")
    parser.add_argument("--fps", type=number, help="of stills, 25 to 200 (default 30)")
    parser.add_argument("--seconds", type=number, help="of stills (default 20)")
    parser.add_argument("--codec", choices=CODECS)
    parser.add_argument("--kbps", type=at_least(1), help="of h264 and vp8 (default 1500)")
    parser.add_argument("--noise", type=number, help="sensor noise, gray levels")
    parser.add_argument("--flicker", type=number, help="of the lamps, share of the brightness")
    parser.add_argument("--dropped", type=number, help="share of frames")
    parser.add_argument("--doubled", type=number, help="share of frames")
    parser.add_argument("--amplitude", type=number, nargs=2, metavar=("LOW", "HIGH"), help="micro, IOD")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with faces/ (FLINCH_DATA)")


def config_of(args: argparse.Namespace) -> SynthConfig:
    """The part's defaults, changed by the flags that were given. Raises: ConfigError."""
    config = defaults_for(args.part)
    if args.part != "still" and (args.fps is not None or args.seconds is not None):
        raise ConfigError("--fps and --seconds are for stills: clips keep their own frames and times")
    plain = {name: getattr(args, name) for name in ("fps", "seconds", "codec", "kbps")}
    strengths = {name: getattr(args, name) for name in ("noise", "flicker", "dropped", "doubled")}
    nuisance = replace(config.nuisance, **{k: v for k, v in strengths.items() if v is not None})
    script = config.script
    if args.amplitude is not None:
        script = replace(script, micro_amplitude=tuple(args.amplitude))
    given = {name: value for name, value in plain.items() if value is not None}
    return replace(config, **given, dense=args.dense, nuisance=nuisance, script=script)


def variants_of(args: argparse.Namespace) -> int:
    """How many videos each still or clip gives."""
    variants = (1 if args.part == "still" else 2) if args.variants is None else args.variants
    return int(variants)


def write_tables(out: Path, made: Sequence[Made]) -> None:
    rows = [row for one in made for row in one.movements]
    write_rows(out / VIDEOS_NAME, VIDEOS_HEADER, [one.video for one in made])
    write_rows(out / TRUTH_NAME, TRUTH_HEADER, [row for row in rows if is_expression(row)])
    write_rows(out / NUISANCE_NAME, TRUTH_HEADER, [row for row in rows if not is_expression(row)])
