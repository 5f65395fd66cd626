"""The file: read back as written, and refused when it is anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from realtime.config import Config, config_hash, load_config, to_toml
from realtime.errors import CalibrationError
from realtime.profile.profile import load_profile, save_profile, with_profile
from realtime.spotting.regions import REGIONS
from tests.realtime.profile.made import make_profile


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save_profile(tmp_path / "desk.json", make_profile())
    return tmp_path / "desk.json"


def test_a_profile_reads_back_as_it_was_written(file: Path) -> None:
    profile = load_profile(file)
    assert (profile.camera, profile.neutral) == (make_profile().camera, make_profile().neutral)
    assert list(json.loads(file.read_text())["neutral"]["noise_px"]) == list(REGIONS)


def test_the_order_of_the_regions_in_the_file_does_not_matter(file: Path) -> None:
    said = json.loads(file.read_text())
    said["neutral"]["noise_px"] = dict(reversed(said["neutral"]["noise_px"].items()))
    file.write_text(json.dumps(said))
    assert load_profile(file).neutral == make_profile().neutral


def test_it_becomes_settings_that_survive_the_config_file(file: Path, tmp_path: Path) -> None:
    config = with_profile(Config(), load_profile(file))
    assert config.spotting.rest.person_px == make_profile().neutral.noise_px
    assert (config.profile.name, config.profile.width, config.profile.fps) == ("desk", 640, 30.0)
    assert config_hash(config) != config_hash(Config())
    written = tmp_path / "config.toml"
    written.write_text(to_toml(config))
    assert load_config(written, {}) == config


def test_only_a_camera_is_no_profile_to_use(tmp_path: Path) -> None:
    save_profile(tmp_path / "camera.json", make_profile(neutral=None))
    with pytest.raises(CalibrationError, match="no face at rest"):
        load_profile(tmp_path / "camera.json").tables()


def changed(file: Path, *keys: str, value: Any) -> Path:
    said = json.loads(file.read_text())
    inner = said
    for key in keys[:-1]:
        inner = inner[key]
    if value is None:
        del inner[keys[-1]]
    else:
        inner[keys[-1]] = value
    file.write_text(json.dumps(said))
    return file


@pytest.mark.parametrize(
    "keys, value, message",
    [
        (("format",), "other", "is no Flinch profile"),
        (("version",), 2, "format 2; this program reads 1"),
        (("name",), "", "must be text"),
        (("camera",), 3, "camera must hold width, height"),
        (("camera", "fps"), 0, "must be positive"),
        (("camera", "fps"), "30", "fps must be a number, not '30'"),
        (("camera", "fps"), float("nan"), "fps must be a number"),
        (("camera", "width"), 640.5, "width must be a number"),
        (("camera", "width"), True, "width must be a number"),
        (("camera", "lost"), None, "camera must hold"),
        (("camera", "extra"), 1, "camera must hold"),
        (("neutral", "noise_px", "chin"), None, "must name each of the 15 face regions"),
        (("neutral", "noise_px", "ear"), 0.1, "must name each of the 15 face regions"),
        (("neutral", "noise_px", "chin"), 0, "must lie over 0"),
        (("neutral", "noise_px", "chin"), float("inf"), "must lie over 0"),
        (("neutral", "noise_px", "chin"), "wide", "must lie over 0"),
        (("neutral", "frames"), [1], "frames must be a number"),
    ],
)
def test_anything_else_is_refused_in_one_line(file: Path, keys: tuple, value: Any, message: str) -> None:
    with pytest.raises(CalibrationError, match=message) as error:
        load_profile(changed(file, *keys, value=value))
    assert "desk.json" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000, b" " * 1_000_001])
def test_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(CalibrationError, match=r"bad.json"):
        load_profile(tmp_path / "bad.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="none.json: No such file"):
        load_profile(tmp_path / "none.json")
