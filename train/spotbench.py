"""python -m train.spotbench: how well the spotter finds known movements in real faces.

Builds the videos of one part for one set of people (kept under --out as long as the settings and the code
that makes them stay the same), sends them through the live stages and scores what comes out. `untouched`
sends the clips as they are: every event is then a false alarm, or something that nobody put there.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import cv2
from rich.console import Console
from rich.progress import track

from engine.errors import ConfigError, FlinchError
from engine.flags import Parser, at_least
from realtime.app.cli import add_spotter_flag, flags_of
from realtime.config import Config, load_config
from realtime.output.events import CSV_NAME
from train.scoring.report import LEAST_PX, as_table, figures, summary_lines
from train.scoring.run import Watched, watch
from train.scoring.score import Interval
from train.scoring.tables import VIDEOS_NAME, read_intervals
from train.synth.flags import TRUTH_NAME, add_flags, config_of, variants_of, write_tables
from train.synth.make import Made, Studio, SynthConfig
from train.synth.sheet import write_sheet
from train.synth.split import PARTS, Material, chosen
from train.workers import worker_pool

ROOT = Path(__file__).resolve().parent.parent
MAKES = ("train/synth", "realtime/movement")  # code that decides what the videos look like
BESIDE = ("sheet", "further", "split", "flags", "dense", "__main__")  # but not this
STILLS = 8  # by default; clips: all there are

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Bench:
    """The videos of one run, where their meshes are kept, and what is true in them."""

    videos: tuple[Path, ...]
    kept: Path
    truth: tuple[Interval, ...]


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        found = run(args, Console(width=110))
        if args.json is not None:
            args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    except (FlinchError, OSError) as error:
        print(f"train.spotbench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def run(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Builds, watches, scores, prints; the figures are also written into --out."""
    if args.workers < 1:
        raise ConfigError("--workers must be at least 1")
    config = load_config(args.config, flags_of(args))
    bench = _untouched(args) if args.part == "untouched" else _built(args)
    runs = args.out / f"{args.part}-{args.people.replace(',', '+')}"
    watching = partial(_watch, runs=runs, kept=bench.kept, config=config, recognise=args.recognise)
    watched = _each(watching, bench.videos, args.workers, "spotting")
    spotted = [event for video in bench.videos for event in read_intervals(runs / video.stem / CSV_NAME)]
    found = {
        "part": args.part,
        "people": args.people,
        "seed": args.seed,
        "set": str(bench.kept),
        **figures(bench.truth, spotted, watched, args.least_px),
        "per_video": _per_video(bench.truth, spotted, watched, args.least_px),
    }
    (runs / "report.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    console.print(as_table(found, f"{args.part}, {args.people} people, micro >= {args.least_px} px"))
    console.print("\n".join(summary_lines(found)), highlight=False)
    return found


def _built(args: argparse.Namespace) -> Bench:
    """The synthetic set of these settings, made now if it is not there."""
    material = chosen(args.part, args.people.split(","))
    material = material[: args.count or (STILLS if args.part == "still" else None)]
    config = config_of(args)
    folder = args.out / "sets" / f"{args.part}-{set_hash(material, config, args.seed, variants_of(args))}"
    if not (folder / VIDEOS_NAME).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        making = partial(_make, folder=folder, config=config, args=args)
        made = [one for several in _each(making, material, args.workers, "videos") for one in several]
        write_tables(folder, made)
        write_sheet(folder)
    truth = tuple(read_intervals(folder / TRUTH_NAME))
    videos = sorted(path for path in folder.iterdir() if path.suffix in (".mp4", ".webm"))
    return Bench(tuple(videos), folder, truth)


def _untouched(args: argparse.Namespace) -> Bench:
    material = chosen("untouched", args.people.split(","))
    videos = tuple(args.data / "faces" / one.file for one in material)
    return Bench(videos[: args.count], args.out / "sets" / "untouched", ())


def set_hash(material: Sequence[Material], config: SynthConfig, seed: int, variants: int) -> str:
    """Changes with the settings, the material and the code that makes the videos."""
    files = sorted(path for room in MAKES for path in (ROOT / room).glob("*.py"))
    # The syntax tree: neither comments nor layout change a video.
    code = [ast.dump(ast.parse(path.read_text("utf-8"))) for path in files if path.stem not in BESIDE]
    said = json.dumps([asdict(config), [asdict(one) for one in material], seed, variants, code])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _make(item: Material, folder: Path, config: SynthConfig, args: argparse.Namespace) -> list[Made]:
    cv2.setNumThreads(1)
    studio = Studio(args.data / "faces", config)
    return [studio.make(item, args.seed, variant, folder) for variant in range(variants_of(args))]


def _watch(video: Path, runs: Path, kept: Path, config: Config, recognise: bool) -> Watched:
    cv2.setNumThreads(1)
    return watch(video, runs / video.stem, config, kept, recognise=recognise)


def _each(work: Callable[[Task], Result], tasks: Sequence[Task], workers: int, name: str) -> list[Result]:
    """`work` on each, in order, on so many processes."""
    quiet = not sys.stderr.isatty()
    if workers == 1:
        return [work(task) for task in track(tasks, name, disable=quiet)]
    with worker_pool(workers) as pool:
        try:
            return list(track(pool.map(work, tasks), name, total=len(tasks), disable=quiet))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _per_video(
    truth: Sequence[Interval], spotted: Sequence[Interval], watched: Sequence[Watched], least_px: float
) -> dict[str, dict[str, Any]]:
    """Micro counts of each video, the first way (`all`) and without the false alarms of a named cause."""
    table: dict[str, dict[str, Any]] = {}
    for one in watched:
        stem = Path(one.video).stem
        own = [[i for i in intervals if i.video == stem] for intervals in (truth, spotted)]
        found = figures(own[0], own[1], [one], least_px)
        table[one.video] = {
            "face_s": round(one.face_s, 2),
            "coverage": found["coverage"],
            **{way: found[way]["micro"] for way in ("all", "forgiven")},
        }
    return table


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.spotbench", description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=(*PARTS, "untouched"), required=True)
    parser.add_argument("--people", default="tuning", help="roles or persons of train/synth/split.csv")
    parser.add_argument("--out", type=Path, default=Path("out/spotbench"))
    parser.add_argument("--workers", type=at_least(1), default=os.cpu_count() or 1)
    parser.add_argument("--least-px", type=float, default=LEAST_PX, help="weaker ones are not asked for")
    parser.add_argument("--recognise", action="store_true", help="run the network too: STRS")
    parser.add_argument("--json", type=Path, metavar="FILE")
    add_spotter_flag(parser)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings of the live stages, TOML")
    parser.add_argument("--set", action="append", default=[], metavar="TABLE.KEY=VALUE")
    parser.set_defaults(profile=None, faces=None, backend=None, dense=False)
    add_flags(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
