"""python -m train.profile_effect: what a profile does to false alarms and to what is found.

Each video is watched once without a profile: its first ten seconds give one, as `calibration.neutral` would
make it. It is then watched again with that profile, and both are judged on what comes after. `still` makes
faces that rest for the first ten seconds; `untouched` takes the clips that are long enough.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.errors import FlinchError
from engine.flags import Parser, at_least
from realtime.app.cli import add_spotter_flag
from realtime.clock import NS_PER_S, seconds
from realtime.config import Config, updated
from realtime.errors import CalibrationError
from realtime.profile.neutral import SECONDS, SETTLE_S, NeutralMeter
from realtime.sources.file import FileSource
from realtime.types import Event, Kind
from train.scoring.report import CAUSES
from train.scoring.run import KeptMeshes, spot_only
from train.scoring.score import Interval, compare
from train.scoring.tables import read_intervals
from train.synth.flags import DATA, TRUTH_NAME, write_tables
from train.synth.make import Studio, defaults_for
from train.synth.split import chosen

CALIBRATING_S = SETTLE_S + SECONDS
JUDGED_S = 5.0  # a clip must go on so long after it
STILL_S = 45.0
LEAST_PX = 0.5


@dataclass(frozen=True, slots=True)
class Judged:
    """What came after the first ten seconds of one video. Micro-expressions only."""

    alarms: int  # that nobody put there and no flag explains
    found: int
    asked: int
    face_s: float


@dataclass(frozen=True, slots=True)
class Effect:
    """One video without and with its profile."""

    video: str
    without: Judged
    profiled: Judged | None  # None: no profile could be made
    refused: str  # why calibration.neutral would refuse, in its words
    floor_px: float  # median over the regions


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    cv2.setNumThreads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            videos = stills(args, Path(folder)) if args.part == "still" else clips(args)
            chosen_kind = {} if args.spotter is None else {"spotting": {"kind": args.spotter}}
            config = updated(Config(), chosen_kind, where="command line")
            watching = track(videos, "watching")
            found = [effect_of(video, truth, config, args.anyway) for video, truth in watching]
    except (FlinchError, OSError) as error:
        print(f"train.profile_effect: {error}", file=sys.stderr)
        return 2
    Console(width=120).print(as_table(found))
    if args.json is not None:
        args.json.write_text(json.dumps([asdict(one) for one in found], indent=2) + "\n", encoding="utf-8")
    return 0


def clips(args: argparse.Namespace) -> list[tuple[Path, list[Interval]]]:
    """The clips that go on for long enough; whoever is in them."""
    paths = [
        args.data / "faces" / one.file for one in chosen("untouched", ("training", "tuning", "reporting"))
    ]
    return [(path, []) for path in dict.fromkeys(paths) if _lasts_s(path) > CALIBRATING_S + JUDGED_S]


def stills(args: argparse.Namespace, folder: Path) -> list[tuple[Path, list[Interval]]]:
    """Faces of the still part that rest first, then move as the benchmark has them move."""
    base = defaults_for("still")
    script = replace(base.script, lead_s=CALIBRATING_S + 1.0)
    nuisance = base.nuisance if args.noise is None else replace(base.nuisance, noise=args.noise)
    studio = Studio(args.data / "faces", replace(base, seconds=STILL_S, script=script, nuisance=nuisance))
    material = chosen("still", args.people.split(","))[: args.count]
    made = [studio.make(one, args.seed, 0, folder) for one in track(material, "videos")]
    write_tables(folder, made)
    truth = list(read_intervals(folder / TRUTH_NAME))
    paths = [folder / str(one.video[0]) for one in made]
    return [(path, [true for true in truth if true.video == path.stem]) for path in paths]


def effect_of(video: Path, truth: list[Interval], config: Config, anyway: bool) -> Effect:
    """Watches the video twice. `anyway`: also with a profile that calibration.neutral would refuse."""
    with tempfile.TemporaryDirectory() as kept:
        meter, refused = NeutralMeter(), ""
        without = watched(video, truth, config, Path(kept), meter)
        try:
            person_px: tuple[float, ...] = meter.result().noise_px
        except CalibrationError as error:
            refused = str(error)
            person_px = meter.floors() if anyway and meter.used else ()
        profiled = None
        if person_px:
            tables = {"spotting": {"rest": {"person_px": list(person_px)}}}
            profiled = watched(video, truth, updated(config, tables, where="profile"), Path(kept), None)
    floor_px = sorted(person_px)[len(person_px) // 2] if person_px else 0.0
    return Effect(video.name, without, profiled, refused, floor_px)


def watched(
    video: Path, truth: list[Interval], config: Config, kept: Path, meter: NeutralMeter | None
) -> Judged:
    """One pass through face, chip and spotter; `meter` sees the first seconds."""
    events: list[Event] = []
    face_frames, frames, t_ns, start_ns = 0, 0, 0, None
    with (
        KeptMeshes(video, config, kept) as meshes,
        closing(spot_only(config, meshes.model)) as stages,
        FileSource(video) as source,
    ):
        for frame in source:
            start_ns = frame.t_ns if start_ns is None else start_ns
            t_ns = frame.t_ns - start_ns
            analysis = stages.step(frame)
            events += analysis.events
            if meter is not None and t_ns < CALIBRATING_S * NS_PER_S:
                meter.add(analysis)
            frames += 1
            face_frames += bool(analysis.chips) and t_ns >= CALIBRATING_S * NS_PER_S
        events += stages.finish()[0]
    return judged(video.stem, events, truth, face_frames * seconds(t_ns) / max(frames - 1, 1))


def judged(video: str, events: Sequence[Event], truth: Sequence[Interval], face_s: float) -> Judged:
    """Counts the micro events that begin after the calibrating seconds."""
    late = [event for event in events if event.onset_ns >= CALIBRATING_S * NS_PER_S]
    spotted = [interval_of(video, event) for event in late if event.kind is Kind.MICRO]
    scored = compare([true for true in truth if true.kind == "micro"], spotted)
    strong = [match for match in scored.matches if match.truth.amplitude_px >= LEAST_PX]
    missed = [true for true in scored.missed if true.amplitude_px >= LEAST_PX]
    alarms = sum(not alarm.flags & CAUSES for alarm in scored.false_alarms)
    return Judged(alarms, len(strong), len(strong) + len(missed), face_s)


def interval_of(video: str, event: Event) -> Interval:
    flags = frozenset(flag.value for flag in event.flags)
    return Interval(video, event.onset_frame, event.offset_frame, event.kind.value, flags=flags)


def as_table(found: Sequence[Effect]) -> Table:
    """A row a video, and the sums over those for which a profile was made."""
    names = ("video", "face s", "floor px", "alarms", "profiled", "found of asked", "profiled", "refused")
    table = Table(*names, title="first 10 s rest, then judged: unflagged micro false alarms")
    for one in found:
        table.add_row(
            *(one.video, f"{one.without.face_s:.0f}", f"{one.floor_px:.3f}"),
            *_cells([one.without], [one.profiled] if one.profiled else []),
            one.refused.split(";")[0],
        )
    both = [one for one in found if one.profiled is not None]
    sums = _cells([one.without for one in both], [one.profiled for one in both if one.profiled is not None])
    table.add_row("all with a profile", f"{sum(one.without.face_s for one in both):.0f}", "", *sums, "")
    minutes = sum(one.without.face_s for one in both) / 60
    if minutes > 0:
        rates = [
            f"{sum(one.alarms for one in judged) / minutes:.2f}/min"
            for judged in ([o.without for o in both], [o.profiled for o in both if o.profiled is not None])
        ]
        table.add_row("", "", "", *rates, "", "", "")
    return table


def _cells(without: Sequence[Judged], profiled: Sequence[Judged]) -> list[str]:
    alarms = [str(sum(one.alarms for one in judged)) if judged else "-" for judged in (without, profiled)]
    hits = [
        f"{sum(one.found for one in judged)} of {sum(one.asked for one in judged)}" if judged else "-"
        for judged in (without, profiled)
    ]
    return [*alarms, *hits]


def _lasts_s(path: Path) -> float:
    try:
        with FileSource(path) as source:
            t_ns = [frame.t_ns for frame in source]
    except FlinchError:
        return 0.0
    return seconds(t_ns[-1] - t_ns[0])


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.profile_effect", description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=("still", "untouched"), required=True)
    parser.add_argument("--people", default="tuning", help="of the stills: roles or persons")
    parser.add_argument("--count", type=at_least(1), default=12, help="of the stills, at most")
    parser.add_argument("--noise", type=float, help="of the stills' sensor, gray levels")
    parser.add_argument("--seed", type=at_least(0), default=1)
    parser.add_argument("--anyway", action="store_true", help="use floors that calibration.neutral refuses")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with faces/ (FLINCH_DATA)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    add_spotter_flag(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
