"""python -m calibration.camera: what a camera really delivers, before anything is believed of it.

True frame rate, jitter, lost and repeated frames, exposure and flicker, with what to mend.
Exit codes: see `realtime.app.cli`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from calibration.show import camera_table, counting
from realtime.app.cli import DONE, INTERRUPTED, Interruption, Parser, add_config_flags, run_main, set_of
from realtime.config import load_config
from realtime.errors import ConfigError
from realtime.output.files import check_place, replace_file
from realtime.profile.camera_check import LEAST_S, CameraMeter
from realtime.sources import Source, open_source

SECONDS = 10.0


def main(arguments: Sequence[str]) -> int:
    args = parsed(arguments)
    config = load_config(args.config, set_of(args))
    if args.json is not None:
        check_place(args.json)
    with Interruption() as interruption, open_source(args.source, config=config.sources) as source:
        meter = looked_at(source, args.seconds, Console(stderr=True), lambda: interruption.came)
    if interruption.came and meter.seconds < LEAST_S:
        return INTERRUPTED
    report = meter.report()
    Console().print(camera_table(source.name, report))
    if interruption.came:
        return INTERRUPTED  # what was seen is shown, but no file says that it was all that was asked for
    if args.json is not None:
        replace_file(args.json, json.dumps({"source": source.name, **asdict(report)}, indent=2) + "\n")
    return DONE


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Raises: ConfigError."""
    parser = Parser(prog="python -m calibration.camera", description="What a camera really delivers.")
    parser.add_argument("--source", default="0", metavar="0|PATH|URL|demo", help="default: camera 0")
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="N", help="default: 10")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures too")
    add_config_flags(parser)
    args = parser.parse_args(arguments)
    if not 1 <= args.seconds <= 600:
        raise ConfigError(f"--seconds must lie in 1 .. 600, not {args.seconds:g}")
    return args


def looked_at(
    source: Source, seconds: float, console: Console, stopped: Callable[[], bool] = lambda: False
) -> CameraMeter:
    """Everything the source gives in so much of its own time, or until `stopped` says so."""
    meter = CameraMeter()
    with counting(console, f"camera {source.name}", seconds) as tell:
        for frame in source:
            meter.add(frame)
            tell(meter.seconds, f"{meter.fps:.1f} fps")
            if meter.seconds >= seconds or stopped():
                break
    return meter


if __name__ == "__main__":
    sys.exit(run_main(main))
