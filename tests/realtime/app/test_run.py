"""A source, rooms and sinks put together, with fakes at both ends."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from realtime.app.run import Run, Wanted
from realtime.config import Config, config_hash, load_config
from realtime.errors import OutputError
from tests.fakes import FakeAnalyser, ListSource, ManualClock, make_analysis, make_frame
from tests.realtime.made_up import decoded

LONG_S = 20.0


def frames(count: int, fps: float = 30.0) -> list:
    return [make_frame(index, fps, size=(120, 160)) for index in range(count)]


def done(run: Run) -> Run:
    with run:
        assert run.pipeline.wait(LONG_S)
    return run


def test_a_run_leaves_every_table_and_the_video(tmp_path: Path) -> None:
    wanted = Wanted(out=tmp_path, video=True, sessions=tmp_path)
    run = done(Run(ListSource(frames(30)), Config(), wanted, lossless=True, rooms=FakeAnalyser(every=10)))
    assert {path.name for path in tmp_path.iterdir()} == {
        *("events.csv", "events.jsonl", "events.vtt", "events.eaf", "signal.csv", "summary.json"),
        "annotated.mp4",
    }
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["frames"], summary["events"], summary["dropped"]) == (30, 4, {})
    assert summary["model"]["name"] == "fake"
    assert summary["config_hash"] == config_hash(Config())
    assert {"frame", "age", "record"} <= set(summary["stages"])
    assert [event.event for event in run.feed.take()] == [0, 1, 2, 3]
    assert len(decoded(tmp_path / "annotated.mp4")) == 30


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done(Run(ListSource(frames(5)), Config(), Wanted(), lossless=True, rooms=FakeAnalyser()))
    assert list(tmp_path.iterdir()) == []


def test_a_session_knows_how_it_was_analysed(tmp_path: Path) -> None:
    config = load_config(None, {"ring": {"seconds": 1.5}, "recording": {"reserve_mb": 0}})
    run = Run(ListSource(frames(5)), config, Wanted(sessions=tmp_path), lossless=True, rooms=FakeAnalyser())
    run.pipeline.session.put(True)
    done(run)
    assert run.sessions.folder is not None
    about = json.loads((run.sessions.folder / "session.json").read_text())["about"]
    assert "seconds = 1.5" in about["config"]
    assert about["config_hash"] == config_hash(config)
    assert about["model"]["name"] == "fake"


def test_frames_that_were_late_when_recorded_are_late_again() -> None:
    rooms = FakeAnalyser()
    done(Run(ListSource(frames(9)), Config(), Wanted(late_frames={3, 5}), lossless=True, rooms=rooms))
    assert rooms.late == [3, 5]


def test_a_folder_that_cannot_be_written_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="give another place"):
        Run(ListSource([]), Config(), Wanted(out=tmp_path / "file"), lossless=True, rooms=FakeAnalyser())


# Figures and pictures


def run_of(fps: float, *, live: bool) -> Run:
    clock = ManualClock(step_ns=round(1e9 / fps / 3))
    source = ListSource(frames(60, fps), live=live)
    return done(Run(source, Config(), Wanted(), lossless=True, rooms=FakeAnalyser(), clock=clock))


def test_figures_of_a_recording_have_no_age() -> None:
    hud = run_of(30.0, live=False).hud(make_analysis(59))
    assert hud.fps == pytest.approx(30.0, rel=0.01)
    assert (hud.age_ms, hud.backend, hud.source, hud.notes) == (None, "fake", "fake", ())


def test_figures_of_a_live_run_have_one_unless_it_is_paused() -> None:
    run = run_of(30.0, live=True)
    assert run.hud(make_analysis(59)).age_ms is not None
    paused = run.hud(make_analysis(59), paused=True)
    assert paused.paused and paused.age_ms is None


def test_a_low_rate_is_said() -> None:
    assert run_of(12.5, live=False).hud(make_analysis(0)).notes == ("low_fps",)


def test_layers_can_be_left_out() -> None:
    run = run_of(30.0, live=False)
    analysis = make_analysis(59, size=(120, 160))
    assert np.array_equal(run.painted(analysis, ()), analysis.frame.bgr)
    for layers in (None, {"hud"}, {"strip"}):
        assert not np.array_equal(run.painted(analysis, layers), analysis.frame.bgr)


def test_an_endless_source_ends_at_its_limit() -> None:
    source = ListSource(make_frame(index) for index in itertools.count())
    run = done(Run(source, Config(), Wanted(limit_s=1.0), lossless=True, rooms=FakeAnalyser()))
    assert run.pipeline.progress().frames == 30
