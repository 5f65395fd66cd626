"""One clip of a replay: where its results go, and with which settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realtime.app.jobs import Job, Settings, clips_in, config_for, jobs_of, replayed
from realtime.config import Config, to_toml, updated
from realtime.errors import ClipRejected, ConfigError, OutputError
from realtime.overlay.layers import DEFAULT_LAYERS
from realtime.recording.session_format import FORMAT, FORMAT_VERSION
from tests.realtime.sources.clips import write_clip

SETTINGS = Settings(None, {}, video=False, layers=DEFAULT_LAYERS)


def make_session(folder: Path, config: str | None) -> Path:
    folder.mkdir()
    about = {} if config is None else {"config": config}
    session = {"format": FORMAT, "version": FORMAT_VERSION, "about": about}
    (folder / "session.json").write_text(json.dumps(session))
    return folder


# Folders


def test_a_folder_for_each_clip_named_after_it() -> None:
    jobs = jobs_of([Path("x/b.mp4"), Path("a.mov")], Path("O"))
    assert jobs == [Job(Path("x/b.mp4"), Path("O/b")), Job(Path("a.mov"), Path("O/a"))]


@pytest.mark.parametrize(
    "clips, folders",
    [
        (["a.mp4", "a.mov", "x/a.mp4"], ["a", "a-2", "a-3"]),
        (["a.mp4", "a.mov", "a-2.mp4"], ["a", "a-2", "a-2-2"]),
        (["a-2.mp4", "a.mp4", "a.mov"], ["a-2", "a", "a-3"]),
        (["A.mp4", "a.mp4"], ["A", "a-2"]),
        (["clip.with.dots.mp4"], ["clip.with.dots"]),
    ],
)
def test_a_name_that_comes_again_gets_a_number(clips: list[str], folders: list[str]) -> None:
    assert [job.folder.name for job in jobs_of(map(Path, clips), Path("O"))] == folders


def test_a_session_gives_its_whole_name(tmp_path: Path) -> None:
    session = make_session(tmp_path / "session-2026.11", None)
    assert jobs_of([session], Path("O"))[0].folder == Path("O/session-2026.11")


def test_a_replay_never_goes_into_the_session_itself(tmp_path: Path) -> None:
    session = make_session(tmp_path / "session-1", None)
    assert [job.folder.name for job in jobs_of([session, session], tmp_path)] == [
        "session-1-replay",
        "session-1-replay-2",
    ]


def test_a_batch_is_the_clips_and_sessions_of_a_folder_by_name(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.MOV", "notes.txt", ".hidden"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    session = make_session(tmp_path / "s", None)
    assert clips_in(tmp_path) == [tmp_path / "a.MOV", tmp_path / "b.mp4", session]


def test_a_batch_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no clip"):
        clips_in(tmp_path)
    with pytest.raises(ConfigError, match="No such file"):
        clips_in(tmp_path / "absent")


# Settings


def test_a_session_brings_its_settings_and_flags_stand_over_them(tmp_path: Path) -> None:
    recorded = updated(Config(), {"spotting": {"threshold": 4.0}, "face": {"faces": 3}}, where="test")
    session = make_session(tmp_path / "s", to_toml(recorded))
    assert config_for(session, SETTINGS) == recorded
    file = tmp_path / "file.toml"
    file.write_text("[spotting]\nthreshold = 5.0\n")
    mine = Settings(file, {"face": {"faces": 2}}, video=False, layers=DEFAULT_LAYERS)
    config = config_for(session, mine)
    assert (config.spotting.threshold, config.face.faces) == (5.0, 2)


def test_a_clip_or_an_old_session_has_the_defaults(tmp_path: Path) -> None:
    assert config_for(tmp_path / "clip.mp4", SETTINGS) == Config()
    assert config_for(make_session(tmp_path / "s", None), SETTINGS) == Config()


@pytest.mark.parametrize("config", ["[spotting]\nno_such_key = 1", "no toml"])
def test_settings_that_do_not_load_are_the_clips_fault(tmp_path: Path, config: str) -> None:
    with pytest.raises(ClipRejected, match="as it was recorded"):
        config_for(make_session(tmp_path / "s", config), SETTINGS)


# A replay


def test_a_clip_is_replayed_and_its_progress_told(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", range(0, 1000, 40))
    told: list[tuple[int, int | None]] = []
    outcome = replayed(Job(clip, tmp_path / "O"), SETTINGS, lambda: False, lambda *how: told.append(how))
    assert outcome.ok
    assert outcome.line.startswith("clip.mp4: 25 frames in ") and "0 candidates, nothing lost" in outcome.line
    assert {total for _, total in told} == {25}
    assert (tmp_path / "O" / "summary.json").exists()


def test_a_stopped_replay_still_has_its_tables(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", range(0, 4000, 10))
    outcome = replayed(Job(clip, tmp_path / "O"), SETTINGS, lambda: True, lambda *how: None)
    assert outcome.ok
    summary = json.loads((tmp_path / "O" / "summary.json").read_text())
    assert summary["frames"] < 400
    assert summary["notes"] == [f"interrupted after {summary['frames']} of 400 frames"]
    assert summary["notes"][0] in outcome.line


def test_a_clip_that_cannot_be_used_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    job = Job(tmp_path / "absent.mp4", tmp_path / "O")
    outcome = replayed(job, SETTINGS, lambda: False, lambda *how: None)
    assert not outcome.ok and "absent.mp4" in outcome.line
    assert not job.folder.exists()


def test_a_folder_that_cannot_be_written_ends_the_replay(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", (0, 40, 80))
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        replayed(Job(clip, tmp_path / "file" / "O"), SETTINGS, lambda: False, lambda *how: None)
