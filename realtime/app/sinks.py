"""What `record` writes to: the tables of a run, recorded sessions, the annotated video.

Each sink belongs to one run and lives on the `record` thread; only `marks`, `folder` and
`since_ns` of `SessionSink` are touched from elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from realtime.app.earlier import Hold, cleared, results_in
from realtime.mailbox import Mailbox
from realtime.output.events import EventWriter
from realtime.output.files import make_folder
from realtime.output.tables import RunFacts, SignalWriter, Tally, write_summary
from realtime.overlay.state import OverlayMemory
from realtime.recording.recorder import RecordingConfig, SessionInfo, SessionRecorder, session_folder, utc_now
from realtime.recording.video import AnnotatedVideo, BgrImage
from realtime.ring import Record
from realtime.types import Analysis, Event

Painter = Callable[[Analysis], BgrImage]


class TableSink:
    """events.*, signal.csv and summary.json of one run in one folder.

    They are begun by the first record, so that a run which cannot begin leaves the results of an earlier one
    alone; a run that begins moves them into `earlier`, or replaces them. `facts` is asked once, on close.
    `media` is the clip that the ELAN document opens.
    """

    def __init__(
        self,
        folder: Path,
        facts: Callable[[], RunFacts],
        *,
        media: Path | None = None,
        earlier: Path | None = None,
    ) -> None:
        self._folder = make_folder(folder)
        self._facts = facts
        self._media = media
        self._earlier = earlier
        self._tally = Tally()
        self._begun = False
        self._hold = Hold(self._folder)

    def write(self, record: Record) -> None:
        self._begin()
        if record.rest:
            self._tally.events.update(event.kind.value for event in record.analysis.events)
            self._tally.labels.update(event.label for event in record.analysis.events)
        else:
            self._signal.add(record.analysis)
            self._tally.add(record.analysis)
        for event in record.analysis.events:
            self._events.write(event)

    def _begin(self) -> None:
        if self._begun:
            return
        cleared(self._folder, self._earlier)
        self._events = EventWriter(self._folder, media=self._media)
        self._signal = SignalWriter(self._folder)
        self._begun = True

    def close(self) -> None:
        """Completes every table, also after one of them failed."""
        with ExitStack() as ending:
            ending.callback(self._hold.release)
            if not self._begun and results_in(self._folder):
                return
            self._begin()
            ending.callback(lambda: write_summary(self._folder, self._tally, self._facts()))
            ending.callback(self._signal.close)
            ending.callback(self._events.close)


class MemorySink:
    """Feeds the overlay's memory, which must see every analysis."""

    def __init__(self, memory: OverlayMemory) -> None:
        self._memory = memory

    def write(self, record: Record) -> None:
        self._memory.push(record.analysis)

    def close(self) -> None:
        """Nothing is held."""


class EventFeed:
    """Events for whoever prints them as they come; what nobody takes is forgotten after a while."""

    def __init__(self, kept: int = 1000) -> None:
        self._events: deque[Event] = deque(maxlen=kept)

    def write(self, record: Record) -> None:
        self._events.extend(record.analysis.events)

    def take(self) -> list[Event]:
        """The events since the last call, from any one thread."""
        return [self._events.popleft() for _ in range(len(self._events))]

    def close(self) -> None:
        """Nothing is held."""


class VideoSink:
    """The annotated video: `paint` draws what the viewer shall see of each analysis, in order."""

    def __init__(self, path: Path, paint: Painter) -> None:
        self._path = path
        self._paint = paint
        self._video: AnnotatedVideo | None = None  # begun by the first picture, see TableSink

    def write(self, record: Record) -> None:
        if record.picture:
            self._video = self._video or AnnotatedVideo(self._path)
            self._video.write(self._paint(record.analysis), record.analysis.frame.t_ns)

    def close(self) -> None:
        if self._video is not None:
            self._video.close()


class SessionSink:
    """Records each session of the run into a folder of its own under `out`.

    `facts` is asked as a session begins: what session.json says beyond what is counted.
    """

    def __init__(
        self, out: Path, source: str, facts: Callable[[], Mapping[str, object]], config: RecordingConfig
    ) -> None:
        self.marks: Mailbox[str] = Mailbox()  # put a note: this moment is marked
        self.folder: Path | None = None  # of the session being recorded, or the last one
        self.since_ns: int | None = None  # t_ns of its first frame; None: nothing is being recorded
        self._out = out
        self._source = source
        self._facts = facts
        self._config = config
        self._session = 0
        self._recorder: SessionRecorder | None = None
        self._run_start_ns: int | None = None

    def write(self, record: Record) -> None:
        if self._run_start_ns is None:
            self._run_start_ns = record.analysis.frame.t_ns
        if record.session != self._session:
            self.close()
            self._session = record.session
            if record.session:
                self._begin(record.analysis.frame.t_ns)
        note = self.marks.take()  # also outside of a session, where there is nothing to mark
        if self._recorder is not None:
            self._add(self._recorder, record)
            if note is not None:
                self._recorder.mark(note)

    def _begin(self, t_ns: int) -> None:
        started = utc_now()
        self.folder = session_folder(self._out, started)
        info = SessionInfo(self._source, self._facts(), self._run_start_ns, started)
        self._recorder = SessionRecorder(self.folder, info, config=self._config)
        self._recorder.start()
        self.since_ns = t_ns

    def _add(self, recorder: SessionRecorder, record: Record) -> None:
        analysis = record.analysis
        if record.picture:
            recorder.add(analysis.frame, late=record.late)
        for event in analysis.events:
            recorder.add_event(event)

    def close(self) -> None:
        """Ends the session being recorded, if any."""
        recorder, self._recorder = self._recorder, None
        self.since_ns = None
        if recorder is not None:
            recorder.close()
