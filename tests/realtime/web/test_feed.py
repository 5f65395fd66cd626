"""What the page is told: rows of the signal, and events with their picture."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from realtime.ring import Record
from realtime.types import Analysis
from realtime.web.feed import HEAT_SIZE, MOST_EVENTS, MOST_ROWS, PageFeed, message_of, row_of
from tests.fakes import make_frame
from tests.realtime.made_up import EVENT, face_signal, made_up, moved_at

MOVED = moved_at(60, 60)


def record(index: int, *, score: float = 2.0, events: int = 0) -> Record:
    frame = make_frame(index)
    analysis = Analysis(
        frame,
        chips=(),
        signals=(face_signal(0, frame.t_ns, score=score),),
        events=tuple(made_up(number) for number in range(events)),
        recognitions=(MOVED,) * events,
    )
    return Record(analysis, picture=True)


def test_signals_come_as_rows_from_the_runs_first_frame() -> None:
    feed = PageFeed()
    feed.write(record(30))
    feed.write(record(33, score=float("nan")))
    (message,) = feed.take()
    assert message["kind"] == "signal"
    assert [row[0] for row in message["rows"]] == [0.0, 0.1]
    assert [row[1] for row in message["rows"]] == [2.0, None]
    assert feed.take() == []


def test_signals_come_before_the_events_in_them() -> None:
    feed = PageFeed()
    feed.write(record(0, events=2))
    assert [message["kind"] for message in feed.take()] == ["signal", "event", "event"]


def test_what_nobody_takes_is_forgotten() -> None:
    feed = PageFeed()
    for index in range(MOST_ROWS + 10):
        feed.write(record(index, events=index < MOST_EVENTS + 5))
    messages = feed.take()
    assert len(messages[0]["rows"]) == MOST_ROWS
    assert len(messages) == 1 + MOST_EVENTS


def test_an_event_says_what_where_and_how_sure() -> None:
    said = message_of(EVENT, MOVED)
    assert said["label"] == "positive"
    assert said["classes"] == {"negative": 0.1, "positive": 0.8123, "surprise": 0.0877}
    assert said["where"] == ["left_mouth_corner", "chin"]
    assert said["flags"] == ["blink", "speech"]
    assert said["offset_s"] == 1.4


def test_the_heat_is_a_small_picture() -> None:
    kind, _, coded = message_of(EVENT, MOVED)["heat"].partition(",")
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(coded), np.uint8), cv2.IMREAD_COLOR)
    assert kind == "data:image/jpeg;base64"
    assert picture.shape[:2] == (HEAT_SIZE[1], HEAT_SIZE[0])
    assert len(coded) < 20_000


def test_rows_are_short() -> None:
    assert row_of(face_signal(1, 1_234_567_890, score=1.23456), 0)[:2] == [1.2346, 1.235]
