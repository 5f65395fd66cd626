"""python -m train.compression: what a browser's compression and frame rate cost, and the limits of the page.

Known movements are put on real faces, filmed at 640x480, sent through VP8 and H.264 at several bits per
pixel (and, uncompressed, at several frame rates), and watched by the live chain on the other side. The bit
rate that the page asks for, and the limits under which it warns, are read off these curves.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.card import DEFAULT_MODEL
from engine.errors import FlinchError
from engine.flags import Parser, at_least
from engine.runners import open_runner
from realtime import flow
from train.domain import probabilities
from train.errors import DatasetError
from train.known.conditions import MOVEMENTS, NOISE
from train.known.film import FPS, Known, Sensor
from train.known.people import read_person
from train.known.sent import AS_FILMED, BRIEF, DENOISED, H264, PLAIN, RATE, Seen, see, ways
from train.known.windows import Watcher

AMPLITUDES_PX = (0.7, 1.2)  # by turns
CODECS = (DENOISED, H264)  # as browsers send with a camera
ASKED_LOSS = 0.05  # of what is found as filmed, at the rate that is asked for
THIN_LOSS = 0.2  # where more than this is lost, the page warns

Row = dict[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        measure(args, Console())
    except (FlinchError, OSError) as error:
        print(f"train.compression: {error}", file=sys.stderr)
        return 2
    return 0


def measure(args: argparse.Namespace, console: Console) -> Row:
    """Film, send, watch, ask the network. Raises: DatasetError, ConfigError."""
    stills = sorted(args.faces.glob("*_neutral.jpg"))[: args.people]
    if not stills:
        raise DatasetError(f"no neutral stills in {args.faces}; give a folder like faces/neutral")
    cv2.setNumThreads(1)
    flow.warm_up()
    seen: list[Seen] = []
    for count, still in enumerate(track(stills, "people", console=console), 1):
        seen += _of_person(still)
        write(args.out, report_of(seen, stills[:count]))  # what was seen so far, for who stops it
    report = report_of(seen, stills)
    console.print(as_table(report))
    console.print(report["limits"])
    return report


def report_of(seen: Sequence[Seen], stills: Sequence[Path]) -> Row:
    rows = summarised(seen)
    return {
        "date": datetime.date.today().isoformat(),
        "people": [still.stem for still in stills],
        "amplitudes_px": AMPLITUDES_PX,
        "noise_levels": NOISE,
        "movements": sum(one.way.group == AS_FILMED for one in seen),
        "weights": DEFAULT_MODEL,
        "limits": limits(rows),
        "rows": rows,
    }


def write(out: Path, report: Row) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "compression.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    draw(out / "compression.png", report["rows"])


def _of_person(still: Path) -> Iterator[Seen]:
    person, watcher = read_person(still), Watcher(still.stem)
    sensor = Sensor(NOISE, np.random.default_rng([*still.stem.encode()]))
    for at, movement in enumerate(MOVEMENTS):
        known = Known(movement.units, movement.label, AMPLITUDES_PX[at % len(AMPLITUDES_PX)])
        yield from see(person, known, sensor, watcher, ways())
    watcher.close()


def summarised(seen: Sequence[Seen]) -> list[Row]:
    """A row for each way, in the order of `ways`."""
    found, named = _named([one.spotted_u8 for one in seen]), _named([one.maps_u8 for one in seen])
    rows: list[Row] = []
    for way in dict.fromkeys((one.way.group, one.way.value) for one in seen):
        at = [i for i, one in enumerate(seen) if (one.way.group, one.way.value) == way]
        of_it = [seen[i] for i in at]
        rows.append(
            {
                "group": way[0],
                "asked": way[1],
                "bits_per_pixel": _mean([one.bits_per_pixel for one in of_it]),
                "flow_error_px": _mean([one.flow_error_px for one in of_it]),
                "named": _mean([named[i] == seen[i].label for i in at]),
                "spotted": _mean([one.spotted_u8 is not None for one in of_it]),
                "spotted_and_named": _mean([found[i] == seen[i].label for i in at]),
                "others": int(sum(one.others for one in of_it)),
            }
        )
    return rows


def _named(maps: Sequence[Any]) -> list[int]:
    """The class that the product's model says of each; -1 where there are no maps."""
    said = [-1] * len(maps)
    there = [at for at, one in enumerate(maps) if one is not None]
    if there:
        with open_runner("auto", DEFAULT_MODEL, say=lambda line: None) as runner:
            answers = probabilities(np.stack([maps[at] for at in there]), runner).argmax(axis=1)
        for at, answer in zip(there, answers, strict=True):
            said[at] = int(answer)
    return said


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)


