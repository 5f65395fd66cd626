"""What cannot be used is said in one line, with code 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realtime import cam
from realtime.errors import SourceError
from tests.e2e.conftest import Call
from tests.realtime.made_up import small_disk

BAD = Path(__file__).resolve().parent.parent / "data" / "bad"

UNUSABLE = {
    "missing.mp4": "no such file",
    "empty.mp4": "empty",
    "text.mp4": "",
    "noise.mp4": "",
    "audio_only.mp4": "only sound",
    "playlist_m3u8.mp4": "playlist",
    "playlist_concat.mp4": "",
    "playlist_sdp.mp4": "",
    "one_frame.mp4": "at least 2",
    "": "folder",
}


def one_line(error: str) -> bool:
    return error.count("\n") == 1 and error.startswith("flinch: ") and "Traceback" not in error


@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("command", ["replay", "cam"])
def test_an_unusable_clip(call: Call, tmp_path: Path, command: str, name: str) -> None:
    clip = BAD / name
    how = [clip] if command == "replay" else ["--source", clip, "--headless"]
    done = call(command, *how, "--out", tmp_path / "out")
    assert done.code == 2
    assert one_line(done.err), done.err
    assert (name or "bad") in done.err and UNUSABLE[name] in done.err
    assert not list(tmp_path.glob("out/*.csv"))


def test_a_truncated_clip_is_used_as_far_as_it_goes_and_that_is_said(call: Call, tmp_path: Path) -> None:
    done = call("replay", BAD / "truncated.mp4", "--out", tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "truncated: " in done.out
    summary = json.loads((tmp_path / "truncated" / "summary.json").read_text())
    assert summary["frames"] > 1
    assert "truncated" in summary["source"]["notes"]


def test_a_bad_clip_does_not_keep_the_others(call: Call, tmp_path: Path) -> None:
    clips = [BAD / "text.mp4", BAD / "truncated.mkv", BAD / "missing.mp4"]
    done = call("replay", *clips, "--out", tmp_path)
    assert done.code == 2
    assert done.err.count("\n") == 2
    assert (tmp_path / "truncated" / "summary.json").exists()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--source", "77"], "camera 77 cannot be opened"),
        (["--source", "http://127.0.0.1:9/stream"], "http://127.0.0.1:9/stream"),
        (["--source", "demo", "--set", "rnig.seconds=1"], "unknown key 'rnig'"),
        (["--source", "demo", "--config", "/nonesuch.toml"], "/nonesuch.toml"),
        (["--source", "demo", "--profile", "/nonesuch.json"], "/nonesuch.json"),
        (["--source", "demo", "--backend", "abacus"], "abacus"),
        (["--source", "demo", "--set", "recognition.model=nonesuch"], "nonesuch"),
        (["--source", "demo", "--layers", "sky"], "no overlay layer 'sky'"),
        (["--source", "demo", "--faces", "0"], "face.faces"),
        (["--source", "demo", "--video"], "--out"),
        (["--source", "demo", "--max-seconds", "0"], "--max-seconds"),
        (["--sorce", "demo"], "--sorce"),
    ],
)
def test_a_wrong_wish(call: Call, arguments: list[str], message: str) -> None:
    quick = ["--set", "sources.url_attempts=1", "--set", "sources.url_backoff_s=0.01"]
    done = call("cam", "--headless", *arguments, *(quick if "http" in " ".join(arguments) else []))
    assert done.code == 2
    assert one_line(done.err), done.err
    assert message in done.err


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "no clip given"),
        (["--batch", "/nonesuch"], "/nonesuch"),
        (["x.mp4", "--workers", "0"], "--workers"),
    ],
)
def test_a_wrong_wish_of_a_replay(call: Call, arguments: list[str], message: str) -> None:
    done = call("replay", *arguments)
    assert done.code == 2 and one_line(done.err) and message in done.err


def test_a_password_in_an_address_is_never_said(call: Call) -> None:
    quick = ["--set", "sources.url_attempts=1", "--set", "sources.url_backoff_s=0.01"]
    done = call("cam", "--headless", "--source", "rtsp://user:s3cret@127.0.0.1:9/x", *quick)
    assert done.code == 2
    assert "s3cret" not in done.out + done.err and "127.0.0.1:9" in done.err


def test_without_a_camera_the_demo_plays(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = cam.open_source

    def no_camera(spec: str, **how: object):  # type: ignore[no-untyped-def]
        if spec == "0":
            raise SourceError("camera 0 cannot be opened")
        return really(spec, **how)

    monkeypatch.setattr(cam, "open_source", no_camera)
    done = call("cam", "--headless", "--max-seconds", "0.5", "--out", tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("no camera 0 here: playing the built-in demo")
    assert (tmp_path / "demo_truth.csv").exists()
    assert "15 frames" in done.out


# Where nothing can be written


def test_a_folder_that_cannot_be_made(call: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = call("cam", "--source", "demo", "--headless", "--out", tmp_path / "file" / "out")
    assert done.code == 2 and one_line(done.err) and "file" in done.err


def test_a_full_disk_keeps_what_was_written(call: Call, tmp_path: Path) -> None:
    with small_disk(2_500):
        done = call("cam", "--source", "demo", "--headless", "--max-seconds", "30", "--out", tmp_path)
    assert done.code == 2
    assert one_line(done.err) and "what was written before stays" in done.err
    lines = (tmp_path / "signal.csv").read_text().splitlines()
    assert len(lines) > 32 and all(line.count(",") == 6 for line in lines)
    assert (tmp_path / "events.csv").read_text().endswith("\n")
