"""Label workbooks as rows of named cells: xlsx, old xls and csv, with preambles or without any header."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from train.errors import DatasetError

Cell = str | int | float | None

_ZIP = b"PK\x03\x04"
_OLD = (b"\xd0\xcf\x11\xe0", b"\x09\x00\x04\x00")  # an OLE file; a bare stream of its first version
NOT_SAID = frozenset({"", "/", "-", "?", "n/a", "na", "nan", "none", "-1"})


class RowError(DatasetError):
    """One row does not fit; the reader goes on with the next."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet's cells; row i of the file is rows[i - 1]."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One data row; cells by our own names for the columns."""

    number: int  # in the file, from 1
    cells: Mapping[str, Cell]

    def text(self, name: str) -> str:
        """The cell as a word; a whole number without its decimal point."""
        cell = self.cells.get(name)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        return "" if cell is None else str(cell).strip()

    def frame(self, name: str) -> int | None:
        """The cell as a frame number; None where the coders wrote /, -1 or nothing. Raises: RowError."""
        word = self.text(name)
        if word.lower() in NOT_SAID:
            return None
        try:
            number = float(word)
        except ValueError:
            number = float("nan")
        if not number.is_integer() or number < 0:
            raise RowError(f"{name} must be a frame number, not '{word}'")
        return int(number)

    def with_cell(self, name: str, value: Cell) -> Row:
        return replace(self, cells={**self.cells, name: value})


def read_workbook(path: Path) -> tuple[Sheet, ...]:
    """All sheets; what kind of file it is, its first bytes say, not its name.

    Raises: DatasetError if it cannot be read, or its library is not installed.
    """
    try:
        content = path.read_bytes()
        if content.startswith(_ZIP):
            return _read_xlsx(content)
        if content.startswith(_OLD):
            return _read_xls(content)
        return (Sheet(path.stem, _read_csv(content)),)
    except OSError as error:
        raise DatasetError(f"no label file {path} ({error.strerror})") from error
    except ImportError as error:
        raise DatasetError(f"{path}: {error}; pip install -r requirements-dev.txt") from error
    except Exception as error:  # the libraries raise whatever a damaged file leads them to
        raise DatasetError(f"{path} cannot be read as a workbook ({error})") from error


def headed(sheets: Sequence[Sheet], columns: Mapping[str, Sequence[str]], needed: Sequence[str]) -> list[Row]:
    """Rows under the first line, in any sheet, that has all `needed` columns.

    Args: columns: our name -> spellings; letter case, spaces and signs do not count.
    Raises: DatasetError if no line does.
    """
    for sheet in sheets:
        for at, line in enumerate(sheet.rows):
            where = _places(line, columns)
            if all(name in where for name in needed):
                return _rows(sheet, at + 1, where)
    spelled = ", ".join(columns[name][0] for name in needed)
    raise DatasetError(f"no line has the columns {spelled}; is this the workbook of this dataset?")


def headless(sheet: Sheet, names: Sequence[str]) -> list[Row]:
    """Every row of a sheet without a header, columns named in order."""
    return _rows(sheet, 0, {name: place for place, name in enumerate(names)})


def find_labels(root: Path, patterns: Sequence[str]) -> Path:
    """The one label file under `root`, whose name fits the first pattern that any fits.

    Raises: DatasetError if none or several do.
    """
    if not root.is_dir():
        raise DatasetError(f"no folder {root}; give the dataset's folder as --root")
    for pattern in patterns:
        found = sorted(path for path in root.rglob(pattern) if not path.name.startswith(("~$", ".")))
        if len(found) > 1:
            raise DatasetError(f"{root}: {found[0].name} and {found[1].name} could be it; give --labels")
        if found:
            return found[0]
    raise DatasetError(f"{root}: no label file like {' or '.join(patterns)}; give --labels")


def _places(line: Sequence[Cell], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Where each of our columns stands; a heading's second appearance counts as if it ended in 2."""
    seen: dict[str, int] = {}
    for place, cell in enumerate(line):
        if isinstance(cell, str):
            again = sum(_plain(cell) == _plain(str(other)) for other in line[:place])
            seen.setdefault(_plain(cell) + (str(again + 1) if again else ""), place)
    return {
        name: seen[_plain(spelling)]
        for name, spellings in columns.items()
        for spelling in reversed(spellings)
        if _plain(spelling) in seen
    }


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.lower())


def _rows(sheet: Sheet, start: int, where: Mapping[str, int]) -> list[Row]:
    rows = []
    for at, line in enumerate(sheet.rows[start:], start):
        cells = {name: line[place] if place < len(line) else None for name, place in where.items()}
        if any(cell is not None and str(cell).strip() for cell in cells.values()):
            rows.append(Row(at + 1, cells))
    return rows


def _read_xlsx(content: bytes) -> tuple[Sheet, ...]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    # Some writers declare a sheet smaller than it is.
    for sheet in book.worksheets:
        sheet.reset_dimensions()
    return tuple(
        Sheet(sheet.title, tuple(tuple(map(_cell, line)) for line in sheet.iter_rows(values_only=True)))
        for sheet in book.worksheets
    )


def _read_xls(content: bytes) -> tuple[Sheet, ...]:
    from xlrd import open_workbook

    return tuple(
        Sheet(sheet.name, tuple(tuple(map(_cell, sheet.row_values(at))) for at in range(sheet.nrows)))
        for sheet in open_workbook(file_contents=content).sheets()
    )


def _read_csv(content: bytes) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(line) for line in csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def _cell(value: object) -> Cell:
    return value if value is None or isinstance(value, str | int | float) else str(value)
