"""How `cam` chooses its source and what its flags ask for."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from realtime import cam
from realtime.app.cli import run_main
from realtime.app.status import StatusLine
from realtime.config import Config, load_config, read_toml
from realtime.errors import ClipRejected, ConfigError, EngineMismatch, SourceError
from realtime.overlay.layers import DEFAULT_LAYERS
from realtime.sources.camera import CameraInfo
from tests.fakes import ListSource
from tests.realtime.sources.clips import write_clip


@pytest.fixture
def paper() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def status(paper: io.StringIO) -> StatusLine:
    return StatusLine(io.StringIO(), paper)


def test_a_camera_never_waits(
    monkeypatch: pytest.MonkeyPatch, status: StatusLine, paper: io.StringIO
) -> None:
    camera = ListSource([], live=True)
    asked: list[str] = []
    monkeypatch.setattr(cam, "open_source", lambda spec, config: asked.append(spec) or camera)
    for wish in (None, "0", "rtsp://host/x"):
        assert cam.opened(wish, Config(), status) == (camera, False)
    assert asked == ["0", "0", "rtsp://host/x"]
    assert paper.getvalue() == ""


def test_a_clip_is_played_in_real_time_and_waits(tmp_path: Path, status: StatusLine) -> None:
    clip = write_clip(tmp_path / "clip.mp4", (0, 40, 80))
    source, lossless = cam.opened(str(clip), Config(), status)
    with source:
        assert (source.live, source.name, lossless) == (True, "clip.mp4", True)


def test_the_demo_waits_too(status: StatusLine) -> None:
    source, lossless = cam.opened("demo", Config(), status)
    with source:
        assert (source.live, lossless) == (True, True)


def test_only_a_camera_nobody_asked_for_is_replaced_by_the_demo(
    monkeypatch: pytest.MonkeyPatch, status: StatusLine, paper: io.StringIO
) -> None:
    really = cam.open_source

    def no_camera(spec: str, **how: object):  # type: ignore[no-untyped-def]
        if spec == "0":
            raise SourceError("camera 0 cannot be opened")
        return really(spec, **how)

    monkeypatch.setattr(cam, "open_source", no_camera)
    with cam.opened(None, Config(), status)[0] as source:
        assert source.name == "demo"
    assert paper.getvalue().startswith("no camera 0 here: playing the built-in demo")
    with pytest.raises(SourceError, match="camera 0"):
        cam.opened("0", Config(), status)
    with pytest.raises(ClipRejected):
        cam.opened("nonesuch.mp4", Config(), status)


def test_flags_become_what_is_wanted(tmp_path: Path) -> None:
    wanted = cam.wanted_of(cam.parser().parse_args([]))
    assert (wanted.out, wanted.video, wanted.limit_s, wanted.layers) == (None, False, None, DEFAULT_LAYERS)
    assert wanted.sessions == Path("out")
    flags = ["--out", str(tmp_path), "--video", "--max-seconds", "2.5", "--layers", "hud"]
    wanted = cam.wanted_of(cam.parser().parse_args(flags))
    assert (wanted.out, wanted.sessions, wanted.video) == (tmp_path, tmp_path, True)
    assert (wanted.limit_s, wanted.layers) == (2.5, {"hud"})


@pytest.mark.parametrize(
    "flags", [["--video"], ["--max-seconds", "-1"], ["--max-seconds", "nan"], ["--max-seconds", "inf"]]
)
def test_flags_that_make_no_sense_are_refused(flags: list[str]) -> None:
    with pytest.raises(ConfigError, match="--"):
        cam.wanted_of(cam.parser().parse_args(flags))


def test_an_earlier_run_in_the_folder_is_kept_beside_the_new_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "O"
    flags = ["--source", "demo", "--headless", "--max-seconds", "0.5", "--out", str(out)]
    assert cam.main([*flags, "--video"]) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert cam.main(flags) == 0
    (kept,) = out.glob("earlier-*")
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before
    assert {path.name for path in out.iterdir()} == {kept.name, *before} - {"annotated.mp4"}
    assert f"{out} holds an earlier run: its tables will be kept in {kept}" in capsys.readouterr().out


def test_a_run_that_cannot_begin_leaves_the_folder_alone(tmp_path: Path) -> None:
    flags = ["--source", "demo", "--headless", "--max-seconds", "0.5", "--out", str(tmp_path / "O")]
    assert cam.main(flags) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "O").iterdir()}
    with pytest.raises(EngineMismatch):
        cam.main([*flags, "--require", "tensorrt"])
    assert {path.name: path.read_bytes() for path in (tmp_path / "O").iterdir()} == before


def test_the_cameras_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cam, "list_cameras", lambda: (CameraInfo(0, "Front"), CameraInfo(2, "Desk")))
    assert run_main(cam.main, ["--list-cameras"]) == 0
    assert capsys.readouterr().out == "0  Front\n2  Desk\n"
    monkeypatch.setattr(cam, "list_cameras", lambda: ())
    assert run_main(cam.main, ["--list-cameras"]) == 0
    assert capsys.readouterr().out == "no camera found\n"


def test_the_printed_config_is_a_config_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(cam.main, ["--print-config", "--faces", "2", "--set", "ring.seconds=3"]) == 0
    file = tmp_path / "printed.toml"
    file.write_text(capsys.readouterr().out)
    config = load_config(file, {})
    assert (config.face.faces, config.ring.seconds) == (2, 3.0)
    assert set(read_toml(file)) >= {"sources", "face", "spotting", "flow", "recognition", "ring", "overlay"}
