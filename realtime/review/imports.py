"""A file that was exported before, read back: in memory, with limits, by what it holds."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from realtime.errors import ReviewError
from realtime.review.desk import Desk
from realtime.review.formats import captions, elan, jsonl, labelled, table
from realtime.review.snapshot import Restored, SessionState, restore
from realtime.sizes import MB

MOST_BYTES = 256 * MB  # of the file, and of what is unpacked from it
MOST_MEMBERS = 100_000  # of a zip
READ_SUFFIXES = (".eaf", ".vtt", labelled.STATE_NAME)


def import_file(desk: Desk, visitor: str, content: bytes, *, keep: bool) -> Restored:
    """Sessions that are there already become what the file says; new ones are kept only where `keep` says so.

    Raises: ReviewError in one line; nothing is changed then, unless the disk fills up on the way.
    """
    found = Restored((), 0, 0, 0)
    states = read_states(content)
    for state in states:
        here = [store for store in desk.stores_of(visitor) if store.session(state.session.id) is not None]
        store = here[0] if here else desk.store_of(visitor, kept=keep)
        found = _added(found, restore(state, store))
    return found


def _added(one: Restored, two: Restored) -> Restored:
    return Restored(
        (*one.sessions, *two.sessions),
        one.added_sessions + two.added_sessions,
        one.added_events + two.added_events,
        one.changed_reviews + two.changed_reviews,
    )


def read_states(content: bytes) -> tuple[SessionState, ...]:
    """The sessions in an exported file of any format. Raises: ReviewError in one line."""
    if len(content) > MOST_BYTES:
        raise ReviewError(
            f"a file of {len(content) // MB} MB is too large; at most {MOST_BYTES // MB} MB are read"
        )
    states = _unpacked(content) if content.startswith(b"PK\x03\x04") else _read(content)
    if not states:
        raise ReviewError("this file holds no reviewed session")
    ids = [state.session.id for state in states]
    if len(set(ids)) < len(ids):
        raise ReviewError("this file holds a session twice")
    return states


def _read(content: bytes) -> tuple[SessionState, ...]:
    try:
        text = content.decode("utf-8-sig")  # a spreadsheet may have put a mark at its beginning
    except UnicodeDecodeError as error:
        raise ReviewError("this is no export of a review: it is not text") from error
    begins = text.lstrip()[:6]
    if begins.startswith("{"):
        return jsonl.read(text)
    if begins.startswith("WEBVTT"):
        return captions.read(text)
    if begins.startswith("<"):
        return elan.read(text)
    return table.read(text)


def _unpacked(content: bytes) -> tuple[SessionState, ...]:
    """The reviews in a zip; nothing is unpacked to the disk, and never more than MOST_BYTES."""
    states: list[SessionState] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = _wanted(archive.infolist())
            for member in members:
                with archive.open(member) as file:
                    states += _read(file.read(member.file_size))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise ReviewError(f"this zip is damaged: {error}") from error
    return tuple(states)


def _wanted(members: Sequence[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    if len(members) > MOST_MEMBERS:
        raise ReviewError(f"this zip holds {len(members)} files; at most {MOST_MEMBERS} are looked at")
    wanted = [member for member in members if member.filename.endswith(READ_SUFFIXES)]
    total = sum(member.file_size for member in wanted)
    if total > MOST_BYTES:
        raise ReviewError(f"this zip unpacks to {total // MB} MB; at most {MOST_BYTES // MB} MB are read")
    return wanted
