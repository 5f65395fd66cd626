"""Whole sessions as files to take away: a name, a type and the bytes; nothing touches the disk."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from realtime.errors import ReviewError
from realtime.review.desk import Desk
from realtime.review.formats import captions, elan, jsonl, labelled, table
from realtime.review.snapshot import SessionState, snapshot

FORMATS = ("csv", "jsonl", "eaf", "vtt", "train")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "eaf": "application/xml",
    "vtt": "text/vtt; charset=utf-8",
    "zip": "application/zip",
}
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # fixed: the same review gives the same bytes


@dataclass(frozen=True, slots=True)
class Export:
    """A file that was not written yet."""

    name: str
    type: str  # as in Content-Type
    content: bytes
    notes: tuple[str, ...] = ()  # what was left out


def export(desk: Desk, visitor: str, sessions: Sequence[str], format: str) -> Export:
    """The sessions in one file; `eaf` and `vtt` know one time line, so several come as a zip.

    Raises: ReviewError for an unknown format, no session, one that is not there, or nothing to export.
    """
    if format not in FORMATS:
        raise ReviewError(f"{format!r} is no format; give one of {', '.join(FORMATS)}")
    if not sessions:
        raise ReviewError("nothing to export: there is no session")
    states = [
        snapshot(desk.owner(visitor, session), session, evidence=format == "train") for session in sessions
    ]
    if format == "train":
        return _labelled(states, _kept(desk, visitor, sessions))
    if format in ("csv", "jsonl"):
        text = table.write(states) if format == "csv" else jsonl.write(states)
        return Export(f"{_name(states)}.{format}", TYPES[format], _bytes(text))
    write: Callable[[SessionState], str] = captions.write
    if format == "eaf":
        write = lambda state: elan.write(state, media=desk.recorded_film(state.session))  # noqa: E731
    return _each(states, format, write)


def _each(states: Sequence[SessionState], format: str, write: Callable[[SessionState], str]) -> Export:
    files = {f"{_name([state])}.{format}": _bytes(write(state)) for state in states}
    if len(files) == 1:
        ((name, content),) = files.items()
        return Export(name, TYPES[format], content)
    return Export(f"{_name(states)}-{format}.zip", TYPES["zip"], zipped(files))


def _kept(desk: Desk, visitor: str, sessions: Sequence[str]) -> set[str]:
    """Those that stand in the file, because somebody recorded or kept them."""
    return {session for session in sessions if desk.owner(visitor, session).kept}


def _labelled(states: Sequence[SessionState], kept: set[str]) -> Export:
    made = labelled.write(states, kept)
    notes = []
    if made.without_class:
        notes.append(f"{made.without_class} accepted as unclear: no class, left out")
    if made.without_evidence:
        notes.append(f"{made.without_evidence} without evidence, left out")
    if made.without_faces:
        notes.append(f"{made.without_faces} without faces: their session was not kept")
    folder = f"{_name(states)}-labelled"
    files = {f"{folder}/{name}": content for name, content in made.files.items()}
    return Export(f"{folder}.zip", TYPES["zip"], zipped(files), tuple(notes))


def zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _name(states: Sequence[SessionState]) -> str:
    """A file name that any system takes: letters, digits, dashes; the id keeps two sessions apart."""
    if len(states) != 1:
        return f"flinch-{len(states)}-sessions"
    session = states[0].session
    plain = re.sub(r"[^A-Za-z0-9]+", "-", session.name).strip("-")[:48]
    return "-".join(part for part in ("flinch", plain, session.id) if part)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="backslashreplace")
