"""Reads what spotting is scored on: tables of true and of spotted intervals, and how long the videos are."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from realtime.app.jobs import SUFFIXES
from realtime.output.events import CSV_NAME
from train.errors import DatasetError
from train.scoring.score import KINDS, Interval

VIDEOS_NAME = "videos.csv"
# What we call it -> how it may be called: our own truth, MEGC tables, Flinch's events.csv.
_NAMES = {
    "video": ("video", "source"),
    "onset": ("onset", "onset_frame"),
    "offset": ("offset", "offset_frame"),
    "kind": ("type", "kind"),
}
_NOT_KNOWN = float("nan")


def video_key(name: str) -> str:
    """`a.mp4` and `a` are the same video; a dot that begins no video suffix belongs to the name."""
    path = Path(name.strip())
    return path.stem if path.suffix.lower() in SUFFIXES else path.name


def read_intervals(path: Path) -> list[Interval]:
    """The rows of a table, or of every events.csv under a folder; rows without an onset name empty videos.

    Raises: DatasetError in one line that names the file, its line and the column.
    """
    if path.is_dir():
        tables = sorted(path.rglob(CSV_NAME))
        if not tables:
            raise DatasetError(f"{path}: no {CSV_NAME} in this folder; give the --out of a replay")
        return [interval for table in tables for interval in read_intervals(table)]
    rows = _rows(path)
    names = _names(path, rows[0][1] if rows else {})
    return [
        _interval(f"{path}, line {line}", row, names) for line, row in rows if row[names["onset"]].strip()
    ]


def read_minutes(path: Path) -> float:
    """Length of all videos of a table `video,seconds`. Raises: DatasetError."""
    try:
        lengths_s = [float(row["seconds"]) for _, row in _rows(path)]
    except (KeyError, ValueError) as error:
        raise DatasetError(f"{path}: needs a column `seconds` of numbers ({error})") from error
    if not all(0 <= length < math.inf for length in lengths_s):
        raise DatasetError(f"{path}: a video lasts 0 seconds or more, and not for ever")
    return sum(lengths_s) / 60


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """(line, row) of each; the first of an empty table is its header alone."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            if not reader.fieldnames:
                raise DatasetError(f"{path} is empty; it needs a header line such as video,onset,offset,type")
            rows = [
                (reader.line_num, {key: value or "" for key, value in row.items() if key is not None})
                for row in reader
            ]
            header = dict.fromkeys(reader.fieldnames, "")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: cannot be read as a table ({error})") from error
    return rows or [(1, header)]


def _names(path: Path, row: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, options in _NAMES.items():
        present = [option for option in options if option in row]
        if not present:
            raise DatasetError(f"{path}: no column {' or '.join(options)}; it has {', '.join(row)}")
        found[name] = present[0]
    return found


def _interval(where: str, row: Mapping[str, str], names: Mapping[str, str]) -> Interval:
    onset, offset = (_frame(where, row, names[end]) for end in ("onset", "offset"))
    kind = row[names["kind"]].strip().lower()
    if kind not in KINDS:
        raise DatasetError(f"{where}: type is micro or macro, not '{kind}'")
    if offset < onset:
        raise DatasetError(f"{where}: offset {offset} lies before onset {onset}")
    onset_s, offset_s, emitted_s = (_real(where, row, f"{name}_s") for name in ("onset", "offset", "emitted"))
    return Interval(
        video=video_key(row[names["video"]]),
        onset=onset,
        offset=offset,
        kind=kind,
        label=row.get("label", "").strip().lower(),
        amplitude_px=_real(where, row, "amplitude_px"),
        flags=frozenset(filter(None, row.get("flags", "").split(";"))),
        offset_s=offset_s,
        frame_s=(offset_s - onset_s) / max(offset - onset, 1),
        emitted_s=emitted_s,
    )


def _frame(where: str, row: Mapping[str, str], name: str) -> int:
    try:
        return int(row[name])
    except ValueError:
        raise DatasetError(f"{where}: {name} must be a frame number, not '{row[name]}'") from None


def _real(where: str, row: Mapping[str, str], name: str) -> float:
    text = row.get(name, "").strip()
    try:
        return float(text) if text else _NOT_KNOWN
    except ValueError:
        raise DatasetError(f"{where}: {name} must be a number, not '{text}'") from None


def write_rows(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """A table with a header, for people and for `read_intervals`."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(header)
        lines.writerows(rows)
