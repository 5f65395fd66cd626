"""Sessions, events, evidence and decisions in one SQLite file, or in memory: written as they come.

Thread-safe. Every method raises ReviewError in one line where the file cannot be read or written.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from realtime.review import codec
from realtime.review.connection import Database
from realtime.review.judged import Judged, utc_text
from realtime.review.queries import sql_of
from realtime.review.records import (
    ALL,
    Candidate,
    Evidence,
    Origin,
    Query,
    Ref,
    Session,
    Tally,
)
from realtime.review.rows import (
    EVENT_COLUMNS,
    EVIDENCE_COLUMNS,
    SESSION_COLUMNS,
    candidate_of,
    found_at,
    insert_session,
    key,
    session_of,
    writable,
)
from realtime.types import Event


@dataclass(frozen=True, slots=True)
class Limits:
    """What a store in memory may hold; the oldest session goes first, then the oldest events."""

    sessions: int = 8
    max_mb: float = 96.0  # over a hundred events with their pictures


class Store(Judged):
    """One library of sessions. `path` None: in memory only, bounded by `limits`."""

    def __init__(self, path: Path | None = None, *, limits: Limits | None = None) -> None:
        self.path = path
        self._database = Database(path)
        self._limits = limits or (Limits() if path is None else None)

    @property
    def kept(self) -> bool:
        """Whether it outlives the program."""
        return self.path is not None

    # sessions

    def add_session(
        self, name: str, source: str, origin: Origin, *, subject: str = "", folder: str | None = None
    ) -> Session:
        """A new, unfinished session that begins now.

        A folder that `recordings.index` has just found by itself, empty as yet, is taken over.
        """
        session = Session(secrets.token_hex(8), name, source, origin, utc_text(), subject, folder)
        with self._database.writing() as sql:
            if folder is not None:
                sql.execute("DELETE FROM sessions WHERE folder = ?", (folder,))
            insert_session(sql, session)
        self._shrink(keep=session.id)
        return session

    def put_session(self, session: Session) -> None:
        """A session as it is, under its own id."""
        with self._database.writing() as sql:
            insert_session(sql, session)
        self._shrink(keep=session.id)

    def finish_session(self, session: str) -> None:
        """No more events will come."""
        with self._database.writing() as sql:
            sql.execute("UPDATE sessions SET finished = 1 WHERE id = ?", (session,))

    def describe_session(self, session: str, *, name: str | None = None, subject: str | None = None) -> None:
        """Another name, or who was watched."""
        with self._database.writing() as sql:
            sql.execute(
                "UPDATE sessions SET name = coalesce(?, name), subject = coalesce(?, subject) WHERE id = ?",
                (name and writable(name), subject and writable(subject), session),
            )

    def sessions(self) -> tuple[Session, ...]:
        """All of them, the newest first."""
        with self._database.reading() as sql:
            rows = sql.execute(
                f"SELECT {SESSION_COLUMNS} FROM sessions ORDER BY started DESC, rowid DESC"
            ).fetchall()
        return tuple(session_of(row) for row in rows)

    def session(self, session: str) -> Session | None:
        with self._database.reading() as sql:
            row = sql.execute(f"SELECT {SESSION_COLUMNS} FROM sessions WHERE id = ?", (session,)).fetchone()
        return None if row is None else session_of(row)

    def tallies(self) -> dict[str, Tally]:
        """How far the review of each session is."""
        with self._database.reading() as sql:
            rows = sql.execute(
                "SELECT s.id, count(e.event), coalesce(sum(d.status = 'accepted'), 0), "
                "coalesce(sum(d.status = 'rejected'), 0) FROM sessions s "
                "LEFT JOIN events e ON e.session = s.id LEFT JOIN decisions d ON d.id = e.decision "
                "GROUP BY s.id"
            ).fetchall()
        return {row[0]: Tally(*row[1:]) for row in rows}

    def delete_session(self, session: str) -> None:
        """With its events, evidence and decisions, for good."""
        with self._database.writing() as sql:
            sql.execute("DELETE FROM sessions WHERE id = ?", (session,))
        self._database.give_back()

    # events and evidence

    def add_event(self, session: str, event: Event, evidence: Evidence | None = None) -> Ref:
        """One event as it was found. An event of that number is left as it is."""
        flags = "".join(f";{flag.value}" for flag in event.flags)
        record = codec.event_record(event)
        row = (session, event.event, event.kind.value, event.label, record["confidence"],
               record["spot_score"], event.onset_ns, f"{flags};", codec.dumped(record))  # fmt: skip
        with self._database.writing() as sql:
            sql.execute(
                f"INSERT INTO events ({EVENT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
                row,
            )
        ref = Ref(session, event.event)
        if evidence is not None:
            self.add_evidence(ref, evidence)
        self._shrink(keep=session)
        return ref

    def add_evidence(self, ref: Ref, evidence: Evidence) -> None:
        """What a person needs to judge the event; replaces what was there."""
        values = (codec.series_text(evidence), evidence.loop_mp4, evidence.chips_png, evidence.heat_png,
                  evidence.heat_range_px, evidence.maps_u8.tobytes())  # fmt: skip
        with self._database.writing() as sql:
            sql.execute(
                f"INSERT OR REPLACE INTO evidence (session, event, {EVIDENCE_COLUMNS}) "
                "VALUES (?,?,?,?,?,?,?,?)",
                (*key(ref), *values),
            )
        self._shrink(keep=ref.session)

    def evidence(self, ref: Ref) -> Evidence | None:
        with self._database.reading() as sql:
            row = sql.execute(
                f"SELECT {EVIDENCE_COLUMNS} FROM evidence WHERE session = ? AND event = ?",
                (ref.session, ref.event),
            ).fetchone()
        return None if row is None else codec.evidence_of(*row)

    def candidates(self, query: Query = ALL) -> tuple[Candidate, ...]:
        """What the query asks for, in its order."""
        with self._database.reading() as sql:
            rows = sql.execute(*sql_of(query)).fetchall()
        return tuple(candidate_of(row) for row in rows)

    def candidate(self, ref: Ref) -> Candidate:
        """Raises: ReviewError when there is none (any more)."""
        with self._database.reading() as sql:
            return found_at(sql, ref)

    # bounds

    def reserve(self) -> None:
        """Takes at once the memory that the limits allow, so that filling it makes nothing larger."""
        if self._limits is not None:
            self._database.reserve(max(0, int(self._limits.max_mb * 1e6) - self.used_bytes))

    def _shrink(self, keep: str) -> None:
        """Drops what is oldest until a store in memory is within its limits again."""
        limits = self._limits
        if limits is None:
            return
        others = [session.id for session in reversed(self.sessions()) if session.id != keep]
        while others and (len(others) >= limits.sessions or self.used_bytes > limits.max_mb * 1e6):
            self.delete_session(others.pop(0))
        while self.used_bytes > limits.max_mb * 1e6 and self._drop_oldest(keep):
            pass

    def _drop_oldest(self, session: str) -> bool:
        with self._database.writing() as sql:
            return bool(
                sql.execute(
                    "DELETE FROM events WHERE session = ? AND event = (SELECT min(event) FROM events "
                    "WHERE session = ?) AND (SELECT count(*) FROM events WHERE session = ?) > 1",
                    (session,) * 3,
                ).rowcount
            )

    @property
    def used_bytes(self) -> int:
        return self._database.used_bytes

    def close(self) -> None:
        """Idempotent."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
