"""`python -m realtime.cam`: a face watched live, in a window or without one.

Opens camera 0; where there is none it says so and plays the built-in demo. A clip is played in real
time, and like the demo it never loses a frame: where analysis is slower, it plays slower.
Exit codes: see `realtime.app.cli`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from realtime.app.cli import (
    DONE,
    INTERRUPTED,
    Interruption,
    Parser,
    add_shared_flags,
    flags_of,
    layers_of,
    run_main,
)
from realtime.app.earlier import place_for, results_in
from realtime.app.run import SESSIONS, Run, Wanted
from realtime.app.status import StatusLine
from realtime.app.watch import Watch
from realtime.app.window import Key, Screen, why_no_display
from realtime.config import Config, load_config, to_toml
from realtime.errors import ConfigError, SourceError
from realtime.recording.recorder import utc_now
from realtime.sources import Source, list_cameras, open_source, paced
from realtime.sources.demo import TRUTH_NAME, DemoSource

TITLE = "Flinch"
LONGEST_S = 1e8  # three years


def parser() -> argparse.ArgumentParser:
    made = Parser(prog="python -m realtime.cam", description="Watch a face live; ? lists the window's keys.")
    made.add_argument("--source", metavar="0|PATH|URL|demo", help="camera number, clip, address or the demo")
    made.add_argument("--headless", action="store_true", help="without a window")
    made.add_argument("--out", type=Path, metavar="DIR", help="write the tables here, and sessions below it")
    made.add_argument("--record", action="store_true", help="record a session from the first frame on")
    made.add_argument("--video", action="store_true", help="write annotated.mp4 too; needs --out")
    made.add_argument("--max-seconds", type=float, metavar="N", help="end after so much of the source's time")
    made.add_argument("--list-cameras", action="store_true", help="list the cameras and end")
    add_shared_flags(made)
    return made


def main(arguments: Sequence[str]) -> int:
    args = parser().parse_args(arguments)
    if args.list_cameras:
        return print_cameras()
    config, wanted = load_config(args.config, flags_of(args)), wanted_of(args)
    status = StatusLine()
    if args.print_config:
        print(to_toml(config), end="")
        return DONE
    if wanted.earlier is not None:
        status.say(f"{wanted.out} holds an earlier run: its tables will be kept in {wanted.earlier}")
    with Interruption() as interruption:
        source, lossless = opened(args.source, config, status, wanted.limit_s)
        with source:
            run = Run(source, config, wanted, lossless=lossless)
            watch = Watch(run, source, status, lambda: interruption.came)
            watched(watch, config, headless=args.headless, record=args.record)
            if isinstance(source, DemoSource) and wanted.out is not None:
                source.write_truth(wanted.out / TRUTH_NAME)
        return INTERRUPTED if interruption.came else DONE


def wanted_of(args: argparse.Namespace) -> Wanted:
    """What the flags ask for. Raises: ConfigError for flags that do not go together."""
    if args.video and args.out is None:
        raise ConfigError("--video needs --out DIR to write into")
    if args.max_seconds is not None and not 0 < args.max_seconds <= LONGEST_S:
        raise ConfigError(f"--max-seconds must be above 0 and up to {LONGEST_S:g}, not {args.max_seconds:g}")
    return Wanted(
        out=args.out,
        earlier=place_for(args.out, utc_now()) if args.out is not None and results_in(args.out) else None,
        video=args.video,
        sessions=args.out or SESSIONS,
        limit_s=args.max_seconds,
        layers=layers_of(args),
    )


def opened(
    spec: str | None, config: Config, status: StatusLine, limit_s: float | None = None
) -> tuple[Source, bool]:
    """The source in real time, and whether it can wait for the analysis.

    Without a wish it is camera 0, and without that the demo.
    """
    if spec is None:
        try:
            return open_source("0", config=config.sources), False
        except SourceError:
            status.say("no camera 0 here: playing the built-in demo (--source PATH plays a clip)")
            spec = "demo"
    source = open_source(spec, config=config.sources)
    if isinstance(source, DemoSource):
        return source, True
    return (source, False) if source.live else (paced(source, limit_s=limit_s), True)


def watched(watch: Watch, config: Config, *, headless: bool, record: bool) -> None:
    """Runs to the end, in a window where there can be one, and says how it went."""
    reason = None if headless else why_no_display()
    if reason is not None:
        watch.status.say(f"{reason}: running without a window, as with --headless")
    if record:
        watch.ask(Key.RECORD)
    with watch.run:
        if headless or reason is not None:
            watch.headless()
        else:
            with Screen(TITLE) as screen:
                watch.window(screen, config.window)
    watch.ended()


def print_cameras() -> int:
    cameras = list_cameras()
    for camera in cameras:
        print(f"{camera.index}  {camera.name}")
    if not cameras:
        print("no camera found")
    return DONE


if __name__ == "__main__":
    sys.exit(run_main(main))
