"""An analyser that begins anew while numbers and times go on."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.runners.fake import FakeRunner
from realtime.app.assemble import Engine, Rooms, rooms_of
from realtime.config import Config
from realtime.recognition import Recogniser
from realtime.stats import StageTimes
from realtime.types import Frame
from tests.fakes import FakeAnalyser, make_frame


class Own(FakeAnalyser):
    """Its events count from its own first frame, as `Analyser`'s do; here the frame with index 0."""

    def step(self, frame: Frame, *, late: bool = False):  # type: ignore[no-untyped-def]
        self.drops["seen"] += 1
        return super().step(make_frame(len(self.seen)), late=late)


@pytest.fixture
def made() -> list[Own]:
    return []


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner()


@pytest.fixture
def rooms(made: list[Own], runner: FakeRunner) -> Rooms:
    def open_engine() -> Engine:
        runner.activate()
        return runner, Recogniser(runner)

    def make(recogniser: Recogniser) -> Own:
        made.append(Own(every=10))
        return made[-1]

    return Rooms(open_engine, make)


def events_of(rooms: Rooms, first: int, count: int) -> list[tuple[int, int]]:
    """Number and emission time of every event while these frames pass."""
    found = []
    for index in range(first, first + count):
        found += [(event.event, event.emitted_ns) for event in rooms.step(make_frame(index)).events]
    return found


def test_what_runs_is_known_once_it_is_open(rooms: Rooms, runner: FakeRunner) -> None:
    assert rooms.model == {}
    rooms.open()
    assert rooms.model["name"] == runner.metadata.card.name
    assert rooms.model["backend"] == "fake"


def test_numbers_and_times_go_on_over_a_restart(rooms: Rooms, made: list[Own]) -> None:
    rooms.open()
    before = events_of(rooms, 100, 20)
    rest, _ = rooms.finish()
    rooms.restart()
    after = events_of(rooms, 120, 20)
    assert [number for number, _ in before] == [0, 1]
    assert [event.event for event in rest] == [2]
    assert [number for number, _ in after] == [3, 4]
    run_ns = make_frame(100).t_ns
    assert before[1][1] == make_frame(19).t_ns
    assert after[1][1] == make_frame(19).t_ns + make_frame(120).t_ns - run_ns
    assert len(made) == 2 and made[0].log == ["finish", "close"]


def test_losses_are_counted_over_all_parts(rooms: Rooms) -> None:
    rooms.open()
    events_of(rooms, 0, 5)
    rooms.restart()
    events_of(rooms, 5, 5)
    assert rooms.drops == Counter(seen=10)


def test_closing_frees_the_engine_and_is_safe_at_any_time(
    rooms: Rooms, made: list[Own], runner: FakeRunner
) -> None:
    rooms.close()
    rooms.open()
    rooms.rebaseline()
    rooms.close()
    rooms.close()
    assert made[0].log == ["rebaseline", "close"]
    assert not runner._active


def test_rooms_are_opened_before_they_are_used(rooms: Rooms) -> None:
    for use in (rooms.restart, rooms.finish, lambda: rooms.step(make_frame())):
        with pytest.raises(RuntimeError, match="opened before"):
            use()


def test_the_real_rooms_see_a_frame_without_a_face() -> None:
    times = StageTimes()
    rooms = rooms_of(Config(), times)
    rooms.open()
    analysis = rooms.step(make_frame(size=(120, 160), level=128))
    assert (analysis.chips, analysis.events, rooms.finish()) == ((), (), ((), ()))
    assert {"landmarks", "align", "spot"} <= set(times.summary())
    rooms.close()
