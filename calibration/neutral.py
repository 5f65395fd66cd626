"""python -m calibration.neutral: ten seconds of a resting face become a profile.

The profile holds each face region's noise floor and the camera it was measured with; `cam`, `replay` and
`web` take it with --profile. Exit codes: see `realtime.app.cli`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from calibration.show import camera_table, counting, neutral_table
from realtime.app.cli import DONE, INTERRUPTED, Interruption, Parser, add_config_flags, run_main, set_of
from realtime.app.run import Run, Wanted
from realtime.config import Config, load_config
from realtime.errors import ConfigError
from realtime.output.files import check_place
from realtime.profile.meter import ProfileMeter
from realtime.profile.neutral import SECONDS, SETTLE_S
from realtime.profile.profile import Profile, new_profile, save_profile
from realtime.sources import Source, open_source, paced
from realtime.sources.demo import DemoSource

POLL_S = 0.1


def main(arguments: Sequence[str]) -> int:
    args = parsed(arguments)
    check_place(args.profile)
    config = load_config(args.config, set_of(args))
    console = Console(stderr=True)
    with Interruption() as interruption, open_source(args.source, config=config.sources) as source:
        meter = watched(source, config, args.seconds, console, interruption)
    if interruption.came:
        console.print(f"interrupted: no profile written to {args.profile}", highlight=False, soft_wrap=True)
        return INTERRUPTED
    profile = profile_of(meter, args.profile.stem, source.name)
    save_profile(args.profile, profile)
    say(profile, args.profile)
    return DONE


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Raises: ConfigError."""
    parser = Parser(prog="python -m calibration.neutral", description="A resting face becomes a profile.")
    parser.add_argument("--source", default="0", metavar="0|PATH|URL|demo", help="default: camera 0")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="N", help="default: 10")
    parser.add_argument("--profile", type=Path, required=True, metavar="FILE", help="the profile to write")
    add_config_flags(parser)
    args = parser.parse_args(arguments)
    if not 2 <= args.seconds <= 600:
        raise ConfigError(f"--seconds must lie in 2 .. 600, not {args.seconds:g}")
    return args


def watched(
    source: Source, config: Config, seconds: float, console: Console, interruption: Interruption
) -> ProfileMeter:
    """So much of the source's own time, through the stages of a live run."""
    meter = ProfileMeter()
    lossless = isinstance(source, DemoSource) or not source.live
    wanted = Wanted(limit_s=SETTLE_S + seconds)
    shown = paced(source) if lossless and console.is_terminal else source
    run = Run(shown, config, wanted, lossless=lossless, more_sinks=[meter])
    console.print("Look at the camera, rest your face, do not talk.", highlight=False)
    with counting(console, "resting face", SETTLE_S + seconds) as tell, run:
        while not run.pipeline.wait(POLL_S):
            tell(meter.neutral.seconds, meter.word)
            if interruption.came:
                run.pipeline.stop(hurry=True)
    return meter


def profile_of(meter: ProfileMeter, name: str, source: str) -> Profile:
    """Raises: CalibrationError when there was too little to measure."""
    return new_profile(name, source, meter.camera.report(), meter.neutral.result())


def say(profile: Profile, path: Path) -> None:
    console = Console()
    console.print(camera_table(profile.source, profile.camera))
    if profile.neutral is not None:
        console.print(neutral_table(profile.neutral))
    console.print(f"profile written: {path}; use it with --profile {path}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(run_main(main))
