"""Places and knocks."""

from __future__ import annotations

import pytest

from realtime.errors import ConfigError
from realtime.web.slots import MOST_KNOWN, Rate, Slots
from tests.fakes import ManualClock


def test_so_many_places_and_no_more() -> None:
    slots = Slots(2)
    assert [slots.take(name) for name in "abc"] == [True, True, False]
    slots.free("a")
    slots.free("a")
    assert slots.taken == 1
    assert slots.take("c")


def test_a_server_without_places_makes_no_sense() -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        Slots(0)


def test_knocking_is_limited_for_each_asker_and_recovers() -> None:
    clock = ManualClock()
    rate = Rate(3, per_s=60.0, clock=clock)
    assert [rate.allows("a") for _ in range(5)] == [True, True, True, False, False]
    assert rate.allows("b")
    clock.advance(20.1)
    assert [rate.allows("a") for _ in range(2)] == [True, False]
    clock.advance(1000)
    assert [rate.allows("a") for _ in range(4)] == [True, True, True, False]


def test_only_so_many_askers_are_remembered() -> None:
    rate = Rate(1, per_s=60.0, clock=ManualClock())
    rate.allows("first")
    for number in range(MOST_KNOWN):
        rate.allows(str(number))
    assert rate.allows("first")
