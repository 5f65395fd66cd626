"""Puts the rooms together: the analyser of a run, opened, renewed and closed on the thread it lives on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from engine.runners import Runner
from realtime import flow
from realtime.analyse import Analyser
from realtime.config import Config
from realtime.contracts import Rest
from realtime.face.finder import FaceFinder
from realtime.flow import flow_of
from realtime.maps import maps_of
from realtime.recognition import Recogniser, open_recogniser
from realtime.spotting import motion, spotter_maker
from realtime.stats import StageTimes
from realtime.types import Analysis, Event, Frame

Engine = tuple[Runner, Recogniser]


class Part(Protocol):
    """An analyser from one fresh start to the next: realtime.analyse.Analyser, or a fake."""

    drops: Counter[str]

    def step(self, frame: Frame, *, late: bool = False) -> Analysis: ...

    def finish(self) -> Rest: ...

    def rebaseline(self) -> None: ...

    def close(self) -> None: ...


class Rooms:
    """An analyser that can begin anew, and the engine that outlives it. Lives on `analyse`.

    After `restart` faces, noise and open movements are forgotten: what follows is analysed as if the run
    began there. Numbers and times of events go on from the run's first frame.
    """

    def __init__(self, open_engine: Callable[[], Engine], make: Callable[[Recogniser], Part]) -> None:
        self.drops: Counter[str] = Counter()
        self.model: dict[str, object] = {}  # what runs, once open
        self._open_engine = open_engine
        self._make = make
        self._engine: Engine | None = None
        self._part: Part | None = None
        self._run_ns: int | None = None  # t_ns of the run's first frame
        self._shift_ns: int | None = None  # from there to the part's first frame; None: not come yet
        self._events = 0

    def open(self) -> None:
        """Load, build and compile everything. Raises: ModelFileError, EngineMismatch, ConfigError."""
        self._engine = self._open_engine()
        metadata = self._engine[0].metadata
        self.model = {
            "name": metadata.card.name,
            "sha256": metadata.card.weights.sha256,
            "backend": metadata.backend,
            "version": metadata.version,
        }
        self.restart()

    def restart(self) -> None:
        if self._engine is None:
            raise RuntimeError("rooms are opened before they are used")
        if self._part is not None:
            self._part.close()
        self._part = self._make(self._engine[1])
        self._part.drops = self.drops
        self._shift_ns = None

    def step(self, frame: Frame, *, late: bool = False) -> Analysis:
        if self._run_ns is None:
            self._run_ns = frame.t_ns
        if self._shift_ns is None:
            self._shift_ns = frame.t_ns - self._run_ns
        analysis = self._opened.step(frame, late=late)
        return replace(analysis, events=self._placed(analysis.events)) if analysis.events else analysis

    def finish(self) -> Rest:
        events, recognitions = self._opened.finish()
        return self._placed(events), recognitions

    def rebaseline(self) -> None:
        self._opened.rebaseline()

    def close(self) -> None:
        part, self._part = self._part, None
        engine, self._engine = self._engine, None
        if part is not None:
            part.close()
        if engine is not None:
            engine[0].close()

    @property
    def _opened(self) -> Part:
        if self._part is None:
            raise RuntimeError("rooms are opened before they are used")
        return self._part

    def _placed(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Events of this part on the run's own time line."""
        first, shift_ns = self._events, self._shift_ns or 0
        self._events += len(events)
        return tuple(moved(event, number, shift_ns) for number, event in enumerate(events, first))


def moved(event: Event, number: int, shift_ns: int) -> Event:
    """The event with another number, `shift_ns` later."""
    return replace(
        event,
        event=number,
        onset_ns=event.onset_ns + shift_ns,
        apex_ns=event.apex_ns + shift_ns,
        offset_ns=event.offset_ns + shift_ns,
        emitted_ns=event.emitted_ns + shift_ns,
    )


def rooms_of(config: Config, times: StageTimes) -> Rooms:
    """The real rooms, as the config wants them; nothing is loaded before `open`."""

    def open_engine() -> Engine:
        motion.warm_up()
        flow.warm_up()
        return open_recogniser(config.recognition)

    def make(recogniser: Recogniser) -> Analyser:
        return Analyser(
            FaceFinder(config.face),
            spotter_maker(config.spotting),
            lambda window: flow_of(window, config.flow),
            maps_of,
            recogniser.recognise,
            config=config.analyser,
            times=times,
        )

    return Rooms(open_engine, make)
