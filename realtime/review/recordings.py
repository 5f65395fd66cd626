"""Recorded sessions that no page has seen yet, such as `cam --record` leaves: taken into the library.

Only their events come: pictures are kept with an event where the page itself saw the run. A folder that
is damaged or of a later format is left out, not touched, and may come in later.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from realtime.clock import NS_PER_S
from realtime.errors import FlinchError
from realtime.output.events import read_records
from realtime.recording.session_format import is_session, read_session
from realtime.review.decisions import MARKS
from realtime.review.records import Origin, Session
from realtime.review.store import Store
from realtime.types import LABELS, Event, Flag, Kind


def index(store: Store, sessions: Path) -> int:
    """Takes in every recording below `sessions` that is new or has grown; how many there were."""
    known = {session.folder: session for session in store.sessions() if session.folder is not None}
    taken = 0
    for folder in folders(sessions):
        session = known.get(folder.name)
        if session is None or (session.origin is Origin.RECORDED and not session.finished):
            taken += _take(store, folder, session)
    return taken


def folders(sessions: Path) -> Iterator[Path]:
    """Folders of recordings that lie directly below; links are not followed."""
    if sessions.is_dir():
        yield from (path for path in sorted(sessions.iterdir()) if not path.is_symlink() and is_session(path))


def _take(store: Store, folder: Path, session: Session | None) -> bool:
    try:
        about, events = read_session(folder), [event_of(record) for record in read_records(folder)]
        if session is None:
            session = _described(folder, about)
            store.put_session(session)
        for event in events:
            store.add_event(session.id, event)
        if about.get("finished"):
            store.finish_session(session.id)
    except (FlinchError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def _described(folder: Path, about: Mapping[str, Any]) -> Session:
    source = str(about.get("source", ""))
    return Session(
        id=secrets.token_hex(8),
        name=f"{source}, {folder.name.removeprefix('session-')}",
        source=source,
        origin=Origin.RECORDED,
        started=str(about.get("started", "")),
        folder=folder.name,
    )


def event_of(record: Mapping[str, Any]) -> Event:
    """The event of one line of events.jsonl; its times are as exact as that line."""
    return Event(
        **{name: record[name] for name in ("event", "source", "face", "label")},
        **{f"{mark}_frame": int(record[f"{mark}_frame"]) for mark in MARKS},  # type: ignore[arg-type]
        **{f"{mark}_ns": round(record[f"{mark}_s"] * NS_PER_S) for mark in (*MARKS, "emitted")},
        kind=Kind(record["kind"]),
        confidence=_real(record["confidence"]),
        probabilities=tuple(_real(record[f"p_{label}"]) for label in LABELS),  # type: ignore[arg-type]
        flags=frozenset(Flag(flag) for flag in record["flags"].split(";") if flag),
        spot_score=_real(record["spot_score"]),
        regions_px={str(name): _real(px) for name, px in record["regions_px"].items()},
    )


def _real(value: float | None) -> float:
    return math.nan if value is None else float(value)