def limits(rows: Sequence[Row]) -> dict[str, float]:
    """What the page needs, read off the curves of what is spotted and named rightly.

    `asked`: the least bits per pixel to ask for from which on every codec loses at most 5 % of what is found
    as filmed. `thin`: the bits per pixel that must really come; under it some codec loses more than 20 %
    (read between two measured points). `fps`: the least frame rate from which on at most 5 % are lost.
    """
    kept = next(row for row in rows if row["group"] == AS_FILMED)["spotted_and_named"]
    compressed = [row for row in rows if row["group"] in CODECS]
    rates = [row for row in rows if row["group"] in (RATE, *BRIEF)]
    thin = [
        _crossing([row for row in rows if row["group"] == codec], 1.0 - THIN_LOSS, kept) for codec in CODECS
    ]
    return {
        "asked": _least(compressed, (1.0 - ASKED_LOSS) * kept),
        "thin": round(max(thin), 3),
        "fps": _least(rates, (1.0 - ASKED_LOSS) * kept),
    }


def _least(rows: Sequence[Row], found: float) -> float:
    """The least value from which on all rows find so much; infinite where there is none."""
    bad = max((row["asked"] for row in rows if row["spotted_and_named"] < found), default=-np.inf)
    return float(min((row["asked"] for row in rows if row["asked"] > bad), default=np.inf))


def _crossing(rows: Sequence[Row], share: float, kept: float) -> float:
    """The bits per pixel sent at which one codec's curve last rises over a share of what is kept."""
    points = sorted((row["bits_per_pixel"], row["spotted_and_named"] - share * kept) for row in rows)
    under = max((at for at, (_, over) in enumerate(points) if over < 0), default=None)
    if under is None:
        return float(points[0][0])
    if under == len(points) - 1:
        return float("inf")
    (left, below), (right, above) = points[under], points[under + 1]
    return float(left + (right - left) * -below / (above - below))


def as_table(report: Mapping[str, Any]) -> Table:
    title = f"{report['movements']} known movements of {len(report['people'])} people, 640x480"
    columns = ("asked", "sent, bits per pixel", "flow error, px", "named", "spotted", "and named", "others")
    table = Table("way", *columns, title=title)
    for row in report["rows"]:
        shares = (f"{row[key]:.2f}" for key in ("named", "spotted", "spotted_and_named"))
        sent = f"{row['bits_per_pixel']:.3f}" if row["bits_per_pixel"] else ""
        asked = f"{row['asked']:g}" if row["asked"] else ""
        table.add_row(row["group"], asked, sent, f"{row['flow_error_px']:.3f}", *shares, str(row["others"]))
    return table


TICKS = (0.02, 0.05, 0.1, 0.2)  # bits per pixel


def draw(path: Path, rows: Sequence[Row]) -> None:
    """Flow error and what is found over bits per pixel sent, and what is found over the frame rate."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.5, 3.2), layout="constrained")
    by_error, by_found, by_rate = figure.subplots(1, 3)
    best = next(row for row in rows if row["group"] == AS_FILMED)
    for axes, key in ((by_error, "flow_error_px"), (by_found, "spotted_and_named")):
        for group in (DENOISED, PLAIN, H264):
            of_it = [row for row in rows if row["group"] == group]
            axes.plot(
                [row["bits_per_pixel"] for row in of_it], [row[key] for row in of_it], "o-", label=group
            )
        axes.axhline(best[key], ls=":", color="gray", label=AS_FILMED)
        axes.set_xscale("log")
        axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
        axes.minorticks_off()
        axes.set_xlabel("bits per pixel sent")
    for group, label in ((RATE, "0.43 s"), *((group, group.rpartition("of ")[2]) for group in BRIEF)):
        of_it = [row for row in rows if row["group"] == group] + [{**best, "asked": FPS}] * (group == RATE)
        places, shares = ([row[key] for row in of_it] for key in ("asked", "spotted_and_named"))
        if places:
            by_rate.plot(places, shares, "o-", label=label)
    by_rate.legend(fontsize=7)
    by_rate.set_xlabel("frames a second")
    by_error.set_ylabel("flow error, px")
    by_error.legend(fontsize=7)
    for axes in (by_found, by_rate):
        axes.set_ylabel("spotted and named rightly")
        axes.set_ylim(0, 1.03)
    for axes in (by_error, by_found, by_rate):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.compression", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--faces", type=Path, default=Path("../shared/data/faces/neutral"), help="of stills")
    parser.add_argument("--people", type=at_least(1), default=4, help="the first so many of the folder")
    parser.add_argument("--out", type=Path, default=Path("out/compression"))
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
