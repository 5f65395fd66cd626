"""JSON lines: one per session, one per event."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from realtime.errors import ReviewError
from realtime.review.codec import dumped
from realtime.review.snapshot import (
    Reviewed,
    SessionState,
    event_line,
    grouped,
    reviewed_of,
    session_of,
    session_record,
)


def write(states: Sequence[SessionState]) -> str:
    return "".join(f"{dumped(line)}\n" for line in lines_of(states))


def lines_of(states: Iterable[SessionState]) -> Iterator[dict[str, Any]]:
    """Each session, then its events."""
    for state in states:
        yield session_record(state.session)
        yield from (event_line(state.session.id, one) for one in state.events)


def read(text: str) -> tuple[SessionState, ...]:
    """Raises: ReviewError naming the line that is none of ours."""
    return states_of(_parsed(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def states_of(records: Iterable[Mapping[str, Any]]) -> tuple[SessionState, ...]:
    """The states that such lines describe, in any order. Raises: ReviewError."""
    sessions, events = [], list[tuple[str, Reviewed]]()
    for record in records:
        if record.get("type") == "session":
            sessions.append(session_of(record))
        elif record.get("type") == "event":
            events.append((str(record.get("session")), reviewed_of(record)))
        else:
            raise ReviewError("a line is neither a session nor an event of a review; export it here first")
    return grouped(sessions, events)


def _parsed(line: str, number: int) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReviewError(f"line {number} is no JSON: {error}") from error
    if not isinstance(record, dict):
        raise ReviewError(f"line {number} is no JSON object")
    return record
