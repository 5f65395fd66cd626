"""python -m train.spotting.rarity: how rare what is put into a face is beside what the face does by itself.

A movement leaves its place and comes back. How far each region truly goes at its apex is compared with how
far the untouched face is seen to go off the straight line between such a movement's beginning and end, at
every moment: the share of moments in which the face goes as far by itself, in the region where that share is
smallest, is the movement's rarity. A spotter that heard nothing but one region at one moment would raise
that many false alarms to find it; one that hears all of them together and in time can do better, and has to
where the rarity is large.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from engine.errors import FlinchError
from engine.flags import Parser, at_least
from realtime.spotting.chain import ROW_PARTS
from realtime.spotting.regions import REGIONS, tile_centres
from realtime.types import FaceChip
from train.scoring.report import LEAST_PX
from train.spotting.items import Item, item_of
from train.spotting.lively import chip_field
from train.spotting.shapes import Shapes, shapes_of
from train.spotting.tracks import Strip, Track, rows_of, strip_of, track_of
from train.synth.flags import DATA
from train.synth.script import ScriptConfig
from train.synth.split import Material, chosen

PARTS = ("still", "talking", "acting")
VARIANTS = 4
RARE = 0.01
MICRO = 0  # kind of an event of an `Item`

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rarities:
    """Of the micro-expressions that were put into one still or clip."""

    part: str
    name: str
    shares: tuple[float, ...]  # each movement's, 0 to 1

    @property
    def rare(self) -> float:
        """Share of them that are rarer than RARE."""
        return float(np.mean(np.array(self.shares) < RARE))


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    cv2.setNumThreads(1)
    try:
        parts = PARTS if args.part is None else [args.part]
        material = [one for part in parts for one in chosen(part, args.people.split(","))]
        watched = track(material, "clips", disable=not sys.stderr.isatty())
        found = [rarities_of(one, args.data / "faces", args.variants) for one in watched]
    except (FlinchError, OSError) as error:
        print(f"train.spotting.rarity: {error}", file=sys.stderr)
        return 2
    Console().print(_table([one for one in found if one.shares]))
    return 0


def rarities_of(material: Material, faces: Path, variants: int) -> Rarities:
    """Raises: DatasetError, ClipRejected."""
    strip = strip_of(material, faces, seed=1)
    made = items_of(strip, variants, clip=material.part != "still")
    shares = [share for item, truly_px in made for share in shares_of(item, truly_px)]
    return Rarities(material.part, strip.name, tuple(shares))


def items_of(strip: Strip, variants: int, *, clip: bool) -> list[tuple[Item, F32]]:
    """The strip with movements put in, as often, and how far each of them truly moves each region."""
    shapes = shapes_of(strip.chips[:1])
    base = rows_of(strip.chips, shapes.templates)
    flags: list[list[str]] = [[] for _ in strip.chips]
    items = []
    for variant in range(variants):
        rng = np.random.default_rng((variant, zlib.crc32(strip.name.encode())))
        made = track_of(strip, ScriptConfig(), rng, shapes.templates)
        items.append((item_of(made, base, flags, clip), _truly_px(made, strip.chips[0], shapes)))
    return items


def _truly_px(made: Track, chip: FaceChip, shapes: Shapes) -> F32:
    """(movements, regions) at the apex, as tiles of equal texture would have it."""
    at = tuple(tile_centres().T)
    regions = shapes.seen[: ROW_PARTS["regions"]]
    moved = []
    for movement, size_px in zip(made.movements, made.amplitudes_px, strict=True):
        field = chip_field(chip, movement.actions)
        largest_px = max(float(np.linalg.norm(field, axis=2).max()), 1e-6)
        moved.append(size_px / largest_px * (regions @ field[at].ravel()))
    return np.linalg.norm(np.array(moved, np.float32).reshape(len(moved), len(REGIONS), 2), axis=2)


def shares_of(item: Item, truly_px: F32) -> list[float]:
    """The rarity of each micro-expression of LEAST_PX and more; `truly_px` (movements, regions)."""
    base = item.base[:, : ROW_PARTS["regions"]]
    shares = []
    for (onset, apex, offset, size, kind), goes in zip(item.events, truly_px, strict=True):
        ends = max(round(apex) - round(onset), 1), max(round(offset) - round(apex), 1)
        if kind == MICRO and size >= LEAST_PX and sum(ends) < len(base):
            shares.append(float((ways_off(base, *ends) >= goes).mean(axis=0).min()))
    return shares


def ways_off(rows: F32, before: int, after: int) -> F32:
    """(steps - before - after, regions) pixels from the straight line between the steps before and after."""
    first, middle, last = rows[: -before - after], rows[before:-after], rows[before + after :]
    share = np.float32(before / (before + after))
    off = middle - first - share * (last - first)
    return np.asarray(np.linalg.norm(off.reshape(len(off), -1, 2), axis=2), np.float32)


def _table(found: Sequence[Rarities]) -> Table:
    table = Table(title=f"movements of {LEAST_PX} px and more: how often the face goes as far by itself")
    for name in ("part", "face", "movements", "median", f"rarer than {RARE:.0%}"):
        table.add_column(name)
    for part in PARTS:
        ours = [one for one in found if one.part == part]
        for one in ours if part != "still" else []:
            table.add_row(part, one.name, *_row(one.shares))
        if ours:
            table.add_row(part, "all", *_row(share for one in ours for share in one.shares), end_section=True)
    return table


def _row(shares: Iterable[float]) -> tuple[str, str, str]:
    every = Rarities("", "", tuple(shares))
    return str(len(every.shares)), f"{np.median(every.shares):.1%}", f"{every.rare:.0%}"


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.spotting.rarity", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--part", choices=PARTS, help="one of them only")
    parser.add_argument("--people", default="reporting", help="roles or persons of train/synth/split.csv")
    parser.add_argument("--variants", type=at_least(1), default=VARIANTS, help="of each still or clip")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with faces/ (FLINCH_DATA)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
