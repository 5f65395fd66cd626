"""Ten seconds of rest become a profile, and the profile becomes part of every run it is used in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calibration import neutral
from realtime import cam, replay
from realtime.app.cli import DONE, USER_ERROR, run_main
from realtime.config import load_config
from realtime.profile.profile import load_profile, save_profile, with_profile
from tests.realtime.profile.made import make_profile

FAST = ["--source", "demo", "--set", "sources.demo_live=false"]
TABLES = ("events.csv", "events.jsonl", "signal.csv")


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the demo's first seconds: it blinks and moves now and then, as people do."""
    path = tmp_path_factory.mktemp("profiles") / "demo.json"
    assert run_main(neutral.main, [*FAST, "--profile", str(path), "--seconds", "4"]) == DONE
    return path


def test_the_profile_holds_the_camera_and_the_person(profile: Path) -> None:
    made = load_profile(profile)
    assert (made.name, made.source, made.camera.width, made.camera.fps) == ("demo", "demo", 640, 30.0)
    assert made.neutral is not None and made.neutral.frames > 60
    assert all(0 < px < 0.35 for px in made.neutral.noise_px)


def test_the_same_profile_gives_the_same_events_and_stands_in_the_summary(
    profile: Path, tmp_path: Path
) -> None:
    run = [*FAST, "--headless", "--max-seconds", "5", "--spotter", "rules", "--profile", str(profile)]
    for folder in ("a", "b"):
        assert run_main(cam.main, [*run, "--out", str(tmp_path / folder)]) == DONE
    for name in TABLES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert run_main(cam.main, [*run[:-2], "--out", str(tmp_path / "c")]) == DONE
    assert (tmp_path / "a/signal.csv").read_bytes() != (tmp_path / "c/signal.csv").read_bytes()
    summaries = [json.loads((tmp_path / folder / "summary.json").read_text()) for folder in "abc"]
    assert [one["profile"] for one in summaries] == ["demo", "demo", None]
    assert summaries[0]["config_hash"] == summaries[1]["config_hash"] != summaries[2]["config_hash"]


def test_a_session_recorded_with_a_profile_replays_to_its_own_events(profile: Path, tmp_path: Path) -> None:
    run = [*FAST, "--headless", "--max-seconds", "5", "--record", "--set", "recording.reserve_mb=0"]
    assert run_main(cam.main, [*run, "--profile", str(profile), "--out", str(tmp_path)]) == DONE
    [session] = tmp_path.glob("session-*")
    again = tmp_path / "again" / session.name
    assert run_main(replay.main, [str(session), "--out", str(tmp_path / "again")]) == DONE
    assert (again / "events.csv").read_bytes() == (session / "events.csv").read_bytes()
    # The tables of the whole run are those of the session: it was recorded from its first frame on.
    assert (again / "signal.csv").read_bytes() == (tmp_path / "signal.csv").read_bytes()
    assert json.loads((again / "summary.json").read_text())["profile"] == "demo"


def test_a_profile_of_another_camera_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_profile(tmp_path / "desk.json", make_profile("desk"))
    small = ["--set", "sources.demo_width=320", "--set", "sources.demo_height=240"]
    run = [*FAST, *small, "--headless", "--max-seconds", "2", "--profile", str(tmp_path / "desk.json")]
    assert run_main(cam.main, [*run, "--out", str(tmp_path / "out")]) == DONE
    [note] = [line for line in capsys.readouterr().out.splitlines() if "profile 'desk'" in line]
    assert "measured at 640x480, this source gives 320x240" in note
    assert json.loads((tmp_path / "out/summary.json").read_text())["notes"] == [note.removeprefix("note: ")]


def test_what_is_set_by_hand_stands_over_the_profile() -> None:
    config = with_profile(load_config(None, {}), make_profile())
    assert (
        load_config(None, {"spotting": {"rest": {"person_px": []}}}, base=config).spotting.rest.person_px
        == ()
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--seconds", "1"], "--seconds must lie in 2 .. 600"),
        (["--source", "/nowhere.mp4"], "no such file"),
        (["--set", "sources.demo_seconds=1.5"], "showed one face at rest"),
    ],
)
def test_what_goes_wrong_is_one_line_and_leaves_no_file(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.json"
    assert run_main(neutral.main, [*FAST, "--profile", str(path), *arguments]) == USER_ERROR
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("flinch: ")]
    assert len(errors) == 1 and message in errors[0]
    assert not path.exists()


def test_a_folder_is_no_profile_and_nobody_rests_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neutral, "open_source", None)
    assert run_main(neutral.main, [*FAST, "--profile", str(tmp_path)]) == USER_ERROR
    assert f"cannot write {tmp_path}: it is a folder" in capsys.readouterr().err
