"""python -m train.direction_figures: where the skin goes for single action units, there and back.

From onset to apex and from apex to offset a face moves along the same paths in opposite directions, as
CausalNet (ICCV 2025) shows of recorded samples. Here each action unit is put on real faces, filmed, and
measured by the live chain; drawn are the flow as it is, hue for direction, and the published direction maps,
which are made of min-max scaled components and therefore know only a quarter of the circle.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.errors import FlinchError
from engine.flags import Parser, at_least
from realtime import flow
from realtime.maps import U, V, direction_map, flow_map
from train.errors import DatasetError
from train.features import Features, read_features
from train.known.conditions import NOISE
from train.known.film import Known, Sensor, film
from train.known.people import read_person
from train.known.windows import Watcher, flow_of_chips

UNITS = (1, 2, 4, 6, 9, 12, 14, 15, 17)
AMPLITUDE_PX = 1.5
STRONG = 0.3  # of a phase's longest vector: shorter ones have no direction worth an angle
PHASES = ("onset to apex", "apex to offset")


@dataclass(frozen=True, slots=True, eq=False)
class Directed:
    """One action unit over several people."""

    unit: int
    flow_px: NDArray[np.float32]  # (2, 128, 128, 2) mean over people
    turned_deg: float  # median over people and places: from the first phase's direction to the second's
    mirrored: float  # correlation of scaled u and v between the phases, mean over people; -1 is opposite

    @property
    def maps_u8(self) -> NDArray[np.uint8]:
        """(2, 28, 28, 3) the published direction maps of the mean flow."""
        return direction_map(np.stack([flow_map(phase) for phase in self.flow_px]))


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        found = measure(args, Console())
    except (FlinchError, OSError) as error:
        print(f"train.direction_figures: {error}", file=sys.stderr)
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    directions_figure(found).savefig(args.out / "directions.png", dpi=76)
    (args.out / "directions.json").write_text(json.dumps(table_of(found, args), indent=1) + "\n")
    return 0


def measure(args: argparse.Namespace, console: Console) -> list[Directed]:
    """Every unit on every person, by the live chain. Raises: DatasetError, ConfigError."""
    stills = sorted(args.faces.glob("*_neutral.jpg"))[: args.people]
    if not stills:
        raise DatasetError(f"no neutral stills in {args.faces}; give a folder like faces/stills")
    cv2.setNumThreads(1)
    flow.warm_up()
    of_people = [flows_of(still) for still in track(stills, "people", console=console)]
    found = [directed(unit, np.stack([one[at] for one in of_people])) for at, unit in enumerate(UNITS)]
    table = Table("AU", "turned by, degrees", "correlation of u, v")
    for one in found:
        table.add_row(str(one.unit), f"{one.turned_deg:.0f}", f"{one.mirrored:.2f}")
    console.print(table)
    return found


def flows_of(still: Path) -> NDArray[np.float32]:
    """(units, 2, 128, 128, 2): both phases of every unit on one person."""
    person, watcher = read_person(still), Watcher(still.stem)
    sensor = Sensor(NOISE, np.random.default_rng([*still.stem.encode()]))
    found = [
        flow_of_chips(watcher.watch(film(person, Known((unit,), 0, AMPLITUDE_PX), sensor)).at()).phases_hw2
        for unit in UNITS
    ]
    watcher.close()
    return np.stack(found)


def directed(unit: int, flows: NDArray[np.float32]) -> Directed:
    """One unit; `flows` (people, 2, 128, 128, 2)."""
    scaled = np.array([[flow_map(phase)[..., [V, U]] for phase in one] for one in flows], np.float64)
    mirrored = [np.corrcoef(*one.reshape(2, -1))[0, 1] for one in scaled]
    return Directed(unit, flows.mean(axis=0), turned_deg(flows), float(np.mean(mirrored)))


def turned_deg(flows: NDArray[np.float32]) -> float:
    """Median angle between the phases where the first one is strong; `flows` (people, 2, 128, 128, 2)."""
    size = np.linalg.norm(flows, axis=-1)
    strong = size[:, 0] >= STRONG * size[:, 0].max(axis=(1, 2), keepdims=True)
    cosine = (flows[:, 0] * flows[:, 1]).sum(axis=-1) / np.maximum(size[:, 0] * size[:, 1], 1e-6)
    angles = np.degrees(np.arccos(np.clip(cosine[strong], -1.0, 1.0)))
    return float(np.median(angles))


def as_colours(flow_px: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(128, 128, 3) RGB: hue is the direction over the whole circle, white is still."""
    size = np.linalg.norm(flow_px, axis=-1)
    hue = np.degrees(np.arctan2(flow_px[..., 1], flow_px[..., 0])) % 360 / 2
    strength = 255 * np.clip(size / (0.6 * size.max()), 0, 1)
    hsv = np.stack([hue, strength, np.full_like(hue, 255)], axis=-1).astype(np.uint8)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def directions_figure(found: Sequence[Directed]) -> Figure:
    """A column for each unit; rows: flow of both phases, published direction map of both phases."""
    figure = Figure(figsize=(1.25 * len(found) + 1.2, 5.4), layout="constrained")
    grid = figure.subplots(4, len(found) + 1, squeeze=False)
    for column, one in enumerate(found):
        for phase in range(2):
            _show(grid[phase, column], as_colours(one.flow_px[phase]))
            _show(grid[2 + phase, column], one.maps_u8[phase][..., ::-1])
        grid[0, column].set_title(f"AU {one.unit}", fontsize=9)
        grid[1, column].set_xlabel(f"{one.turned_deg:.0f}°", fontsize=8)
        grid[3, column].set_xlabel(f"r {one.mirrored:.2f}", fontsize=8)
    for row in range(4):
        grid[row, 0].set_ylabel(f"{PHASES[row % 2]}\n{'as it is' if row < 2 else 'normalised'}", fontsize=7)
        grid[row, -1].axis("off")
    _legends(grid[0, -1], grid[2, -1])
    figure.suptitle(
        "Directions: the flow as it is (white: still), and the published normalised maps. "
        "Below: median angle between the phases; correlation of u and v", fontsize=8,
    )  # fmt: skip
    return figure


