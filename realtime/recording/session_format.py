"""What a recorded session looks like on disk, and how it is read back.

    session.json     source (the name that frames and events carry), started, finished (false after a kill),
                     counts, parts, versions, about (configuration, model, ...); replaced in one step
    video_001.mkv    the frames, lossless: decoded to bgr24 they are bit for bit what was analysed
    video_002.mkv    a new part begins where the frame size changes
    frames.csv       one line per frame, in order: index (0, 1, 2 .. in this recording), t_ns (the source's
                     own time line, exact), part (which video file), late (1: the analysis was behind)
    markers.csv      index, t_ns, note: where the user pressed E
    events.*         as everywhere; counted from the recording's first frame

The n-th line of frames.csv with part p is the n-th frame of video_p. After a kill a file may hold one
frame more than the other: the shorter one counts.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realtime.errors import ClipRejected

FORMAT = "flinch-session"
FORMAT_VERSION = 1
SESSION_NAME = "session.json"
FRAMES_NAME = "frames.csv"
MARKERS_NAME = "markers.csv"
ANNOTATED_NAME = "annotated.mp4"
FRAMES_HEADER = ("index", "t_ns", "part", "late")
MARKERS_HEADER = ("index", "t_ns", "note")


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """One line of frames.csv."""

    index: int
    t_ns: int
    part: int
    late: bool


@dataclass(frozen=True, slots=True)
class Marker:
    """One line of markers.csv."""

    index: int
    t_ns: int
    note: str


def video_name(part: int) -> str:
    """`video_001.mkv` is part 1."""
    return f"video_{part:03d}.mkv"


def is_session(folder: Path) -> bool:
    try:
        return folder.is_dir() and (folder / SESSION_NAME).is_file()
    except OSError:  # may not be looked at, or no name can be so long: whoever opens it says so
        return False


def read_session(folder: Path) -> dict[str, Any]:
    """session.json as a dictionary. Raises: ClipRejected when it is no session or of a later format."""
    path = folder / SESSION_NAME
    try:
        session = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ClipRejected(f"{folder}: no recorded session: {path.name}: {error.strerror}") from error
    except ValueError as error:
        raise ClipRejected(f"{folder}: {path.name} is damaged: {error}") from error
    if not isinstance(session, dict) or session.get("format") != FORMAT:
        raise ClipRejected(f"{folder}: {path.name} does not describe a recorded session")
    if session.get("version") != FORMAT_VERSION:
        found = session.get("version")
        raise ClipRejected(f"{folder}: session format {found}; this program reads {FORMAT_VERSION}")
    return session


def read_frames(folder: Path) -> Iterator[RecordedFrame]:
    """The lines of frames.csv in order, up to one that a kill cut short.

    Raises: ClipRejected when the file cannot be opened or is not such a table.
    """
    for row in _rows(folder / FRAMES_NAME, FRAMES_HEADER):
        try:
            index, t_ns, part, late = (int(cell) for cell in row)
        except ValueError:
            return
        yield RecordedFrame(index, t_ns, part, bool(late))


def read_markers(folder: Path) -> list[Marker]:
    """The markers in order. Raises: ClipRejected, as `read_frames` does."""
    rows = _rows(folder / MARKERS_NAME, MARKERS_HEADER)
    return [Marker(int(row[0]), int(row[1]), row[2]) for row in rows if len(row) == len(MARKERS_HEADER)]


def _rows(path: Path, header: tuple[str, ...]) -> Iterator[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            if tuple(next(rows, [])) != header:
                raise ClipRejected(f"{path}: its first line is not {','.join(header)}")
            yield from rows
    except OSError as error:
        raise ClipRejected(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ClipRejected(f"{path}: damaged, it is no table ({error})") from error
