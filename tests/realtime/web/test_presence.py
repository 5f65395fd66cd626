"""For how long nobody was in the picture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from realtime.ring import Record
from realtime.web.presence import Presence
from tests.fakes import make_analysis, make_chip

FPS = 30.0


def record(index: int, *, face: bool) -> Record:
    analysis = make_analysis(index, FPS)
    return Record(replace(analysis, chips=(make_chip(index, FPS),) if face else ()), picture=True)


def test_nothing_is_said_before_the_first_frame() -> None:
    assert Presence().no_face_s is None


def test_who_never_came_is_missed_from_the_first_frame_on() -> None:
    presence = Presence()
    for index in range(100, 131):
        presence.write(record(index, face=False))
    assert presence.no_face_s == pytest.approx(30 / FPS)


def test_who_comes_back_is_there_at_once() -> None:
    presence = Presence()
    for index in range(0, 61):
        presence.write(record(index, face=index == 15))
    assert presence.no_face_s == pytest.approx(45 / FPS)
    presence.write(record(61, face=True))
    assert presence.no_face_s == 0.0
