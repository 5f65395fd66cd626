"""Times only ever go forward, and every repair is counted."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from realtime.sources.timeline import TimeLine

MS = 1_000_000


def placed_ms(stamps: list[int | None]) -> tuple[list[float | None], dict[str, int]]:
    line = TimeLine(Fraction(1, 1000), 40 * MS)
    times = [line.place(stamp) for stamp in stamps]
    return [None if t is None else t / MS for t in times], dict(line.notes)


def test_variable_intervals_are_kept() -> None:
    assert placed_ms([5, 18, 60, 61]) == ([5, 18, 60, 61], {})


def test_a_time_base_of_thirds_does_not_drift() -> None:
    line = TimeLine(Fraction(1001, 30000), 33 * MS)
    times = [line.place(pts) for pts in range(3001)]
    assert times[3000] == 100_100_000_000


def test_a_repeated_stamp_leaves_its_frame_out() -> None:
    times, notes = placed_ms([0, 40, 40, 30, 80])
    assert times == [0, 40, None, None, 80]
    assert list(notes.values()) == [2]


def test_a_missing_stamp_follows_at_the_last_interval() -> None:
    times, notes = placed_ms([None, None, 100, 120, None])
    assert times == [0, 40, 100, 120, 140]
    assert list(notes.values()) == [3]


def test_joined_files_go_on_from_where_the_first_ended() -> None:
    times, notes = placed_ms([1000, 1040, 1080, 0, 40, 80])
    assert times == [1000, 1040, 1080, 1120, 1160, 1200]
    assert notes == {"jumps back in time, joined": 1}


@given(st.lists(st.one_of(st.none(), st.integers(-(10**6), 10**6))))
def test_whatever_comes_in_time_never_stands_or_goes_back(stamps: list[int | None]) -> None:
    times = [t for t in placed_ms(stamps)[0] if t is not None]
    assert all(before < after for before, after in zip(times, times[1:], strict=False))
