"""python -m train.domain: does the live chain give the network what it was trained on?

Known movements are put on real faces and sent through crop, flow and maps to the shipped network. Nothing
here is a micro-expression; it shows that the geometry, the flow and the maps agree with the published ones.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.card import DEFAULT_MODEL
from engine.errors import FlinchError
from engine.runners import Runner, open_runner
from realtime import flow
from realtime.maps import STRAIN, U, V
from train.errors import DatasetError
from train.features import read_features
from train.synth.people import Person, read_people
from train.synth.windows import Crop, Known, maps_of_chips, render

NEGATIVE, POSITIVE, SURPRISE = range(3)
MOVEMENTS = (
    Known((4,), NEGATIVE),
    Known((9,), NEGATIVE),
    Known((12,), POSITIVE),
    Known((14,), NEGATIVE),
    Known((15,), NEGATIVE),
    Known((17,), NEGATIVE),
    Known((1, 2), SURPRISE),
)
PLAIN = ("4", "12", "17", "1+2")  # the movements whose class nobody disputes
AMPLITUDES_PX = (1.0, 2.0)
NOISE = 1.5
ROWS, SCALE = 1.5, 0.1  # how far the published datasets differ among themselves
CROPS = {
    "fitted": (Crop(),),
    "rows": (Crop(rows=-ROWS), Crop(rows=ROWS)),
    "columns": (Crop(columns=-ROWS), Crop(columns=ROWS)),
    "scale": (Crop(scale=1.0 - SCALE), Crop(scale=1.0 + SCALE)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One movement as the network got it."""

    condition: str
    units: str
    label: int
    maps_u8: NDArray[np.uint8]


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        report = measure(args, Console())
    except FlinchError as error:
        print(f"train.domain: {error}", file=sys.stderr)
        return 2
    if args.json is not None:
        args.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def measure(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    stills = sorted(args.faces.glob("*.jpg"))
    if not stills:
        raise DatasetError(f"no stills in {args.faces}; give the folder faces/stills")
    people = read_people(stills)
    flow.warm_up()
    total = len(people) * len(MOVEMENTS) * len(AMPLITUDES_PX) * sum(map(len, CROPS.values()))
    shown = list(track(show(people), "movements", total=total, console=console))
    with open_runner(args.backend, args.weights) as runner:
        report: dict[str, Any] = {
            "people": len(people),
            "weights": args.weights,
            "right": right(shown, runner),
        }
    report["live"] = statistics(np.stack([one.maps_u8 for one in shown if one.condition == "fitted"]))
    if args.data is not None:
        report["published"] = statistics(read_features(args.data).maps_u8)
    console.print(as_table(report["right"]))
    for name in ("live", "published"):
        console.print(name, report.get(name, {}))
    return report


def show(people: Sequence[Person]) -> Iterator[Shown]:
    """Every movement, amplitude and crop on every person."""
    rng = np.random.default_rng(0)
    for person in people:
        for known in MOVEMENTS:
            for amplitude in AMPLITUDES_PX:
                for condition, crops in CROPS.items():
                    for crop in crops:
                        chips = render(person, replace(known, amplitude_px=amplitude), NOISE, rng, crop)
                        yield Shown(condition, _name(known), known.label, maps_of_chips(chips))


def right(shown: Sequence[Shown], runner: Runner) -> dict[str, dict[str, float]]:
    """Share named rightly, by condition and movement; "plain" and "all" are over movements."""
    maps = np.stack([one.maps_u8 for one in shown]).astype(np.float32)
    hits = runner.infer(maps).argmax(axis=1) == [one.label for one in shown]
    conditions, units = (np.array([getattr(one, key) for one in shown]) for key in ("condition", "units"))
    found: dict[str, dict[str, float]] = {}
    for condition in CROPS:
        of_it = conditions == condition
        row = {name: float(hits[of_it & (units == name)].mean()) for name in map(_name, MOVEMENTS)}
        plain = of_it & np.isin(units, PLAIN)
        found[condition] = row | {"plain": float(hits[plain].mean()), "all": float(hits[of_it].mean())}
    return found


def statistics(maps_u8: NDArray[np.uint8]) -> dict[str, dict[str, float]]:
    """Mean, and standard deviation within a map, of each channel of the flow maps."""
    flows = maps_u8[:, :2].astype(np.float64)
    spread = flows.std(axis=(2, 3)).mean(axis=(0, 1))
    mean = flows.mean(axis=(0, 1, 2, 3))
    names = {"strain": STRAIN, "v": V, "u": U}
    return {name: {"mean": round(mean[c], 1), "spread": round(spread[c], 1)} for name, c in names.items()}


def as_table(found: dict[str, dict[str, float]]) -> Table:
    columns = [*map(_name, MOVEMENTS), "plain", "all"]
    table = Table("crop", *columns, title="known movements named rightly")
    for condition, row in found.items():
        table.add_row(condition, *(f"{row[name]:.3f}" for name in columns))
    return table


def _name(known: Known) -> str:
    return "+".join(map(str, known.units))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.domain", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--faces", type=Path, required=True, help="folder of stills, faces/stills")
    parser.add_argument("--data", type=Path, help="the causalnet-cde folder, to compare statistics")
    parser.add_argument("--weights", default=DEFAULT_MODEL)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--json", type=Path)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
