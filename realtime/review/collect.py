"""The sink that fills a library while a run goes on: each event at once, its evidence half a second later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from realtime.review.evidence import Trail, evidence_of
from realtime.review.judged import utc_text
from realtime.review.records import AROUND_NS, Origin, Ref
from realtime.review.store import Store
from realtime.ring import Record
from realtime.types import Event, Recognition


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """An event whose evidence is not complete yet."""

    ref: Ref
    recognition: Recognition
    due_ns: int  # t_ns of the source


class Collector:
    """A `realtime.contracts.Sink`: what a run finds goes into `store`.

    Where the run records (`Record.session` is not 0), that part becomes a session of its own in `kept`,
    with events counted from its first frame as the recording's tables count them; `folder` says where
    it is recorded to. Without `kept` everything goes into `store`.

    Lives on the `record` thread; `session` may be read from elsewhere.
    """

    def __init__(
        self, store: Store, source: str, *, name: str = "", origin: Origin = Origin.LIVE, subject: str = "",
        kept: Store | None = None, folder: Callable[[], Path | None] = lambda: None,
        on_session: Callable[[str, bool], None] = lambda session, begins: None,
    ) -> None:  # fmt: skip
        """`on_session(id, begins)` is told of every session as it begins and ends."""
        self.session: str | None = None  # id of the session being filled, once there is an event
        self._unrecorded = store
        self._kept = kept
        self._store = store
        self._source = source
        self._name = name
        self._origin = origin
        self._subject = subject
        self._folder = folder
        self._on_session = on_session
        self._number = 0  # of the recording, as the run counts them
        self._run_start_ns: int | None = None
        self._first_frame = 0  # what this session's frames are counted from
        self._first_ns = 0  # what the times of this session's events are counted from
        self._events = 0
        self._trail = Trail()
        self._pending: list[Pending] = []

    def write(self, record: Record) -> None:
        analysis = record.analysis
        if self._run_start_ns is None:
            self._run_start_ns = self._first_ns = analysis.frame.t_ns
        if record.session != self._number:
            self._turn(record)
        if record.picture:
            self._trail.push(analysis)
        for event, recognition in zip(analysis.events, analysis.recognitions, strict=True):
            self._add(event, recognition)
        if not record.rest:
            self._complete(analysis.frame.t_ns)

    def _turn(self, record: Record) -> None:
        """A recording begins or ends here."""
        self.close()
        self._number = record.session
        recorded = record.session > 0 and self._kept is not None
        self._store = self._kept if recorded and self._kept is not None else self._unrecorded
        self._first_frame = record.analysis.frame.index if recorded else 0
        self._first_ns = record.analysis.frame.t_ns if recorded else self._run_start_ns or 0
        if recorded:
            folder = self._folder()
            self._begin(None if folder is None else folder.name)

    def _begin(self, folder: str | None = None) -> str:
        name = self._name or f"{self._source}, {utc_text()[:16].replace('T', ' ')}"
        session = self._store.add_session(
            name, self._source, self._origin, subject=self._subject, folder=folder
        )
        self.session, self._events = session.id, 0
        self._on_session(session.id, True)
        return session.id

    def _add(self, event: Event, recognition: Recognition) -> None:
        session = self.session
        if session is None or self._store.session(session) is None:  # somebody may have deleted it
            session = self._begin()
        moved = event.counted_from(
            self._first_frame, self._first_ns - (self._run_start_ns or 0), number=self._events
        )
        if moved.onset_frame < 0:
            return  # it began before the recording
        ref = self._store.add_event(session, moved)
        self._events += 1
        window = recognition.maps.flow.window
        self._pending.append(Pending(ref, recognition, window.chips[window.offset].t_ns + AROUND_NS))

    def _complete(self, now_ns: int | None = None) -> None:
        """Writes the evidence of what is due; of everything when nothing more will come."""
        waiting, self._pending = self._pending, []
        for pending in waiting:
            if now_ns is not None and now_ns < pending.due_ns:
                self._pending.append(pending)
            elif self._store.session(pending.ref.session) is not None:
                self._write_evidence(pending)

    def _write_evidence(self, pending: Pending) -> None:
        glimpses = self._trail.around(pending.recognition.maps.flow.window)
        self._store.add_evidence(
            pending.ref,
            evidence_of(pending.recognition, glimpses, frames=self._first_frame, shift_ns=self._first_ns),
        )

    def close(self) -> None:
        """Completes what is there; idempotent."""
        self._complete()
        session, self.session = self.session, None
        if session is not None:
            self._store.finish_session(session)
            self._on_session(session, False)
