"""THE diagram: one way through, three threads and a fourth for browsers, two kinds of channel, all of
them built here.

        source            camera, address, browser, clip or demo
          |
      [capture]           takes each frame as it comes; never waits when the source is live
          |
          +-------------------------------------------+
          |                                           |
       FrameRing          live: the oldest frame      |
          |               is overwritten and counted; |
          |               recorded: capture waits     |
          |                                           |
      [analyse]           Stepping, Analyser.step:    |
          |               faces, spotter, flow, maps, |
          |               recogniser: every parallel  |
          |               numba call and every engine |
          |               call of a run               |
          +------------------------------+            |
          |                              |            |
      RecordRing                      Mailbox      Mailbox   newest wins, the display may skip
          |                              |            |
          |                              +---Newest---+
          |                              |
      [record]                     [display], which hands what is shown to `show` (a browser), even
          |                        while analysis is behind; else the caller's thread takes the left
        sinks                      mailbox: window or status line

The sinks are tables, session, annotated video: rows are never lost; a live run counts the pictures it
had to leave out. Stop order is source, analyse, record, display. Every join has a timeout. What a
thread raises is kept, stops the others, and is raised by `join`, after the sinks have closed what was
written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, nullcontext, suppress
from types import TracebackType

from realtime.clock import NS_PER_S, Clock, now_ns, seconds
from realtime.contracts import Sink, Steps
from realtime.errors import FlinchError, SourceError
from realtime.mailbox import Mailbox
from realtime.newest import Newest
from realtime.progress import Progress, ProgressMeter
from realtime.ring import FrameRing, Record, RecordRing, RingConfig
from realtime.sources.base import Source
from realtime.stats import StageTimes
from realtime.stepping import POLL_S, Channels, Lateness, Stepping
from realtime.types import Analysis

DRAIN_S = 0.75  # how long a stopped live run goes on with frames that already came
# A long video closes slowly; after a signal all of it takes under 3 s.
JOIN_S = {"capture": 5.0, "analyse": 15.0, "record": 120.0, "rows": 10.0, "display": 2.0}
HURRIED_S = {"capture": 0.5, "analyse": 1.15, "record": 0.75, "rows": 0.4, "display": 0.1}


class Pipeline:
    """Runs one source through one analyser into its sinks, once. Used with `with`.

    `lossless` says what a full ring does: the source waits (a recording, paced or not), or frames are
    lost and counted (a camera). `limit_s` ends the run after so much of the source's own time.
    `late_frames` were late when they were recorded, and are told to the analyser as such again. `show`
    gets the newest frame again and again, on a thread of its own.
    """

    def __init__(
        self,
        source: Source,
        analyser: Steps,
        sinks: Sequence[Sink] = (),
        *,
        config: RingConfig | None = None,
        lossless: bool = False,
        limit_s: float | None = None,
        late_frames: Collection[int] = (),
        times: StageTimes | None = None,
        show: Callable[[Analysis], None] | None = None,
        clock: Clock = now_ns,
    ) -> None:
        config = config or RingConfig()
        bounds = (config.ahead_s, config.ahead_mb) if lossless else (config.seconds, config.max_mb)
        self.display: Mailbox[Analysis] = Mailbox()
        self.session: Mailbox[bool] = Mailbox()  # put True: a session begins; False: it ends
        self.neutral: Mailbox[bool] = Mailbox()  # put True: the person is neutral now
        self.times = times if times is not None else StageTimes(clock)
        self._source = source
        self._analyser = analyser
        self._sinks = list(sinks)
        self._clock = clock
        self._lossless = lossless
        self._limit_ns = None if limit_s is None else int(limit_s * NS_PER_S)
        self._frames = FrameRing(*bounds, lossless=lossless)
        self._records = RecordRing(config.record_mb, lossless=lossless)
        self._show = show
        self._newest = Newest(self.display, clock)
        self._meter = ProgressMeter(clock)
        self._stepping = Stepping(
            analyser,
            Channels(self._frames, self._records, self.display, self.session, self.neutral),
            Lateness(not lossless, config.late_s, frozenset(late_frames)),
            self._meter,
            self.times,
            clock,
        )
        self._errors: list[BaseException] = []
        self._stopped_ns: int | None = None
        self._hurried = False
        self._ready = False
        self._may_read = threading.Event()
        self._done = threading.Event()
        self._capture_thread = self._thread("capture", self._capture)
        self._analyse_thread = self._thread("analyse", self._analyse)
        self._record_thread = self._thread("record", self._record)
        self._display_thread = self._thread("display", self._display)

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        def keep_what_it_raises() -> None:
            try:
                work()
            except BaseException as error:
                self._errors.append(error)

        # Daemons: a driver that never returns must not keep the process alive.
        return threading.Thread(target=keep_what_it_raises, name=name, daemon=True)

    # The caller's side

    def start(self) -> None:
        for thread in (self._capture_thread, self._analyse_thread, self._record_thread, self._display_thread):
            thread.start()

    @property
    def ready(self) -> bool:
        """Everything is loaded and compiled, and the source is being read."""
        return self._ready

    def wait(self, timeout_s: float) -> bool:
        """True once all that came is analysed and written, or writing has ended with an error."""
        return self._done.wait(timeout_s)

    def stop(self, *, hurry: bool = False) -> None:
        """Ask the run to end: no new frame is taken, and what was analysed is written. Idempotent.

        `hurry` leaves behind what does not end at once, such as loading or a video being closed; the
        tables are complete by then.
        """
        self._hurried = self._hurried or hurry
        if self._stopped_ns is None:
            self._stopped_ns = self._clock()
        self._source.close()
        self._may_read.set()
        if self._lossless:
            self._frames.close()

    def join(self) -> None:
        """Wait for the threads of a stopped or finished run in stop order; raise what one of them raised.

        A thread that does not end in its time is left behind and the next one is told to end, so that
        the tables are complete even when a camera driver hangs.
        """
        limits_s, hung = HURRIED_S if self._hurried else JOIN_S, []
        for step, thread, release in (
            ("capture", self._capture_thread, self._frames.end),
            ("analyse", self._analyse_thread, self._cut_off),
            ("record", self._record_thread, self._records.leave_out_pictures),
            ("rows", self._record_thread, self._records.close),
            ("display", self._display_thread, self._newest.frames.close),
        ):
            thread.join(limits_s[step])
            if thread.is_alive():
                hung.append(thread.name)
                release()
        if self._errors:
            raise self._errors[0]
        if hung and not self._hurried:
            names = ", ".join(dict.fromkeys(hung))
            raise FlinchError(f"{self._source.name}: {names} did not end in time; the rest is kept")

    def progress(self) -> Progress:
        """How the run stands; from any thread."""
        lost: dict[str, int] = {}
        for drops in (self._frames.dropped, self._analyser.drops, self._records.dropped):
            lost |= dict(drops)  # copied first: another thread may be counting
        return self._meter.progress(lost)

    def __enter__(self) -> Pipeline:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        # What the caller raised comes first; what the threads raised would hide it.
        with suppress(Exception) if error is not None else nullcontext():
            self.join()

    # capture

    def _capture(self) -> None:
        first_ns: int | None = None
        try:
            self._may_read.wait()  # a camera that starts earlier only fills the ring
            for frame in self._source:
                first_ns = frame.t_ns if first_ns is None else first_ns
                over = self._limit_ns is not None and frame.t_ns - first_ns >= self._limit_ns
                if over or self._stopped_ns is not None:
                    break
                self._meter.frame_came(frame)
                self._newest.frames.put(frame)
                if not self._frames.push(frame):
                    break
        except SourceError:
            if self._stopped_ns is None:  # else it only says that it was closed
                raise
        finally:
            self._frames.end()
            self._newest.frames.close()

    # display

    def _display(self) -> None:
        if self._show is None:
            return
        try:
            while not self._newest.frames.closed:
                shown = self._newest.take(POLL_S)
                if shown is not None:
                    self._show(shown)
        except BaseException:
            self.stop()
            raise

    # analyse

    def _analyse(self) -> None:
        with ExitStack() as closing:
            closing.callback(self.display.close)
            closing.callback(self._cut_off)
            closing.callback(self._analyser.close)
            closing.callback(self._may_read.set)
            self._analyser.open()
            self._meter.start()
            self._ready = True
            self._may_read.set()
            self._stepping.run(enough=self._drained_enough)

    def _drained_enough(self) -> bool:
        return self._stopped_ns is not None and seconds(self._clock() - self._stopped_ns) > DRAIN_S

    def _cut_off(self) -> None:
        self._frames.close()
        self._records.end()

    # record

    def _record(self) -> None:
        with ExitStack() as closing:
            closing.callback(self._done.set)
            for sink in reversed(self._sinks):
                closing.callback(sink.close)
            # First of all, so that a writer that failed does not hold `analyse` up.
            closing.callback(self._meter.end)
            closing.callback(self._records.close)
            while not self._records.drained:
                record = self._records.take(POLL_S)
                if record is not None:
                    self._write(record)

    def _write(self, record: Record) -> None:
        with self.times.stage("record"):
            for sink in self._sinks:
                sink.write(record)
