"""python -m train.synth: real stills and clips with known micro- and macro-expressions put into them.

Writes the videos, truth.csv (frames, both ends included), nuisance.csv (the blinks), videos.csv and a sheet
of pictures into --out. The same seed and settings give the same files.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.progress import track

from engine.errors import ConfigError, FlinchError
from train.spotting_tables import VIDEOS_NAME, write_rows
from train.synth.make import Made, Studio, SynthConfig, defaults_for
from train.synth.sheet import write_sheet
from train.synth.split import PARTS, Material, chosen
from train.synth.write import CODECS, TRUTH_HEADER, VIDEOS_HEADER, is_expression

TRUTH_NAME = "truth.csv"
DATA = Path(os.environ.get("FLINCH_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


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


def make_all(
    faces: Path, material: Sequence[Material], config: SynthConfig, args: argparse.Namespace
) -> list[Made]:
    studio = Studio(faces, config)
    args.out.mkdir(parents=True, exist_ok=True)
    tasks = [(item, variant) for item in material for variant in range(args.variants)]
    shown = track(tasks, "videos", disable=not sys.stderr.isatty())
    return [studio.make(item, args.seed, variant, args.out) for item, variant in shown]


def write_tables(out: Path, made: Sequence[Made]) -> None:
    rows = [row for one in made for row in one.movements]
    write_rows(out / VIDEOS_NAME, VIDEOS_HEADER, [one.video for one in made])
    write_rows(out / TRUTH_NAME, TRUTH_HEADER, filter(is_expression, rows))
    write_rows(out / "nuisance.csv", TRUTH_HEADER, [row for row in rows if not is_expression(row)])


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Flags that decide what the videos look like."""
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variants", type=int, default=1, help="videos per still or clip")
    parser.add_argument("--count", type=int, help="only so many stills or clips")
    parser.add_argument("--fps", type=float, help="of stills, 25 to 200 (default 30)")
    parser.add_argument("--seconds", type=float, help="of stills (default 20)")
    parser.add_argument("--codec", choices=CODECS)
    parser.add_argument("--kbps", type=int, help="of h264 and vp8 (default 1500)")
    parser.add_argument("--noise", type=float, help="sensor noise, gray levels")
    parser.add_argument("--flicker", type=float, help="of the lamps, share of the brightness")
    parser.add_argument("--dropped", type=float, help="share of frames")
    parser.add_argument("--doubled", type=float, help="share of frames")
    parser.add_argument("--amplitude", type=float, nargs=2, metavar=("LOW", "HIGH"), help="micro, IOD")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with faces/ (FLINCH_DATA)")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m train.synth", description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=PARTS, required=True)
    parser.add_argument("--people", default="tuning", help="roles or persons, by commas")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dense", action="store_true", help="also exact displacement and landmarks (.npz)")
    add_flags(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