def _show(axes: Axes, picture: NDArray[np.uint8]) -> None:
    axes.imshow(picture, interpolation="nearest", aspect=1.0)
    axes.set_xticks([])
    axes.set_yticks([])


def _legends(circle: Axes, quarter: Axes) -> None:
    """What the colours mean: the whole circle of directions, and the quarter that scaling leaves."""
    y, x = np.mgrid[-1:1:65j, -1:1:65j].astype(np.float32)
    wheel = np.stack([x, y], axis=-1)
    wheel[np.hypot(x, y) > 1] = 0
    circle.imshow(as_colours(wheel))
    circle.set_title("direction", fontsize=8)
    v, u = np.mgrid[0:256:4, 0:256:4].astype(np.uint8)
    scaled = direction_map(np.stack([np.zeros_like(u), v, u], axis=-1))
    quarter.imshow(scaled[..., ::-1])
    quarter.set_title("u →, v ↓", fontsize=8)


def table_of(found: Sequence[Directed], args: argparse.Namespace) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"unit": one.unit, "turned_deg": round(one.turned_deg, 1), "correlation": round(one.mirrored, 3)}
        for one in found
    ]
    about = {"faces": str(args.faces), "people": args.people, "amplitude_px": AMPLITUDE_PX, "noise": NOISE}
    published = {} if args.data is None else {"published_correlation": of_published(read_features(args.data))}
    return {**about, "rows": rows, **published}


def of_published(data: Features) -> dict[str, float]:
    """The same correlation over the published samples of each dataset: median."""
    planes = data.maps_u8[:, :2][..., [V, U]].astype(np.float64).reshape(len(data), 2, -1)
    found = np.array([np.corrcoef(*one)[0, 1] for one in planes])
    datasets = np.array(data.datasets)
    return {
        name: round(float(np.median(found[datasets == name])), 3) for name in dict.fromkeys(data.datasets)
    }


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.direction_figures", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--faces", type=Path, default=Path("../shared/data/faces/neutral"), help="of stills")
    parser.add_argument("--people", type=at_least(1), default=6, help="the first so many of the folder")
    parser.add_argument("--data", type=Path, help="the causalnet-cde folder: how opposite its phases are")
    parser.add_argument("--out", type=Path, default=Path("out/directions"))
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
