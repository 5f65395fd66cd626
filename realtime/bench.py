"""`python -m realtime.bench [NAME] [--json FILE]`: what was measured, in one run on one machine.

Each name is a module of `realtime.benches`; without one the whole house is measured.
Exit codes: see `realtime.app.cli`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from realtime.app.cli import DONE, Parser, run_main
from realtime.benches import flow, rate, regions, web, whole
from realtime.errors import OutputError

DATA = Path(os.environ.get("FLINCH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def parser() -> Parser:
    made = Parser(prog="python -m realtime.bench", description="Measure the house, or one room of it.")
    made.set_defaults(measure=whole.main)
    _add_shared_flags(made, json=None, data=DATA)
    names = made.add_subparsers(dest="name", metavar="NAME", parser_class=Parser)
    for name, room, what in (
        ("flow", flow, "window flow against exact truth, beside OpenCV"),
        ("regions", regions, "what the spotter measures in every frame, beside dense flow"),
        ("rate", rate, "the fastest camera that is followed without loss"),
        ("web", web, "age of pictures browser to browser, and what a stream costs"),
    ):
        bench = names.add_parser(name, help=what)
        room.add_flags(bench)
        bench.set_defaults(measure=room.main)
        _add_shared_flags(bench, json=argparse.SUPPRESS, data=argparse.SUPPRESS)
    return made


def _add_shared_flags(bench: Parser, **defaults: object) -> None:
    bench.add_argument(
        "--json", type=Path, default=defaults["json"], metavar="FILE", help="write it here, too"
    )
    bench.add_argument("--data", type=Path, default=defaults["data"], metavar="DIR", help="$FLINCH_DATA")


def main(arguments: Sequence[str]) -> int:
    args = parser().parse_args(arguments)
    if args.json is not None:
        write_json({}, args.json)  # a path that cannot be written is known before minutes of measuring
    report = args.measure(args)
    if args.json is not None:
        write_json(report, args.json)
    return DONE


def write_json(report: dict[str, object], path: Path) -> None:
    """Raises: OutputError: it cannot be written there."""
    try:
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(run_main(main))
