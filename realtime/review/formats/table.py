"""CSV, one line per event: the columns of events.csv as reviewed, then the session, the review, the finding.

A spreadsheet may be used in between: `status`, `label`, the three frames and `note` are read from their
columns, so what is changed there is imported. Text that a spreadsheet would run as a formula is written
with an apostrophe before it, which the import takes away.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from realtime.errors import ReviewError
from realtime.output.events import HEADER, event_line
from realtime.output.files import csv_line
from realtime.review import codec
from realtime.review.decisions import MARKS, changed
from realtime.review.judged import utc_text
from realtime.review.records import Change, Review, Session
from realtime.review.snapshot import Reviewed, SessionState, grouped, session_of, session_record

SESSION = ("format", "version", "session", "session_source", "name", "origin", "started", "subject")
REVIEW = ("status", "decided", "note", "review", "found")
FORMULA = re.compile(r"^'*[=+\-@\t\r]")


def write(states: Sequence[SessionState]) -> str:
    lines = [csv_line((*HEADER, *SESSION, *REVIEW))]
    for state in states:
        about = {**session_record(state.session), "session_source": state.session.source}
        lines += [_line(one, [str(about[name]) for name in SESSION]) for one in state.events]
    return "".join(f"{line}\n" for line in lines)


def _line(one: Reviewed, about: list[str]) -> str:
    (columns,) = csv.reader([event_line(one.as_reviewed)])
    review = one.review
    cells = [*columns, *about, review.status.value, review.decided or "", review.note]
    exact = [codec.dumped(codec.review_record(review)), codec.dumped(codec.event_record(one.event))]
    return csv_line([*(_harmless(cell) for cell in cells), *exact])


def _harmless(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def read(text: str) -> tuple[SessionState, ...]:
    """Raises: ReviewError naming the line that cannot be read."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    sessions: dict[str, Session] = {}
    events: list[tuple[str, Reviewed]] = []
    try:
        if not {*SESSION, *REVIEW} <= set(rows.fieldnames or ()):
            raise ReviewError("this table was not exported from a review: it lacks " + ", ".join(REVIEW))
        for number, row in _rows(rows):
            with_apostrophes_off = {name: _as_meant(cell) for name, cell in row.items() if name}
            session = session_of(_session_record(with_apostrophes_off))
            sessions.setdefault(session.id, session)
            events.append((session.id, _reviewed(with_apostrophes_off, number)))
    except csv.Error as error:
        raise ReviewError(f"this table is damaged: {error}") from error
    return grouped(list(sessions.values()), events)


def _rows(rows: csv.DictReader[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for row in rows:
        yield rows.line_num, row


def _as_meant(cell: Any) -> str:
    text = cell if isinstance(cell, str) else ""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def _session_record(row: Mapping[str, str]) -> dict[str, Any]:
    version = row["version"]
    return {**row, "source": row["session_source"], "version": int(version) if version.isdigit() else version}


def _reviewed(row: Mapping[str, str], number: int) -> Reviewed:
    try:
        event = codec.event_of(json.loads(row["found"]))
        review = codec.review_of(json.loads(row["review"]))
        frames = {f"{mark}_frame": int(row[f"{mark}_frame"]) for mark in MARKS}
        change = Change(status=row["status"], label=row["label"], note=row["note"], **frames)  # type: ignore[arg-type]
        return Reviewed(event, _edited(event, review, change))
    except (ValueError, RecursionError, ReviewError) as error:
        raise ReviewError(f"line {number}: {error}") from error


def _edited(event: Any, review: Review, change: Change) -> Review:
    """The review, with what was changed in the columns since it was written."""
    edited = changed(event, review, change, (), ())
    if edited != review and review.decided is None:
        edited = replace(edited, decided=utc_text())
    return edited
