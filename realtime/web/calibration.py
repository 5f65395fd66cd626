"""Calibrating from the browser's own camera: the frames of the visitor's live session, looked at twice.

    waiting --live--> camera, 10 s --> pause, 3 s --> neutral, 11 s --> done (a profile, saved and used)
       any of them --no picture, nobody at rest, stopped--> failed

Steps are taken when the page asks how it stands, on the server's loop. The measuring itself happens in a
sink on the session's `record` thread; it is read only after it has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from realtime.clock import Clock, now_ns, seconds
from realtime.contracts import Sink
from realtime.errors import CalibrationError, FlinchError
from realtime.profile.camera_check import CameraReport
from realtime.profile.meter import ProfileMeter
from realtime.profile.neutral import SECONDS, SETTLE_S
from realtime.profile.profile import Profile, new_profile
from realtime.ring import Record
from realtime.web.profiles import Profiles, checked_name, numbered
from realtime.web.state import WebState

CAMERA_S = 10.0
PAUSE_S = 3.0  # to sit still in
NEUTRAL_S = SETTLE_S + SECONDS
LIVE_S = 60.0  # for the camera to be allowed
VISITORS = 64


class Step(str, Enum):
    """Where a calibration is."""

    WAITING = "waiting"
    CAMERA = "camera"
    PAUSE = "pause"
    NEUTRAL = "neutral"
    DONE = "done"
    FAILED = "failed"


MEASURING = (Step.WAITING, Step.CAMERA, Step.PAUSE, Step.NEUTRAL)


class Session(Protocol):
    """What is needed of a `realtime.web.live.LiveSession`."""

    @property
    def ended(self) -> bool: ...
    def attach(self, sink: Sink) -> None: ...
    def detach(self, sink: Sink) -> None: ...


class CalibrationSink:
    """Measures for so long, then looks at nothing more. `done` is set after the last frame was taken."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.meter = ProfileMeter()
        self.done = False

    def write(self, record: Record) -> None:
        if self.done:
            return
        try:
            self.meter.write(record)
        except CalibrationError:  # a browser may change the size of its picture while it warms up
            self.meter = ProfileMeter()
        self.done = self.seconds >= self.limit_s

    @property
    def seconds(self) -> float:
        return self.meter.neutral.seconds

    def close(self) -> None:
        """Nothing is held."""


@dataclass(slots=True)
class Calibration:
    """How one visitor's calibration stands."""

    name: str
    step: Step
    begun_ns: int
    since_ns: int  # when the step began
    session: Session | None = None
    sink: CalibrationSink | None = None
    camera: CameraReport | None = None
    profile: Profile | None = None
    words: str = ""  # why it failed

    def left_s(self, clock: Clock = now_ns) -> float:
        """Until the present step is over."""
        if self.sink is not None and self.step is not Step.WAITING:
            return max(0.0, self.sink.limit_s - self.sink.seconds)
        return max(0.0, PAUSE_S - seconds(clock() - self.since_ns)) if self.step is Step.PAUSE else 0.0


class Calibrations:
    """All calibrations of a server."""

    def __init__(
        self, state: WebState, live_of: Callable[[str], Session | None], clock: Clock = now_ns
    ) -> None:
        self.profiles = Profiles(state)
        self._live_of = live_of
        self._clock = clock
        self._all: dict[str, Calibration] = {}

    def of(self, visitor: str) -> Calibration | None:
        return self._all.get(visitor)

    def begin(self, visitor: str, name: str) -> Calibration:
        """Anew, from the first step. Raises: CalibrationError without a usable name.

        A name that is somebody else's is numbered: all visitors find the same name in the page, and nobody
        expects a button that says Begin to replace what another person measured. Who measured a profile
        here measures it anew under its name: mend the light, begin again.
        """
        self.stop(visitor)
        going_on = {found.name for found in self._all.values() if found.step in MEASURING}
        free = numbered(checked_name(name), self.profiles.others(visitor) | going_on)
        made = Calibration(free, Step.WAITING, self._clock(), self._clock())
        while len(self._all) >= VISITORS:
            self._all.pop(next(iter(self._all)))
        self._all[visitor] = made
        return made

    def stop(self, visitor: str) -> None:
        """Forgets what was measured so far; a finished one stays used."""
        found = self._all.pop(visitor, None)
        if found is not None:
            self._detach(found)

    def look(self, visitor: str) -> Calibration | None:
        """How it stands now, after the next step where one is due."""
        found = self._all.get(visitor)
        if found is None or found.step not in MEASURING:
            return found
        try:
            self._advance(visitor, found)
        except FlinchError as error:
            self._fail(found, str(error))
        return found

    def _advance(self, visitor: str, found: Calibration) -> None:
        if found.step is Step.WAITING:
            self._wait(visitor, found)
        elif found.session is None or found.session.ended or self._live_of(visitor) is not found.session:
            raise CalibrationError("the live picture ended; begin again")
        elif found.step is Step.PAUSE:
            if found.left_s(self._clock) == 0:
                self._measure(found, Step.NEUTRAL, NEUTRAL_S)
        elif found.sink is not None and found.sink.done:
            self._measured(visitor, found, found.sink.meter)

    def _wait(self, visitor: str, found: Calibration) -> None:
        """Until analysed pictures come. A session that loads may take its time; one must be there, though."""
        session = self._live_of(visitor)
        if session is not None and not session.ended and session is not found.session:
            self._detach(found)
            found.session = session
            self._measure(found, Step.WAITING, CAMERA_S)
        if found.sink is not None and found.sink.seconds > 0:
            found.step = Step.CAMERA
        elif session is None and seconds(self._clock() - found.begun_ns) > LIVE_S:
            raise CalibrationError(f"no live picture came within {LIVE_S:.0f} s; start it in the Live tab")

    def _measure(self, found: Calibration, step: Step, limit_s: float) -> None:
        assert found.session is not None
        found.sink = CalibrationSink(limit_s)
        found.session.attach(found.sink)
        found.step, found.since_ns = step, self._clock()

    def _measured(self, visitor: str, found: Calibration, meter: ProfileMeter) -> None:
        self._detach(found)
        camera = meter.camera.report()
        if found.step is Step.CAMERA:
            found.camera = camera
            found.step, found.since_ns = Step.PAUSE, self._clock()
            return
        profile = new_profile(found.name, "browser", camera, meter.neutral.result())
        self.profiles.save(visitor, profile)
        found.profile, found.step = profile, Step.DONE

    def _detach(self, found: Calibration) -> None:
        if found.session is not None and found.sink is not None:
            found.session.detach(found.sink)
        found.sink = None

    def _fail(self, found: Calibration, words: str) -> None:
        self._detach(found)
        found.step, found.words = Step.FAILED, words

    def delete(self, name: str) -> None:
        """The profile; no board says any more that it is there. Raises: CalibrationError, OutputError."""
        self.profiles.delete(name)
        for visitor, found in list(self._all.items()):
            if found.step is Step.DONE and found.name == name:
                del self._all[visitor]
