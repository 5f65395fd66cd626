"""The same frames give the same events: replayed twice, side by side, in real time, from a session."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.app.run import Run, Wanted
from realtime.config import load_config
from realtime.sources import open_source
from realtime.types import Frame
from tests.e2e.conftest import Call
from tests.realtime.made_up import decoded

TABLES = ("events.csv", "events.jsonl", "events.vtt", "signal.csv")
ALL_FILES = {*TABLES, "events.eaf", "summary.json"}


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TABLES}


def events(folder: Path) -> list[dict[str, str]]:
    with (folder / "events.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def clip(data_dir: Path) -> Path:
    """Three seconds of a person who speaks."""
    return data_dir / "faces" / "clips" / "grid_bbaf2n.mpg"


@pytest.mark.data
def test_replays_and_a_live_run_of_one_clip_agree(call: Call, clip: Path, tmp_path: Path) -> None:
    assert call("replay", clip, "--out", tmp_path / "a").code == 0
    # Twice the same name: two folders. Two at a time: in processes of their own.
    both = call("replay", clip, clip, "--workers", "2", "--out", tmp_path / "b")
    assert (both.code, both.err) == (0, "")
    assert call("cam", "--source", clip, "--headless", "--out", tmp_path / "c").code == 0
    wanted = tables(tmp_path / "a" / clip.stem)
    assert wanted["events.csv"].count(b"\n") > 1
    for folder in ("b/grid_bbaf2n", "b/grid_bbaf2n-2", "c"):
        assert tables(tmp_path / folder) == wanted
        assert {path.name for path in (tmp_path / folder).iterdir()} == ALL_FILES


@pytest.mark.data
def test_the_video_and_the_summary_of_a_replay(call: Call, clip: Path, tmp_path: Path) -> None:
    done = call("replay", clip, "--video", "--out", tmp_path)
    folder = tmp_path / clip.stem
    assert len(decoded(folder / "annotated.mp4")) == 75
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["frames"], summary["faces"], summary["dropped"]) == (75, 1, {})
    assert summary["fps"] == pytest.approx(25.0, rel=0.01)
    assert {"landmarks", "align", "spot", "flow", "maps", "infer"} <= set(summary["stages"])
    assert "75 frames" in done.out


def test_a_recorded_session_replays_to_its_own_events(call: Call, tmp_path: Path) -> None:
    flags = ["--set", "recording.reserve_mb=0", "--set", "spotting.evidence=0.35"]
    live = ["--source", "demo", "--set", "sources.demo_live=false", "--headless", "--max-seconds", "5"]
    done = call("cam", *live, *flags, "--record", "--out", tmp_path)
    assert (done.code, done.err) == (0, "")
    [session] = tmp_path.glob("session-*")
    assert call("replay", session, "--out", tmp_path / "again").code == 0
    assert len(events(session)) >= 2
    again = tmp_path / "again" / session.name
    assert (again / "events.csv").read_bytes() == (session / "events.csv").read_bytes()
    assert "0.3500" in (again / "signal.csv").read_text()  # the threshold it was recorded with


class Pressed:
    """A source at whose frames R is pressed."""

    def __init__(self, at: dict[int, bool]) -> None:
        config = load_config(None, {"sources": {"demo_live": False}}).sources
        self._source = open_source("demo", config=config)
        self._at = at
        self.run: Run | None = None
        self.name, self.live = self._source.name, False

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            if frame.index in self._at and self.run is not None:
                self.run.pipeline.session.put(self._at[frame.index])
            yield frame

    def __enter__(self) -> Pressed:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._source.close()

    def describe(self) -> dict[str, object]:
        return self._source.describe()


def test_a_session_begun_in_the_middle_replays_to_its_own_events(call: Call, tmp_path: Path) -> None:
    source = Pressed({80: True, 220: False})
    config = load_config(None, {"recording": {"reserve_mb": 0}})
    run = source.run = Run(
        source, config, Wanted(tmp_path / "run", sessions=tmp_path, limit_s=8.0), lossless=True
    )
    with source, run:
        assert run.pipeline.wait(60.0)
    assert run.sessions.folder is not None
    assert call("replay", run.sessions.folder, "--out", tmp_path / "again").code == 0
    recorded = events(run.sessions.folder)
    assert len(recorded) >= 1
    assert events(tmp_path / "again" / run.sessions.folder.name) == recorded
    # The run's own table goes on counting over the session's ends.
    whole = events(tmp_path / "run")
    assert [row["event"] for row in whole] == [str(number) for number in range(len(whole))]
    shifts = {
        round(float(row["apex_s"]) - float(other["apex_s"]), 3)
        for other in recorded
        for row in whole
        if row["spot_score"] == other["spot_score"]
    }
    assert len(shifts) == 1 and shifts.pop() > 1.0  # frames are read a quarter second ahead
