"""What the thread `analyse` does: requests first, then one frame after another, then what was still open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from realtime.clock import Clock
from realtime.contracts import Steps
from realtime.mailbox import Mailbox
from realtime.progress import ProgressMeter
from realtime.ring import FrameRing, RecordRing, without_picture
from realtime.stats import StageTimes
from realtime.types import Analysis, Frame

POLL_S = 0.5  # a reader looks up this often; every change wakes it at once


@dataclass(frozen=True, slots=True)
class Channels:
    """Between the threads of a run; `realtime.pipeline` builds them and has their diagram."""

    frames: FrameRing
    records: RecordRing
    display: Mailbox[Analysis]
    session: Mailbox[bool]  # put True: a session begins; False: it ends
    neutral: Mailbox[bool]  # put True: the person is neutral now


@dataclass(frozen=True, slots=True)
class Lateness:
    """When a frame comes too late for the costly stages."""

    live: bool  # a recording is never late
    late_s: float  # of frames that wait
    frames: frozenset[int]  # that were late when they were recorded, and are told as such again

    def of_frame(self, frame: Frame, backlog_s: float) -> bool:
        return (self.live and backlog_s > self.late_s) or frame.index in self.frames


class Stepping:
    """One analyser's way through a run's frames. Lives on one thread."""

    def __init__(
        self,
        analyser: Steps,
        channels: Channels,
        lateness: Lateness,
        meter: ProgressMeter,
        times: StageTimes,
        clock: Clock,
    ) -> None:
        self._analyser = analyser
        self._channels = channels
        self._lateness = lateness
        self._meter = meter
        self._times = times
        self._clock = clock
        self._last: Frame | None = None
        self._session_number = self._sessions = 0

    def run(self, enough: Callable[[], bool]) -> None:
        """Until the frames are drained, the recording has failed, or `enough` is true after a frame."""
        frames = self._channels.frames
        while not frames.drained:
            frame = frames.take(POLL_S)
            if frame is not None:
                self._serve_requests()
                if not self._step(frame) or enough():
                    frames.close()
        self._finish()

    def _step(self, frame: Frame) -> bool:
        """Whether its analysis can still be recorded."""
        late = self._lateness.of_frame(frame, self._channels.frames.backlog_s)
        with self._times.stage("frame"):
            analysis = self._analyser.step(frame, late=late)
        self._times.add("age", self._clock() - frame.arrived_ns)
        self._last = frame
        self._meter.frame_done()
        self._meter.events_came(analysis.events)
        self._channels.display.put(analysis)
        return self._channels.records.push(analysis, session=self._session_number, late=late)

    def _serve_requests(self) -> None:
        """A session begins and ends with a fresh analyser, so that its recording replays to its events."""
        wanted = self._channels.session.take()
        if wanted is not None and wanted != (self._session_number > 0):
            self._finish()
            self._analyser.restart()
            self._sessions += wanted
            self._session_number = self._sessions if wanted else 0
        if self._channels.neutral.take():
            self._analyser.rebaseline()

    def _finish(self) -> None:
        """Hand over the events that were still open when the frames ended."""
        if self._last is None:
            return
        events, recognitions = self._analyser.finish()
        self._meter.events_came(events)
        rest = Analysis(self._last, chips=(), signals=(), events=events, recognitions=recognitions)
        self._channels.records.push(without_picture(rest), session=self._session_number, rest=True)
        self._last = None
