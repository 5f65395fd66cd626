"""What a run says."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from realtime.app.status import (
    StatusLine,
    delivery_text,
    ended_text,
    event_text,
    frames_in,
    lost_text,
    notes_text,
    ready_text,
    status_text,
)
from realtime.progress import Progress
from realtime.types import UNCLEAR, Flag
from tests.fakes import make_event

PROGRESS = Progress(
    captured=905,
    frames=900,
    events=1,
    source_fps=30.0,
    analysed_fps=29.97,
    dropped={"frames_behind_seconds": 5},
    wall_s=30.04,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_an_event_says_when_what_where_and_what_speaks_against_it() -> None:
    event = replace(
        make_event(3, emitted_frame=40),
        flags=frozenset({Flag.SPEECH, Flag.BLINK}),
        regions_px={"brow": 0.4, "mouth": 1.2},
    )
    assert event_text(event) == (
        "candidate 3  face 0  1.000 to 1.267 s  micro  positive 80%  mouth  [blink speech]"
    )


def test_an_unclear_event_has_no_share() -> None:
    assert event_text(replace(make_event(), label=UNCLEAR)).endswith("micro  unclear")


def test_delivery_names_what_is_known() -> None:
    camera = {"source": "camera:0", "size_px": "640x480", "fps": 29.97, "fourcc": "MJPG"}
    assert delivery_text(camera) == "camera:0: 640x480, 30.0 fps, MJPG"
    assert delivery_text({"source": "demo", "size_px": None, "fps": None}) == "demo: "


def test_notes_tell_a_truncated_file() -> None:
    assert notes_text({"notes": {"truncated": "the end is missing; 10 frames read"}}) == (
        "truncated: the end is missing; 10 frames read"
    )
    assert notes_text({"notes": {}}) == notes_text({}) == ""


@pytest.mark.parametrize(
    ("source", "frames"),
    [
        ({"declared_frames": 75}, 75),
        ({"recorded_frames": 3}, 3),
        ({"declared_frames": None}, None),
        ({}, None),
    ],
)
def test_how_many_frames_there_are_is_what_the_source_says(
    source: dict[str, object], frames: int | None
) -> None:
    assert frames_in(source) == frames


def test_losses_are_told_by_cause() -> None:
    assert lost_text({}) == lost_text({"frames_behind_bytes": 0}) == "nothing lost"
    assert lost_text({"a": 1, "b": 0, "c": 2}) == "lost: 1 a, 2 c"


def test_the_status_line_has_rate_age_and_losses() -> None:
    text = status_text(PROGRESS, 23.7, recording=True)
    for part in (
        "30.0 s",
        "30.0 fps",
        "age p95 24 ms",
        "candidates 1",
        "5 frames_behind_seconds",
        "recording",
    ):
        assert part in text
    assert "- fps" in status_text(replace(PROGRESS, analysed_fps=None), None)


def test_the_last_line_says_where_everything_is() -> None:
    assert ended_text(PROGRESS, Path("O")) == (
        "900 frames in 30.0 s (30.0 per second), 1 candidate, lost: 5 frames_behind_seconds; written to O"
    )
    assert ended_text(replace(PROGRESS, events=0, dropped={}), None).endswith("0 candidates, nothing lost")


def test_the_ready_line_names_network_and_backend() -> None:
    model = {"name": "causalnet-compact", "backend": "onnxruntime", "version": "1.31.1"}
    assert ready_text("demo", model) == "ready: demo, causalnet-compact on onnxruntime 1.31.1"


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_where_nothing_can_be_written_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    status = StatusLine(io.StringIO(), Full())
    status.say("one")
    status.say("two")
    monkeypatch.setattr(sys, "stderr", None)
    status = StatusLine(paper=io.StringIO())
    assert not status.seen
    status.show("nobody sees it")
    status.clear()


def test_lines_that_stay_push_the_status_line_away() -> None:
    screen, paper = Terminal(), io.StringIO()
    status = StatusLine(screen, paper)
    status.show("12 fps")
    status.say("candidate 0")
    status.clear()
    assert paper.getvalue() == "candidate 0\n"
    shown, blank, rest = screen.getvalue().split("\r")[1:]
    assert shown.strip() == "12 fps"
    assert (blank.strip(), rest) == ("", "")


def test_without_a_terminal_only_lines_that_stay_are_written() -> None:
    screen, paper = io.StringIO(), io.StringIO()
    status = StatusLine(screen, paper)
    status.show("12 fps")
    status.say("candidate 0")
    assert screen.getvalue() == ""
    assert paper.getvalue() == "candidate 0\n"
