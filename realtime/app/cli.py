"""What the entry points share: flags, exit codes and the signals that end a run.

Exit codes: 0 done; 2 a user's error, in one line on stderr; 1 a fault, with its traceback; 130 ended by
SIGINT, SIGTERM or SIGHUP, after everything analysed so far was written.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from engine import flags
from realtime.config import assignment, merged
from realtime.errors import FlinchError
from realtime.overlay.layers import DEFAULT_LAYERS, LAYERS, checked_layers
from realtime.profile.profile import load_profile
from realtime.recognition import RECOGNISERS

DONE, FAULT, USER_ERROR, INTERRUPTED = 0, 1, flags.USER_ERROR, 130


class Parser(flags.Parser):
    said_by = "flinch"


def add_config_flags(parser: argparse.ArgumentParser) -> None:
    """Flags that every entry point with settings understands."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings as TOML; see --print-config")
    parser.add_argument(
        "--set", action="append", default=[], metavar="TABLE.KEY=VALUE", help="one setting; over --config"
    )


def add_shared_flags(parser: argparse.ArgumentParser) -> None:
    """Flags that every entry point which analyses understands."""
    add_config_flags(parser)
    parser.add_argument("--print-config", action="store_true", help="print all settings as TOML and end")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="what calibration measured (JSON)")
    parser.add_argument("--backend", metavar="NAME", help="what runs the network: auto, openvino ..")
    parser.add_argument("--require", metavar="NAME", help="what must run it: fail instead of another")
    parser.add_argument("--recogniser", choices=sorted(RECOGNISERS), help="the network that names the class")
    add_spotter_flag(parser)
    parser.add_argument(
        "--layers", metavar="A,B", help=f"what is drawn over the picture, of {', '.join(LAYERS)}; or none"
    )
    parser.add_argument("--faces", type=int, metavar="N", help="watch up to N faces at once")


def add_spotter_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--spotter", choices=("learned", "rules"), help="what spots micro-expressions")


def flags_of(args: argparse.Namespace) -> dict[str, Any]:
    """--profile < --set < named flags, as tables. Raises: ConfigError, CalibrationError."""
    profile: dict[str, Any] = {} if args.profile is None else load_profile(args.profile).tables()
    table = merged(profile, set_of(args))
    if args.faces is not None:
        table = merged(table, {"face": {"faces": args.faces}})
    if args.backend is not None:
        table = merged(table, {"recognition": {"backend": args.backend}})
    if getattr(args, "require", None) is not None:
        table = merged(table, {"recognition": {"require": args.require}})
    if getattr(args, "recogniser", None) is not None:
        table = merged(table, {"recognition": {"model": RECOGNISERS[args.recogniser]}})
    if getattr(args, "spotter", None) is not None:
        table = merged(table, {"spotting": {"kind": args.spotter}})
    return table


def set_of(args: argparse.Namespace) -> dict[str, Any]:
    """What --set alone says, as tables. Raises: ConfigError."""
    table: dict[str, Any] = {}
    for text in args.set:
        table = merged(table, assignment(text))
    return table


def layers_of(args: argparse.Namespace) -> frozenset[str]:
    """The overlay's layers that --layers names. Raises: ConfigError for one that does not exist."""
    if args.layers is None:
        return DEFAULT_LAYERS
    return checked_layers([] if args.layers == "none" else args.layers.split(","))


class Interruption:
    """Remembers SIGINT, SIGTERM or SIGHUP instead of dying of it; a second SIGINT is not held back."""

    def __init__(self) -> None:
        self.came = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        # Nothing but a flag: a handler that took a lock could wait for the thread it interrupted.
        if self.came and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.came = True


def run_main(main: Callable[[Sequence[str]], int], arguments: Sequence[str] | None = None) -> int:
    """`main` with the family of errors turned into one line and an exit code; a fault passes through."""
    try:
        return main(sys.argv[1:] if arguments is None else arguments)
    except FlinchError as error:
        print(f"flinch: {error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`); without this the interpreter complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
