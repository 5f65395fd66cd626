"""The main thread's side of a live run: words on the terminal, and the window where there is one."""

from __future__ import annotations

from collections.abc import Callable

from realtime.app.run import Run
from realtime.app.status import (
    StatusLine,
    delivery_text,
    ended_text,
    event_text,
    notes_text,
    ready_text,
    status_text,
)
from realtime.app.window import Key, Screen, Viewer, WindowConfig
from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.sources import Source

POLL_S = 0.1
DISPLAY_S = 0.02  # the window waits so long for a new picture before it looks at the keys
STATUS_S = 0.25  # between two status lines
PAINT_S = 1 / 40  # between two pictures: drawing must leave the cores to the analysis
MEASURED_S = 1.5  # a source's rate is told once it has delivered for so long


class Every:
    """Says that it is time, at most once in `period_s`."""

    def __init__(self, period_s: float, clock: Clock) -> None:
        self._period_ns = int(period_s * NS_PER_S)
        self._clock = clock
        self._next_ns = clock()

    @property
    def due(self) -> bool:
        now = self._clock()
        if now < self._next_ns:
            return False
        self._next_ns = now + self._period_ns
        return True


class Watch:
    """Looks after a run: says how it goes, and asks of it what the keys want."""

    def __init__(
        self,
        run: Run,
        source: Source,
        status: StatusLine,
        interrupted: Callable[[], bool],
        clock: Clock = now_ns,
    ) -> None:
        self.run = run
        self.status = status
        self.recording = False
        self._source = source
        self._interrupted = interrupted
        self._status_time = Every(STATUS_S, clock)
        self._paint_time = Every(PAINT_S, clock)
        self._news = [self._ready, self._delivery]  # each is told once, in this order

    def headless(self) -> None:
        """Until the run ends, its time is up, or a signal comes."""
        while not self.run.pipeline.wait(POLL_S) and not self._must_end():
            self.tell()

    def window(self, screen: Screen, config: WindowConfig) -> None:
        """The same, or until Q or the window is closed."""
        viewer = Viewer(config, self.ask, self.run.wanted.layers)
        stale = False  # what the window shows is no longer what the viewer would
        while not self.run.pipeline.wait(0.0) and not self._must_end():
            self.tell()
            analysis = self.run.pipeline.display.take(DISPLAY_S)
            if analysis is not None:
                viewer.push(analysis)
                stale = stale or not viewer.paused
            stale = viewer.press(screen.key()) or stale
            if stale and viewer.shown is not None and self._paint_time.due:
                screen.show(self.run.painted(viewer.shown, viewer.layers, paused=viewer.paused))
                stale = False
            if viewer.quit or screen.closed:
                return

    def _must_end(self) -> bool:
        """Time is up, or a signal came; after a signal there are three seconds left."""
        # The pipeline counts the source's own time; a live source that stalls is ended by the wall's.
        limit_s = self.run.wanted.limit_s
        stalled = limit_s is not None and not self.run.lossless and self._running_s() > limit_s
        if self._interrupted():
            self.run.pipeline.stop(hurry=True)
        return stalled or self._interrupted()

    def _running_s(self) -> float:
        """Wall time since everything was ready."""
        return self.run.pipeline.progress().wall_s if self.run.pipeline.ready else 0.0

    def ask(self, key: Key) -> None:
        """What the keys that concern the run do."""
        if key is Key.RECORD:
            self.recording = not self.recording
            self.run.pipeline.session.put(self.recording)
        elif key is Key.MARK and not self.recording:
            self.status.say("E marks a moment of a session; R begins one")
        elif key is Key.MARK:
            self.run.sessions.marks.put("E")
        elif key is Key.BASELINE:
            self.run.pipeline.neutral.put(True)

    def tell(self) -> None:
        """What is new since the last time, and how it stands."""
        while self._news and self._news[0]():
            self._news.pop(0)
        for note in self.run.profile.take():
            self.status.say(f"note: {note}")
        for event in self.run.feed.take():
            self.status.say(event_text(event))
        if self.status.seen and self.run.pipeline.ready and self._status_time.due:
            age = self.run.times.summary().get("age", {}).get("p95_ms")
            self.status.show(status_text(self.run.pipeline.progress(), age, recording=self.recording))

    def _ready(self) -> bool:
        if not self.run.pipeline.ready or not self.run.rooms.model:
            return False
        self.status.say(ready_text(self._source.name, self.run.rooms.model))
        return True

    def _delivery(self) -> bool:
        if self._running_s() < MEASURED_S:
            return False
        self.status.say(f"source delivers {delivery_text(self._source.describe())}")
        return True

    def ended(self) -> None:
        """The last events and words of a run that has ended without an error."""
        self.tell()
        self.status.clear()
        notes = notes_text(self._source.describe())
        if notes:
            self.status.say(f"note: {notes}")
        self.status.say(ended_text(self.run.pipeline.progress(), self.run.wanted.out))
        if self.run.sessions.folder is not None:
            self.status.say(f"last session: {self.run.sessions.folder}")
