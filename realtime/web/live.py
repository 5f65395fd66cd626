"""One live session: a source, its run, and everything the page hears of it or may ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from realtime.app.run import Run, Wanted
from realtime.contracts import Sink
from realtime.overlay.layers import LAYERS
from realtime.ring import Record
from realtime.sources import Source
from realtime.sources.webrtc import WebRtcSource
from realtime.stats import StageTimes
from realtime.types import Analysis
from realtime.web.feed import Message, PageFeed
from realtime.web.outgoing import Annotated, picture_of
from realtime.web.presence import Presence
from realtime.web.state import WebState

MARK = "E"  # the note of a moment that was marked by key

_running: dict[str, list[LiveSession]] = {}


def live_of(visitor: str) -> LiveSession | None:
    """The visitor's newest session that still runs. Call it from the server's loop or any thread."""
    sessions = _running.get(visitor)
    return sessions[-1] if sessions else None


class Attached:
    """A sink that passes on to sinks which come and go while the run goes on."""

    def __init__(self) -> None:
        self._sinks: tuple[Sink, ...] = ()  # replaced, never changed: `record` may be reading it

    def write(self, record: Record) -> None:
        for sink in self._sinks:
            sink.write(record)

    def close(self) -> None:
        for sink in self._sinks:
            sink.close()

    def attach(self, sink: Sink) -> None:
        self._sinks = (*self._sinks, sink)

    def detach(self, sink: Sink) -> None:
        self._sinks = tuple(each for each in self._sinks if each is not sink)


class LiveSession:
    """A run whose painted pictures go to `track`. Made and asked on the server's loop."""

    def __init__(
        self, state: WebState, visitor: str, source: Source, loop: asyncio.AbstractEventLoop
    ) -> None:
        config = state.config_of(visitor)
        self.visitor = visitor
        self.track = Annotated()
        self.source = source
        self.recording = False
        self._layers = state.layers
        self._loop = loop
        self._feed = PageFeed()
        self._presence = Presence()
        self._attached = Attached()
        self._started = False
        self._size = (0, 0)  # width, height of the last picture shown
        collector = state.desk.collector(visitor, source.name, folder=lambda: self.run.sessions.folder)
        self.run = Run(
            source,
            config,
            Wanted(sessions=state.sessions),
            lossless=False,
            rooms=None if state.rooms is None else state.rooms(config, StageTimes()),
            more_sinks=[self._feed, self._presence, self._attached, collector],
            show=self._show,
        )

    def start(self) -> None:
        self._started = True
        _running.setdefault(self.visitor, []).append(self)
        self.run.pipeline.start()

    def stop(self) -> None:
        """Asks the run to end; `join` waits for it. Idempotent."""
        sessions = _running.get(self.visitor, [])
        if self in sessions:
            sessions.remove(self)
        if not sessions:
            _running.pop(self.visitor, None)
        self.run.pipeline.stop()
        self.track.stop()

    def join(self) -> None:
        """Waits, up to minutes when a long recording is closed. Raises what the run raised."""
        if self._started:
            self.run.pipeline.join()

    @property
    def ended(self) -> bool:
        """Everything that came is analysed and written, or the run broke off."""
        return self.run.pipeline.wait(0.0)

    def attach(self, sink: Sink) -> None:
        """`sink` gets every record from now on, on the `record` thread; closed with the run."""
        self._attached.attach(sink)

    def detach(self, sink: Sink) -> None:
        self._attached.detach(sink)

    def _show(self, analysis: Analysis) -> None:
        """On the display thread: paints, and hands the picture to the loop."""
        picture = picture_of(self.run.painted(analysis, self._layers))
        self._size = analysis.frame.bgr.shape[1], analysis.frame.bgr.shape[0]
        with suppress(RuntimeError):  # the loop has ended before us
            self._loop.call_soon_threadsafe(self.track.put, picture, analysis.frame.arrived_ns)

    # what the page asks

    def ask(self, message: Message) -> None:
        """Does what a message of the page asks for; one that is not understood is ignored."""
        asked: dict[object, Callable[[Message], None]] = {
            "record": self._record,
            "mark": lambda message: self.run.sessions.marks.put(MARK),
            "baseline": lambda message: self.run.pipeline.neutral.put(True),
            "layers": self._choose_layers,
        }
        do = asked.get(message.get("kind"))
        if do is not None:
            do(message)

    def _record(self, message: Message) -> None:
        self.recording = message.get("on") is True
        self.run.pipeline.session.put(self.recording)

    def _choose_layers(self, message: Message) -> None:
        names = message.get("names")
        if isinstance(names, list):
            self._layers = frozenset(name for name in names if name in LAYERS)

    # what the page hears

    def news(self) -> list[Message]:
        """Signals and events since the last call."""
        return self._feed.take()

    def stats(self) -> Message:
        """How it stands; None where nothing was measured yet."""
        progress, track = self.run.pipeline.progress(), self.track
        dropped = dict(progress.dropped)
        if isinstance(self.source, WebRtcSource):
            dropped |= dict(self.source.dropped)
        folder = self.run.sessions.folder
        return {
            "kind": "stats",
            "ready": self.run.pipeline.ready,
            "source": self.source.name,
            "model": self.run.rooms.model,
            "frames": progress.frames,
            "events": progress.events,
            "fps_in": rounded(progress.source_fps),
            "fps_analysed": rounded(progress.analysed_fps),
            "fps_out": rounded(track.rate.fps),
            "server_age_ms": rounded(track.age_ms),
            "encode_ms": rounded(track.encode_ms),
            "analysis_ms": self.run.times.summary().get("frame", {}).get("p50_ms"),
            "waiting": progress.captured - progress.frames - lost_frames(dropped),
            "dropped": {cause: count for cause, count in dropped.items() if count},
            "size": list(self._size),
            "no_face_s": rounded(self._presence.no_face_s),
            "recording": self.run.sessions.since_ns is not None,
            "folder": folder.name if folder is not None else None,
            "notes": list(self.run.profile.notes),
        }


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def lost_frames(dropped: dict[str, int]) -> int:
    """Frames that came and are not analysed any more."""
    return sum(count for cause, count in dropped.items() if cause.startswith("frames_"))
