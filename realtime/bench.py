"""`python -m realtime.bench NAME [--json FILE]`: what was measured, in one run on one machine.

Each name is a module of `realtime.benches`. Exit codes: see `realtime.app.cli`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from realtime.app.cli import DONE, Parser, run_main
from realtime.benches import flow
from realtime.errors import OutputError

DATA = Path(os.environ.get("FLINCH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def parser() -> Parser:
    made = Parser(prog="python -m realtime.bench", description="Measure one room of the house.")
    names = made.add_subparsers(dest="name", required=True, metavar="NAME", parser_class=Parser)
    window_flow = names.add_parser("flow", help="window flow against exact truth, beside OpenCV")
    flow.add_flags(window_flow)
    window_flow.set_defaults(measure=flow.main)
    for bench in names.choices.values():
        bench.add_argument("--json", type=Path, metavar="FILE", help="write the report here, too")
        bench.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="default: $FLINCH_DATA")
    return made


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
