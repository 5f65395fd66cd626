"""What people decided of the store's candidates: every decision stays in the file, the newest holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

from realtime.review.connection import Database
from realtime.review.decisions import changed, shift
from realtime.review.records import Candidate, Change, Ref, Review, Status
from realtime.review.rows import DECISION_COLUMNS, found_at, key, series_at, write_decision


def utc_text() -> str:
    """The wall clock, for people: 2026-11-21T08:15:30+00:00."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


class Judged:
    """The part of a store that decisions live in. Every method raises ReviewError in one line."""

    _database: Database

    def decide(self, ref: Ref, change: Change) -> Candidate:
        """Writes what a person decided. Raises: ReviewError for marks out of order or an unknown label."""
        return self._decided(ref, lambda review, frames: change)

    def _decided(self, ref: Ref, wish: Callable[[Review, list[int]], Change]) -> Candidate:
        """Reads, decides and writes in one transaction: two at the same time both count."""
        with self._database.writing() as sql:
            now = found_at(sql, ref)
            frames, t_ns = series_at(sql, ref)
            review = changed(now.event, now.review, wish(now.review, frames), frames, t_ns)
            if review != now.review:
                write_decision(sql, ref, review, utc_text())
            return found_at(sql, ref)

    def shift(self, ref: Ref, mark: str, steps: int) -> Candidate:
        """Moves onset, apex or offset by so many frames. Raises: ReviewError, as `decide` does."""
        return self._decided(ref, lambda review, frames: shift(review, mark, steps, frames))

    def restore(self, ref: Ref, review: Review) -> bool:
        """A decision from elsewhere, as it stands there; False when it holds already."""
        with self._database.writing() as sql:
            if found_at(sql, ref).review == review:
                return False
            if review.decided is None:
                sql.execute("UPDATE events SET decision = NULL WHERE session = ? AND event = ?", key(ref))
            else:
                write_decision(sql, ref, review, review.decided)
            return True

    def undo(self, ref: Ref) -> Candidate:
        """Back to what held before the last decision; the decision stays in the file's history."""
        with self._database.writing() as sql:
            found_at(sql, ref)
            sql.execute(
                "UPDATE events SET decision = (SELECT previous FROM decisions WHERE id = events.decision) "
                "WHERE session = ? AND event = ?",
                key(ref),
            )
            return found_at(sql, ref)

    def history(self, ref: Ref) -> tuple[Review, ...]:
        """Every decision that was ever made of it, the oldest first, the undone ones too."""
        with self._database.reading() as sql:
            rows = sql.execute(
                f"SELECT {DECISION_COLUMNS} FROM decisions WHERE session = ? AND event = ? ORDER BY id",
                key(ref),
            ).fetchall()
        return tuple(Review(Status(row[0]), *row[1:]) for row in rows)
