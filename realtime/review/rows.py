"""Rows of the review file and what they stand for; every function works within the caller's transaction."""

from __future__ import annotations

import json
from typing import Any

from realtime.errors import ReviewError
from realtime.review import codec
from realtime.review.queries import sql_of
from realtime.review.records import Candidate, Origin, Query, Ref, Review, Session, Status

SESSION_COLUMNS = "id, name, source, origin, started, subject, folder, finished"
EVENT_COLUMNS = "session, event, kind, label, confidence, spot_score, onset_ns, flags, record"
EVIDENCE_COLUMNS = "series, loop_mp4, chips_png, heat_png, heat_range_px, maps"
DECISION_COLUMNS = (
    "status, label, onset_frame, apex_frame, offset_frame, onset_ns, apex_ns, offset_ns, note, decided"
)


def writable(text: str) -> str:
    """The text without the odd bytes that a file name or a request may hold: they come out as escapes."""
    return text.encode("utf-8", errors="backslashreplace").decode()


def key(ref: Ref) -> tuple[str, int]:
    return ref.session, ref.event


def insert_session(sql: Any, session: Session) -> None:
    texts = (session.id, writable(session.name), writable(session.source), session.origin.value)
    row = (*texts, writable(session.started), writable(session.subject), session.folder, session.finished)
    sql.execute(f"INSERT INTO sessions ({SESSION_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)", row)


def session_of(row: tuple[Any, ...]) -> Session:
    id, name, source, origin, started, subject, folder, finished = row
    return Session(id, name, source, Origin(origin), started, subject, folder, bool(finished))


def candidate_of(row: tuple[Any, ...]) -> Candidate:
    session, record, *decision, evidence = row
    event = codec.event_of(json.loads(record))
    status = decision[0]
    review = Review.of(event) if status is None else Review(Status(status), *decision[1:])
    return Candidate(session, event, review, bool(evidence))


def write_decision(sql: Any, ref: Ref, review: Review, decided: str) -> None:
    marks = (review.onset_frame, review.apex_frame, review.offset_frame,
             review.onset_ns, review.apex_ns, review.offset_ns)  # fmt: skip
    row = (*key(ref), *key(ref), review.status.value, review.label, *marks, writable(review.note), decided)
    done = sql.execute(
        f"INSERT INTO decisions (session, event, previous, {DECISION_COLUMNS}) "
        "VALUES (?, ?, (SELECT decision FROM events WHERE session = ? AND event = ?), ?,?,?,?,?,?,?,?,?,?)",
        row,
    )
    sql.execute("UPDATE events SET decision = ? WHERE session = ? AND event = ?", (done.lastrowid, *key(ref)))


def found_at(sql: Any, ref: Ref) -> Candidate:
    """Raises: ReviewError when there is no such event."""
    row = sql.execute(*sql_of(Query(sessions=(ref.session,), events=(ref.event,)))).fetchone()
    if row is None:
        raise ReviewError(f"event {ref} is not there any more")
    return candidate_of(row)


def series_at(sql: Any, ref: Ref) -> tuple[list[int], list[int]]:
    """Numbers and times of the frames kept with the event; both empty without evidence."""
    row = sql.execute("SELECT series FROM evidence WHERE session = ? AND event = ?", key(ref)).fetchone()
    return ([], []) if row is None else codec.series_lists(row[0])
