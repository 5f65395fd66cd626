"""python -m train.spotting_eval: spotted intervals against the truth, as the MEGC challenges count.

Tables are CSV with at least video,onset,offset,type (frames, both ends included; micro or macro). The
spotted ones may be Flinch's events.csv, or a folder that holds one for each clip; their `emitted_s` gives
the latency from the true offset, `label` columns on both sides give STRS. A row with an empty onset names a
video in which nothing happens. False alarms per minute need the length of the videos: --minutes, or a table
video,seconds (--videos; `videos.csv` beside the truth is found by itself).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from engine.errors import ConfigError, FlinchError
from engine.flags import Parser, number
from train.scoring.score import compare, report
from train.scoring.tables import VIDEOS_NAME, read_intervals, read_minutes


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        found = evaluate(args.truth, args.pred, _minutes(args))
        if args.json is not None:
            args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    except (FlinchError, OSError) as error:
        print(f"train.spotting_eval: {error}", file=sys.stderr)
        return 2
    show(found, Console())
    return 0


def evaluate(truth: Path, pred: Path, minutes: float | None = None) -> dict[str, Any]:
    """The report on two tables. Raises: DatasetError."""
    return report(compare(read_intervals(truth), read_intervals(pred)), minutes)


def show(found: dict[str, Any], console: Console) -> None:
    """The report as a table."""
    table = Table("", "TP", "FP", "FN", "precision", "recall", "F1", "FP/min", "STRS")
    for name in ("micro", "macro", "overall"):
        row = found[name]
        ratios = [f"{row[key]:.3f}" for key in ("precision", "recall", "f1")]
        score = (found["strs"].get(name) or {}).get("strs")
        rest = [_said(row["false_alarms_per_minute"]), _said(score)]
        table.add_row(name, *(str(row[key]) for key in ("tp", "fp", "fn")), *ratios, *rest)
    console.print(table)
    console.print(f"emitted after the true offset, p95: {_said(found['latency_ms_p95'])} ms")


def _said(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _minutes(args: argparse.Namespace) -> float | None:
    if args.minutes is not None:
        if args.minutes <= 0:
            raise ConfigError(f"--minutes must be above 0, not {args.minutes}")
        return float(args.minutes)
    beside = args.truth.parent / VIDEOS_NAME
    videos = args.videos or (beside if beside.is_file() else None)
    return None if videos is None else read_minutes(videos)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.spotting_eval", description=__doc__.split("\n")[0])
    parser.add_argument("--truth", type=Path, required=True, help="CSV: video,onset,offset,type")
    parser.add_argument(
        "--pred", type=Path, required=True, help="the same, an events.csv, or a folder of them"
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--minutes", type=number, metavar="N", help="length of all videos")
    parser.add_argument("--videos", type=Path, metavar="FILE", help="CSV: video,seconds")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
