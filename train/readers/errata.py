"""Known mistakes of published label workbooks, as a table with their source.

Rows are named by their place, so an edition's mistakes are corrected together or not at all: at least half
of them must look wrong as they stand (no apex, frames out of order; a slip of the pen does not show), and
all must be in order afterwards. A workbook corrected since, or sorted otherwise, is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from train.readers.workbook import NOT_SAID, Row, RowError

MEB = (
    "github.com/tvaranka/meb, meb/datasets/datasets.py (compared with the image folders, or by optical flow)"
)


@dataclass(frozen=True, slots=True)
class Erratum:
    """One cell put right."""

    place: int  # of the data row, from 0
    column: str
    value: int


@dataclass(frozen=True, slots=True)
class Edition:
    """The mistakes of one edition of one workbook."""

    dataset: str
    source: str
    errata: tuple[Erratum, ...]


def _flawed(row: Row) -> bool:
    """No apex, or frames out of order."""
    return row.text("apex").lower() in NOT_SAID or not _in_order(row)


def _in_order(row: Row) -> bool:
    """Whether those of onset, apex and offset that are there could be a movement's."""
    try:
        frames = [row.frame(name) for name in ("onset", "apex", "offset")]
    except RowError:
        return False
    known = [frame for frame in frames if frame is not None]
    return frames[0] is not None and frames[2] is not None and known == sorted(known) and known[0] < known[-1]


def _errata(column: str, values: dict[int, int]) -> tuple[Erratum, ...]:
    return tuple(Erratum(place, column, value) for place, value in values.items())


EDITIONS = (
    Edition(
        "casme2", MEB,
        _errata("offset", {60: 91})
        + _errata("apex", {
            29: 279, 35: 68, 43: 77, 45: 81, 51: 166, 53: 100, 60: 78, 117: 187, 118: 89, 126: 80, 136: 88,
            147: 134, 155: 231, 168: 53, 170: 329, 177: 111, 202: 91, 203: 103, 234: 98, 237: 153, 238: 98,
        }),
    ),
    Edition(
        "samm", MEB,
        _errata("offset", {56: 5739}) + _errata("apex", {125: 1105, 132: 4945, 133: 5130}),
    ),
    Edition(
        "mmew", MEB,
        _errata("apex", {
            33: 40, 35: 15, 36: 46, 37: 20, 38: 25, 39: 20, 40: 23, 41: 28, 42: 32,
            142: 56, 143: 32, 145: 27, 146: 22, 148: 29, 154: 31, 156: 38,
        })
        + _errata("offset", {
            33: 75, 35: 54, 36: 59, 37: 98, 38: 80, 39: 93, 40: 58, 41: 61, 42: 68,
            142: 88, 143: 80, 145: 85, 146: 61, 148: 108, 154: 72, 156: 106,
        }),
    ),
    Edition(
        "casme3-a", MEB,
        _errata("apex", {128: 123, 750: 1})
        + _errata("onset", {749: 2647, 750: 1})
        + _errata("offset", {708: 34, 796: 1845, 798: 2403}),
    ),
)  # fmt: skip


def corrected(dataset: str, rows: Sequence[Row]) -> tuple[list[Row], dict[int, str], str]:
    """The rows with known mistakes put right, what was done to each (by row number), and a line about it."""
    for edition in EDITIONS:
        if edition.dataset == dataset:
            return _apply(edition, rows)
    return list(rows), {}, ""


def _apply(edition: Edition, rows: Sequence[Row]) -> tuple[list[Row], dict[int, str], str]:
    right = list(rows)
    done: dict[int, str] = {}
    places = {erratum.place for erratum in edition.errata}
    flawed = sum(_flawed(rows[place]) for place in places if place < len(rows))
    for erratum in edition.errata if max(places) < len(rows) else ():
        row = right[erratum.place]
        said = f"{erratum.column} {row.text(erratum.column) or 'empty'} -> {erratum.value} ({edition.source})"
        right[erratum.place] = row.with_cell(erratum.column, erratum.value)
        done[row.number] = "; ".join(filter(None, (done.get(row.number, ""), said)))
    if not done or 2 * flawed < len(places) or not all(_in_order(right[place]) for place in places):
        said = f"known errata not applied: {flawed} of {len(places)} rows look as they do in that edition"
        return list(rows), {}, said
    return right, done, f"known errata applied to {len(places)} rows ({edition.source})"
