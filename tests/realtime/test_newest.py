"""What is shown: the newest frame at its age, with or without its analysis."""

from __future__ import annotations

from dataclasses import replace

import pytest

from realtime.clock import NS_PER_MS, NS_PER_S
from realtime.mailbox import Mailbox
from realtime.newest import STALE_S, Newest, unanalysed
from realtime.types import Analysis
from tests.fakes import ManualClock, make_analysis, make_chip, make_event, make_frame
from tests.realtime.made_up import moved_at


@pytest.fixture
def analysed() -> Mailbox[Analysis]:
    return Mailbox()


def newest_of(analysed: Mailbox[Analysis], clock: ManualClock | None = None) -> Newest:
    # A clock far ahead of every frame: nothing is waited for.
    return Newest(analysed, clock or ManualClock(start_ns=1000 * NS_PER_S))


def with_face(index: int) -> Analysis:
    return replace(make_analysis(index), chips=(make_chip(index),))


def test_nothing_is_shown_before_a_frame_comes(analysed: Mailbox[Analysis]) -> None:
    assert newest_of(analysed).take(0.0) is None


def test_a_frame_is_shown_with_its_own_analysis(analysed: Mailbox[Analysis]) -> None:
    newest = newest_of(analysed)
    newest.frames.put(make_frame(3))
    analysed.put(with_face(3))
    shown = newest.take(0.0)
    assert shown is not None and shown.frame.index == 3 and shown.chips


def test_a_frame_without_analysis_is_shown_with_the_last_face(analysed: Mailbox[Analysis]) -> None:
    newest = newest_of(analysed)
    last = replace(with_face(3), events=(make_event(),), recognitions=(moved_at(40, 40),))
    analysed.put(last)
    newest.frames.put(make_frame(4))
    shown = newest.take(0.0)
    assert shown is not None and shown.frame.index == 4
    assert shown.chips[0].frame_index == 3
    assert (shown.events, shown.recognitions) == ((), ())  # they were shown with their own frame


def test_a_stale_face_is_not_shown() -> None:
    later = 3 + round((STALE_S + 0.1) * 30)
    assert not unanalysed(make_frame(later), with_face(3)).chips
    assert not unanalysed(make_frame(0), None).chips


def test_a_frame_is_never_shown_twice_nor_after_a_newer_one(analysed: Mailbox[Analysis]) -> None:
    newest = newest_of(analysed)
    newest.frames.put(make_frame(3))
    analysed.put(with_face(5))
    shown = newest.take(0.0)
    assert shown is not None and shown.frame.index == 5
    newest.frames.put(make_frame(5))
    assert newest.take(0.0) is None


class ImpatientMailbox(Mailbox[Analysis]):
    """Remembers how long it was waited at."""

    def __init__(self) -> None:
        super().__init__()
        self.waits_ms: list[float] = []

    def take(self, timeout_s: float = 0.0) -> Analysis | None:
        self.waits_ms.append(round(timeout_s * 1000, 3))
        return super().take(0.0)


def test_analysis_is_waited_for_until_it_was_late_once() -> None:
    analysed, clock = ImpatientMailbox(), ManualClock()
    newest = Newest(analysed, clock)
    for index in range(5):
        frame = make_frame(index)
        clock.now_ns = frame.arrived_ns + 10 * NS_PER_MS
        newest.frames.put(frame)
        if index in (0, 3):
            analysed.put(with_face(index))
        newest.take(0.0)
    # A look at each frame; 1 waited for what was left of its patience, 2 no more, 4 again.
    assert analysed.waits_ms == [0, 0, 20, 0, 0, 0, 20]
