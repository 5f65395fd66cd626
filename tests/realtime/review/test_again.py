"""A recording without pictures gets them by being analysed once more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from realtime.app.run import Run, Wanted
from realtime.config import Config
from realtime.errors import ReviewError
from realtime.review.again import main
from realtime.review.records import AROUND_NS, Change, Status
from realtime.review.store import Store
from realtime.sources.demo import DemoSource
from tests.realtime.review.test_desk import recording


def record_demo(sessions: Path, seconds: float) -> None:
    """What `cam --record --source demo` leaves."""
    config = replace(Config(), sources=replace(Config().sources, demo_live=False, demo_seconds=seconds))
    with DemoSource(config.sources) as source:
        run = Run(source, config, Wanted(sessions=sessions), lossless=True)
        run.pipeline.session.put(True)
        with run:
            assert run.pipeline.wait(300)


def test_pictures_come_beside_the_events_and_decisions_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record_demo(tmp_path / "sessions", 3.0)
    assert main(["--data", str(tmp_path)]) == 0
    assert "pictures for 1 of 1 events" in capsys.readouterr().out
    with Store(tmp_path / "flinch.sqlite") as store:
        (found,) = store.candidates()
        evidence = store.evidence(found.ref)
        assert evidence is not None
        assert set(range(found.event.onset_frame, found.event.offset_frame + 1)) <= set(evidence.frames)
        assert found.event.onset_ns - evidence.t_ns[0] <= AROUND_NS + 1000
        store.decide(found.ref, Change(status=Status.ACCEPTED))
    assert main(["--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""
    with Store(tmp_path / "flinch.sqlite") as store:
        assert store.candidates()[0].review.status is Status.ACCEPTED


def test_a_recording_that_cannot_be_read_is_a_line_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording(tmp_path, "session-1")
    assert main(["--data", str(tmp_path)]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("camera:0, 1: ")
    assert "frames.csv" in line


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="no such folder"):
        main(["--data", str(tmp_path / "nowhere")])
