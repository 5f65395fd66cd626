"""The main thread's side of a live run: words on the terminal, and the window where there is one."""

from __future__ import annotations

from collections.abc import Callable

from realtime.run import Run
from realtime.sources import Source
from realtime.status import (
    StatusLine,
    delivery_text,
    ended_text,
    event_text,
    notes_text,
    ready_text,
    status_text,
)
from realtime.types import Analysis
from realtime.video import BgrImage
from realtime.window import Key, Screen, Viewer, WindowConfig

POLL_S = 0.1
DISPLAY_S = 0.02  # the window waits so long for a new picture before it looks at the keys
MEASURED_S = 1.5  # a source's rate is told once it has delivered for so long


class Watch:
    """Looks after a run: says how it goes, and asks of it what the keys want."""

    def __init__(self, run: Run, source: Source, status: StatusLine, interrupted: Callable[[], bool]) -> None:
        self.run = run
        self.status = status
        self.recording = False
        self._source = source
        self._interrupted = interrupted
        self._news = [self._ready, self._delivery]  # each is told once, in this order

    def headless(self) -> None:
        """Until the run ends, its time is up, or a signal comes."""
        while not self.run.pipeline.wait(POLL_S) and not self._must_end():
            self.tell()

    def window(self, screen: Screen, config: WindowConfig) -> None:
        """The same, or until Q or the window is closed."""
        viewer = Viewer(config, self.ask, self.run.wanted.layers)
        while not self.run.pipeline.wait(0.0) and not self._must_end():
            self.tell()
            analysis = self.run.pipeline.display.take(DISPLAY_S)
            if analysis is not None:
                viewer.push(analysis)
            if viewer.shown is not None:
                screen.show(self._picture(viewer, viewer.shown))
            viewer.press(screen.key())
            if viewer.quit or screen.closed:
                return

    def _picture(self, viewer: Viewer, analysis: Analysis) -> BgrImage:
        return self.run.painted(analysis, viewer.layers, paused=viewer.paused)

    def _must_end(self) -> bool:
        # The pipeline counts the source's own time; a live source that stalls is ended by the wall's.
        limit_s = self.run.wanted.limit_s
        late = limit_s is not None and not self.run.lossless and self._progress_s() > limit_s
        return late or self._interrupted()

    def _progress_s(self) -> float:
        return self.run.pipeline.progress().wall_s if self.run.pipeline.ready else 0.0

    def ask(self, key: Key) -> None:
        """What the keys that concern the run do."""
        if key is Key.RECORD:
            self.recording = not self.recording
            self.run.pipeline.session.put(self.recording)
        elif key is Key.MARK:
            self.run.sessions.marks.put("E")
        elif key is Key.BASELINE:
            self.run.pipeline.neutral.put(True)

    def tell(self) -> None:
        """What is new since the last time, and how it stands."""
        while self._news and self._news[0]():
            self._news.pop(0)
        for event in self.run.feed.take():
            self.status.say(event_text(event))
        if self.run.pipeline.ready:
            age = self.run.times.summary().get("age", {}).get("p95_ms")
            self.status.show(status_text(self.run.pipeline.progress(), age, recording=self.recording))

    def _ready(self) -> bool:
        if not self.run.rooms.model:
            return False
        self.status.say(ready_text(self._source.name, self.run.rooms.model))
        return True

    def _delivery(self) -> bool:
        if self._progress_s() < MEASURED_S:
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
