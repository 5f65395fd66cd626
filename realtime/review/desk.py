"""The one door to what can be reviewed: the file of what was recorded, and a store in memory per visitor."""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path

from realtime.errors import ReviewError
from realtime.recording.session_format import video_name
from realtime.review.collect import Collector
from realtime.review.queries import sort_key
from realtime.review.recordings import index
from realtime.review.records import ALL, Candidate, Origin, Query, Ref, Session, Tally
from realtime.review.store import Limits, Store

VISITORS = 16  # whose unrecorded events are remembered; the one unseen longest is forgotten
STORE_NAME = "flinch.sqlite"  # the file, in the data folder
SESSIONS_NAME = "sessions"  # folder beside the file: one folder per recording


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list of sessions."""

    session: Session
    tally: Tally
    kept: bool  # it stands in the file; else it is gone when the program ends


class Desk:
    """Thread-safe. `path` is the SQLite file, made where it is missing; None: nothing is ever kept.

    Raises: ReviewError in one line: a damaged, foreign or newer file; it is left as it is.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        sessions: Path | None = None,
        visitors: int = VISITORS,
        limits: Limits | None = None,
    ) -> None:
        self._kept = None if path is None else Store(path)
        self._sessions = sessions or (None if path is None else path.parent / SESSIONS_NAME)
        self._visitors = visitors
        self._limits = limits or Limits()
        self._memory: OrderedDict[str, Store] = OrderedDict()
        self._open: set[str] = set()  # sessions that a collector of this process fills
        self._lock = threading.Lock()
        self._indexing = threading.Lock()

    @property
    def keeps(self) -> bool:
        """Whether there is a file at all."""
        return self._kept is not None

    def store_of(self, visitor: str, *, kept: bool) -> Store:
        """The file's store, or the visitor's own in memory. Raises: ReviewError where nothing is kept."""
        if kept:
            if self._kept is None:
                raise ReviewError("nothing is kept here: the program was started without a data folder")
            return self._kept
        with self._lock:
            store = self._memory.pop(visitor, None) or Store(limits=self._limits)
            self._memory[visitor] = store
            while len(self._memory) > self._visitors:
                self._memory.popitem(last=False)
            return store

    def stores_of(self, visitor: str) -> tuple[Store, ...]:
        """Everything this visitor may see: their own in memory first, then the file."""
        mine = self.store_of(visitor, kept=False)
        return (mine,) if self._kept is None else (mine, self._kept)

    def collector(
        self, visitor: str, source: str, *, origin: Origin = Origin.LIVE, name: str = "", kept: bool = False,
        folder: Callable[[], Path | None] = lambda: None,
    ) -> Collector:  # fmt: skip
        """The sink for one run: unrecorded events go to the visitor's memory, recorded ones to the file.

        `kept` puts all of them into the file; `folder` says where a recording goes, asked as it begins. A
        live run may last for hours: what its events may fill is taken before it begins.
        """
        store = self.store_of(visitor, kept=kept)
        if origin is Origin.LIVE:
            store.reserve()
        return Collector(
            store, source, name=name, origin=origin,
            kept=self._kept, folder=folder, on_session=self._note_open,
        )  # fmt: skip

    def _note_open(self, session: str, begins: bool) -> None:
        with self._lock:
            (self._open.add if begins else self._open.discard)(session)

    def adopt(self, path: Path, visitor: str, *, kept: bool) -> tuple[str, ...]:
        """Copies every session of another file of ours, such as a child process leaves; their ids."""
        target = self.store_of(visitor, kept=kept)
        with Store(path) as other:
            return tuple(copy_session(other, session, target) for session in reversed(other.sessions()))

    def entries(self, visitor: str) -> tuple[Entry, ...]:
        """All sessions this visitor may see, the newest first."""
        found = []
        for store in self.stores_of(visitor):
            tallies = store.tallies()
            found += [
                Entry(session, tallies.get(session.id, Tally()), store.kept) for session in store.sessions()
            ]
        return tuple(sorted(found, key=lambda entry: entry.session.started, reverse=True))

    def candidates(self, visitor: str, query: Query = ALL) -> tuple[Candidate, ...]:
        """What the query asks for, over all that this visitor may see, in one order."""
        found: list[tuple[object, Candidate]] = []
        for store in self.stores_of(visitor):
            began = {session.id: session.started for session in store.sessions()}
            for one in store.candidates(query):
                found.append((sort_key(query.order, one, began.get(one.session, "")), one))
        found.sort(key=itemgetter(0), reverse=query.descending)
        return tuple(one for _, one in found[: query.limit if query.limit >= 0 else None])

    def owner(self, visitor: str, session: str) -> Store:
        """Where a session lies. Raises: ReviewError when it is not there, or another visitor's."""
        for store in self.stores_of(visitor):
            if store.session(session) is not None:
                return store
        raise ReviewError(f"session {session[:16]} is not there any more")

    def candidate(self, visitor: str, ref: Ref) -> Candidate:
        return self.owner(visitor, ref.session).candidate(ref)

    def index_recordings(self) -> int:
        """Takes in what was recorded elsewhere into the sessions folder; how many sessions came or grew."""
        if self._kept is None or self._sessions is None:
            return 0
        with self._indexing:
            return index(self._kept, self._sessions)

    def recorded_film(self, session: Session) -> Path | None:
        """The first film of a recorded session, where it is still there."""
        if session.folder is None or self._sessions is None:
            return None
        film = self._sessions / session.folder / video_name(1)
        return film if film.is_file() else None

    def delete(self, visitor: str, session: str) -> None:
        """A session with its events, decisions and recording. Raises: ReviewError: it is being recorded."""
        store = self.owner(visitor, session)
        found = store.session(session)
        with self._lock:
            busy = session in self._open
        if busy and found is not None and found.folder is not None:
            raise ReviewError(f"{found.name} is still being recorded; stop it, and wait until it is written")
        if found is not None and found.folder is not None and store.kept:
            self._delete_folder(found.folder)
        store.delete_session(session)

    def _delete_folder(self, name: str) -> None:
        """Only ever a real folder that lies directly in the sessions folder."""
        if self._sessions is None:
            return
        folder = self._sessions / name
        if Path(name).name != name or name in ("", ".", "..") or folder.is_symlink():
            raise ReviewError(f"{name!r} is not a folder of recorded sessions; nothing was deleted")
        if folder.resolve().parent != self._sessions.resolve():
            raise ReviewError(f"{name!r} lies outside of {self._sessions}; nothing was deleted")
        try:
            if folder.exists():
                shutil.rmtree(folder)
        except OSError as error:
            raise ReviewError(f"cannot delete {folder}: {error.strerror}") from error

    def close(self) -> None:
        """Idempotent."""
        if self._kept is not None:
            self._kept.close()
        with self._lock:
            for store in self._memory.values():
                store.close()
            self._memory.clear()


def copy_session(source: Store, session: Session, target: Store) -> str:
    """One session with its events, evidence and reviews; one that is there already is completed."""
    if target.session(session.id) is None:
        target.put_session(session if target.kept else replace(session, folder=None))
    for candidate in source.candidates(Query(sessions=(session.id,), limit=-1)):
        target.add_event(session.id, candidate.event, source.evidence(candidate.ref))
        target.restore(candidate.ref, candidate.review)
    target.finish_session(session.id)
    return session.id
