"""The state of whole sessions: what every export carries, and what an import brings back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from realtime.clock import NS_PER_S
from realtime.errors import ReviewError
from realtime.output.events import event_record as table_record
from realtime.review import codec
from realtime.review.records import Candidate, Evidence, Origin, Query, Ref, Review, Session
from realtime.review.store import Store
from realtime.spotting.spotter import MICRO_MAX_S
from realtime.types import Event, Kind

FORMAT = "flinch-review"
VERSION = 1
MOST_NAME = 4096  # characters of a name that came from a file
_SESSION_TEXTS = ("name", "source", "started", "subject")


@dataclass(frozen=True, slots=True, eq=False)
class Reviewed:
    """One event as it was found, its review, and where it is asked for and there is any, its evidence."""

    event: Event
    review: Review
    evidence: Evidence | None = None

    @property
    def as_reviewed(self) -> Event:
        """The event with the label and the marks that hold now; its kind follows its length."""
        review = self.review
        length_ns = review.offset_ns - review.onset_ns
        return replace(
            self.event,
            label=review.label,
            kind=Kind.MICRO if length_ns <= MICRO_MAX_S * NS_PER_S else Kind.MACRO,
            **{name: getattr(review, name) for name in MARK_FIELDS},
        )


MARK_FIELDS = ("onset_frame", "apex_frame", "offset_frame", "onset_ns", "apex_ns", "offset_ns")


@dataclass(frozen=True, slots=True, eq=False)
class SessionState:
    """One session with all of its events, in order of their number."""

    session: Session
    events: tuple[Reviewed, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """What an import changed."""

    sessions: tuple[str, ...]  # ids of what the file held
    added_sessions: int
    added_events: int
    changed_reviews: int


def snapshot(store: Store, session: str, *, evidence: bool = False) -> SessionState:
    """Raises: ReviewError when there is no such session."""
    found = store.session(session)
    if found is None:
        raise ReviewError(f"session {session[:16]} is not there any more")
    candidates = store.candidates(Query(sessions=(session,), limit=-1))
    ordered = sorted(candidates, key=lambda candidate: candidate.event.event)
    return SessionState(found, tuple(_reviewed(store, one, evidence) for one in ordered))


def _reviewed(store: Store, found: Candidate, evidence: bool) -> Reviewed:
    kept = store.evidence(found.ref) if evidence and found.evidence else None
    return Reviewed(found.event, found.review, kept)


def restore(state: SessionState, store: Store) -> Restored:
    """Brings `store` to the state: missing sessions and events come, reviews become those of the file."""
    session = state.session.id
    new = store.session(session) is None
    if new:
        store.put_session(replace(state.session, folder=None, finished=True))
    before = {found.event.event for found in store.candidates(Query(sessions=(session,), limit=-1))}
    changed = 0
    for one in state.events:
        ref = Ref(session, one.event.event)
        if ref.event not in before:
            store.add_event(session, one.event)
        changed += store.restore(ref, one.review)
    added = sum(one.event.event not in before for one in state.events)
    return Restored((session,), int(new), added, changed)


def session_record(session: Session) -> dict[str, Any]:
    """The session's line of a file."""
    texts = {name: getattr(session, name) for name in _SESSION_TEXTS}
    about = {"type": "session", "format": FORMAT, "version": VERSION}
    return {**about, "session": session.id, **texts, "origin": session.origin.value}


def session_of(record: Mapping[str, Any]) -> Session:
    """Raises: ReviewError for anything that is no such line."""
    if record.get("format") != FORMAT:
        raise ReviewError("this file does not hold reviewed sessions; export it here first")
    if record.get("version") != VERSION:
        raise ReviewError(f"written by a later version ({record.get('version')}); this one reads {VERSION}")
    try:
        texts = {name: str(record[name])[:MOST_NAME] for name in _SESSION_TEXTS}
        origin = Origin(record["origin"])
    except (KeyError, ValueError) as error:
        raise ReviewError(f"this is no session: {type(error).__name__}: {error}") from error
    return Session(id=session_id(record.get("session")), origin=origin, finished=True, **texts)


def session_id(value: object) -> str:
    """16 hexadecimal digits. Raises: ReviewError."""
    text = str(value)
    if len(text) != 16 or set(text) - set("0123456789abcdef"):
        raise ReviewError(f"{text[:40]!r} is no session's id")
    return text


def event_line(session: str, one: Reviewed) -> dict[str, Any]:
    """The event's line of a file: the columns of events.jsonl as reviewed, and what restores it."""
    return {
        "type": "event",
        "session": session,
        **table_record(one.as_reviewed),
        "status": one.review.status.value,
        "found": codec.event_record(one.event),
        "review": codec.review_record(one.review),
    }


def reviewed_of(record: Mapping[str, Any]) -> Reviewed:
    """From `found` and `review` of such a line. Raises: ReviewError."""
    found, review = record.get("found"), record.get("review")
    if not isinstance(found, Mapping) or not isinstance(review, Mapping):
        raise ReviewError("an event lacks its `found` or its `review`")
    return Reviewed(codec.event_of(found), codec.review_of(review))


def grouped(sessions: Sequence[Session], events: Iterable[tuple[str, Reviewed]]) -> tuple[SessionState, ...]:
    """Sessions with their events. Raises: ReviewError for an event of no session, or twice the same."""
    of: dict[str, dict[int, Reviewed]] = {session.id: {} for session in sessions}
    for session, one in events:
        if session not in of:
            raise ReviewError(
                f"event {one.event.event} belongs to session {session[:16]}, which is not there"
            )
        if one.event.event in of[session]:
            raise ReviewError(f"event {one.event.event} of session {session} is there twice")
        of[session][one.event.event] = one
    return tuple(
        SessionState(session, tuple(of[session.id][number] for number in sorted(of[session.id])))
        for session in sessions
    )
