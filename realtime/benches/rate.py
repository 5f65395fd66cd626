"""The fastest camera that is followed without loss: a real face in memory, at rising rates, in real time.

Each rate goes through the real pipeline with its three threads and its tables, a fresh one each time. It is
held when no frame was lost and frames were never old: `age` is the time from a frame's arrival to its
analysis, and a queue that only grows would lose frames in the end. Decoding is left out (the frames lie in
memory), and the clip is played at the rate under test: at high rates the head moves faster than it did.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from realtime.app.assemble import rooms_of
from realtime.app.cli import add_config_flags, set_of
from realtime.app.run import Run, Wanted
from realtime.benches.live import BGR, LOOK, STAGES, LookTimes, SwingSource, frames_of
from realtime.config import Config, load_config
from realtime.errors import ConfigError
from realtime.ring import BEHIND_BYTES, BEHIND_SECONDS

CLIP = Path("faces", "clips", "intel_asl_book.mkv")  # 640x480, somebody who signs
RATES = (30.0, 60.0, 100.0, 125.0, 150.0, 175.0, 200.0, 225.0, 250.0, 275.0, 300.0, 350.0, 400.0)
SECONDS = 4.0
MOST_AGE_MS = 120.0  # p95 of a frame's age, as the whole house is held to
LOST = (BEHIND_SECONDS, BEHIND_BYTES)

Stages = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Trial:
    """One rate, tried."""

    fps: float
    captured: int  # frames that came
    lost: int
    windows_dropped: int  # by all causes: windows wait for frames, never the other way round
    stages: Stages

    @property
    def age_ms_p95(self) -> float:
        return self.stages["age"]["p95_ms"]

    @property
    def held(self) -> bool:
        return self.lost == 0 and self.age_ms_p95 <= MOST_AGE_MS


def try_rate(pictures: Sequence[BGR], fps: float, duration_s: float, config: Config) -> Trial:
    """One run at one rate. Raises: what the pipeline raises."""
    times = LookTimes()
    source = SwingSource(pictures, fps, duration_s)
    with TemporaryDirectory() as folder:
        run = Run(source, config, Wanted(out=Path(folder)), lossless=False, rooms=rooms_of(config, times))
        with run:
            while not run.pipeline.wait(1.0):
                pass
    progress = run.pipeline.progress()
    lost = sum(progress.dropped.get(cause, 0) for cause in LOST)
    others = sum(progress.dropped.values()) - lost
    return Trial(fps, progress.captured, lost, others, {**times.summary(), **run.times.summary()})


def climb(rates: Iterable[float], attempt: Callable[[float], Trial]) -> list[Trial]:
    """Tries the rates, rising, to the first that is not held twice: other programs may get in the way."""
    trials: list[Trial] = []
    for fps in sorted(rates):
        trial = attempt(fps)
        trials.append(trial if trial.held else attempt(fps))
        if not trials[-1].held:
            break
    return trials


def report_of(trials: Sequence[Trial]) -> dict[str, object]:
    """As `--json` writes it; the time per frame is that of the highest rate held, or of the first tried."""
    held = [trial for trial in trials if trial.held]
    best = held[-1] if held else trials[0]
    return {
        "frame_ms_p50": best.stages[LOOK]["p50_ms"],
        "frame_ms_p95": best.stages[LOOK]["p95_ms"],
        "highest_fps_without_loss": held[-1].fps if held else 0.0,
        "stages": best.stages,
        "rates": [_row(trial) for trial in trials],
    }


def _row(trial: Trial) -> dict[str, object]:
    return {
        "fps": trial.fps,
        "held": trial.held,
        "frames": trial.captured,
        "lost": trial.lost,
        "windows_dropped": trial.windows_dropped,
        "age_ms_p95": trial.age_ms_p95,
        "frame_ms_p50": trial.stages[LOOK]["p50_ms"],
        "frame_ms_p95": trial.stages[LOOK]["p95_ms"],
    }


def table_of(stages: Stages) -> str:
    """p50 and p95 of every stage, in the order of the way through the house."""
    lines = [f"{'stage':12}{'p50 ms':>10}{'p95 ms':>10}{'times':>8}"]
    for name in STAGES:
        if name in stages:
            row = stages[name]
            lines.append(f"{name:12}{row['p50_ms']:10.2f}{row['p95_ms']:10.2f}{row['count']:8.0f}")
    return "\n".join(lines)


def add_flags(parser: argparse.ArgumentParser) -> None:
    add_config_flags(parser)
    parser.add_argument("--clip", type=Path, metavar="FILE", help=f"default: {CLIP} of the data folder")
    parser.add_argument("--rates", type=float, nargs="+", default=RATES, metavar="FPS", help="to be tried")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="each; default: 4")


def main(args: argparse.Namespace) -> dict[str, object]:
    """Measure, print, and give the report. Raises: SourceError, ClipRejected, ConfigError."""
    if args.seconds <= 0 or min(args.rates) <= 0:
        raise ConfigError("--seconds and --rates must be above 0")
    config = load_config(args.config, set_of(args))
    pictures = frames_of(args.clip or args.data / CLIP)

    def attempt(fps: float) -> Trial:
        trial = try_rate(pictures, fps, args.seconds, config)
        look = trial.stages[LOOK]
        print(
            f"{fps:5g} fps: {trial.lost} of {trial.captured} frames lost, age p95 {trial.age_ms_p95:.1f} ms,"
            f" look p50 {look['p50_ms']:.2f} p95 {look['p95_ms']:.2f} ms",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        return trial

    report = report_of(climb(args.rates, attempt))
    print(table_of(report["stages"]))  # type: ignore[arg-type]
    print(f"highest rate without loss: {report['highest_fps_without_loss']:g} fps")
    return report
