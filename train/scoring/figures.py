"""python -m train.scoring.figures: curves of the spotting benchmark over amplitude, duration, fps, bit rate.

    python -m train.scoring.figures --report still=A.json --report talking=B.json --rate fps:30=C.json ..

A curve of the first two comes from the bands within each report, a point of the others from one report.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from engine.errors import ConfigError, FlinchError
from engine.flags import Parser

BANDS = {
    "recall_by_amplitude_px": ("amplitude.png", "largest displacement, pixels of a 128x128 chip"),
    "recall_by_duration_ms": ("duration.png", "onset to offset, ms (amplitude 0.5 px and more)"),
}
RATES = {
    "fps": ("fps.png", "frames per second (stills)"),
    "kbps": ("bit_rate.png", "bit rate of H.264, kbit/s (stills)"),
}

Report = Mapping[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        reports = {name: _read(path) for name, path in map(_pair, args.report)}
        points = [(name, _read(path)) for name, path in map(_pair, args.rate)]
        args.out.mkdir(parents=True, exist_ok=True)
        for key, (file, said) in BANDS.items() if reports else ():
            draw_bands(reports, key, said).savefig(args.out / file, dpi=110)
        for key, (file, said) in RATES.items():
            mine = sorted((float(n.split(":")[1]), report) for n, report in points if n.startswith(f"{key}:"))
            if mine:
                draw_rates(mine, said).savefig(args.out / file, dpi=110)
    except (FlinchError, OSError) as error:
        print(f"train.scoring.figures: {error}", file=sys.stderr)
        return 2
    return 0


def draw_bands(reports: Mapping[str, Report], key: str, said: str) -> Figure:
    """Share found per band, a line for each report; how many were asked stands at each point."""
    figure, axes = _empty(said, "found")
    for name, report in reports.items():
        bands = [(band, hits, asked) for band, (hits, asked) in report[key].items() if asked]
        places = [list(report[key]).index(band) for band, _, _ in bands]
        axes.plot(places, [hits / asked for _, hits, asked in bands], marker="o", label=name)
        for place, (_, hits, asked) in zip(places, bands, strict=True):
            axes.annotate(str(asked), (place, hits / asked), textcoords="offset points", xytext=(5, 5))
    names = list(next(iter(reports.values()))[key])
    axes.set_xticks(range(len(names)), names)
    axes.legend()
    return figure


def draw_rates(points: Sequence[tuple[float, Report]], said: str) -> Figure:
    """F1, precision and recall of micro-expressions over one setting."""
    figure, axes = _empty(said, "micro-expressions")
    for name in ("f1", "precision", "recall"):
        values = [report["all"]["micro"][name] for _, report in points]
        axes.plot([at for at, _ in points], values, marker="o", label=name)
    axes.set_xscale("log")
    axes.set_xticks([at for at, _ in points], [f"{at:g}" for at, _ in points], minor=False)
    axes.minorticks_off()
    axes.legend()
    return figure


def _empty(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=across, ylabel=up, ylim=(-0.03, 1.05))
    axes.grid(alpha=0.3)
    return figure, axes


def _pair(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals:
        raise ConfigError(f"{text}: write it as NAME=FILE")
    return name, Path(path)


def _read(path: Path) -> Report:
    try:
        report: Report = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is no report of train.spotbench ({error})") from error
    return report


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.scoring.figures", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--report", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--rate", action="append", default=[], metavar="fps:N=FILE or kbps:N=FILE")
    parser.add_argument("--out", type=Path, default=Path("train/results/spotting"))
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
