"""Whole videos: the command, what it writes, that a seed gives them again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.movement.model import Action, Movement, MovementKind
from tests.portrait import mesh, portrait
from train.synth.__main__ import main
from train.synth.flags import write_tables
from train.synth.make import Made, Studio, SynthConfig, _size
from train.synth.scene import ClipScene, moved_at
from train.synth.script import ScriptConfig
from train.synth.sheet import write_sheet
from train.synth.split import Material
from train.synth.write import CODECS, truth_row, video_format

PERSON = Material("still", "neutral/london_013_neutral.jpg", "london_013", "tuning")
SCRIPT = ScriptConfig(lead_s=0.3, micro_amplitude=(0.02, 0.03), macro_share=0.0, brief_share=0.0)
SHORT = SynthConfig(seconds=1.2, dense=True, script=SCRIPT)
LIFT = Movement(1.0, 1.2, 1.4, (Action(1, 0.02), Action(2, 0.02)), MovementKind.MICRO, "surprise")


def make(data_dir: Path, out: Path) -> Made:
    return Studio(data_dir / "faces", SHORT).make(PERSON, seed=4, variant=0, out=out)


@pytest.fixture(scope="module")
def made(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Path]:
    out = tmp_path_factory.mktemp("synth")
    written = make(data_dir, out)
    write_tables(out, [written])
    return written, out


@pytest.mark.data
def test_the_tables_say_what_was_written(made: tuple[Made, Path]) -> None:
    written, out = made
    assert written.video[2:5] == (36, "30.000", "london_013")
    header, *rows = (out / "truth.csv").read_text().splitlines()
    assert header == "video,onset,apex,offset,type,label,aus,amplitude_px"
    assert rows == [",".join(map(str, row)) for row in written.movements]
    _, onset, apex, offset, *_ = written.movements[0]
    assert 9 <= onset < apex < offset < 36  # type: ignore[operator]
    assert cv2.imread(str(write_sheet(out))) is not None


@pytest.mark.data
def test_the_dense_truth_moves_between_onset_and_offset_only(made: tuple[Made, Path]) -> None:
    written, out = made
    with np.load(next(out.glob("*.npz"))) as dense:
        assert dense["landmarks_px"].shape == (36, 468, 2)
        sizes = np.abs(dense["displacement_px"].astype(np.float32)).max(axis=(1, 2, 3))
        moving = dense["moving"]
    _, onset, apex, offset, *_ = written.movements[0]
    assert onset <= moving[0] and moving[-1] <= offset
    assert abs(moving[sizes.argmax()] - apex) <= 1
    assert sizes.max() > 1.5  # 2 % of 100 px


@pytest.mark.data
@pytest.mark.parametrize("codec", CODECS)
def test_the_same_seed_gives_the_same_video(data_dir: Path, tmp_path: Path, codec: str) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    made = [
        Studio(data_dir / "faces", replace(SHORT, codec=codec)).make(PERSON, 4, 0, tmp_path / name)
        for name in "ab"
    ]
    assert made[0] == made[1]
    videos = [tmp_path / name / str(made[0].video[0]) for name in "ab"]
    assert videos[0].read_bytes() == videos[1].read_bytes()


def test_flags_that_make_no_sense_are_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--part", "talking", "--fps", "60", "--out", str(tmp_path)]) == 2
    assert "clips keep their own frames" in capsys.readouterr().err
    assert main(["--part", "still", "--people", "nobody", "--out", str(tmp_path)]) == 2
    assert "nobody of still" in capsys.readouterr().err


def test_truth_names_the_delivered_frames_nearest_in_time() -> None:
    t_s = np.delete(np.arange(90) / 30, [36])  # frame 36, the apex, was lost
    row = truth_row("v.mp4", LIFT, t_s, 0.9)
    assert row == ("v.mp4", 30, 35, 41, "micro", "surprise", "1+2", "0.900")


def test_the_amplitude_is_what_the_frames_show_of_it() -> None:
    """A movement whose apex falls between two frames is as strong as the frame beside it shows."""
    meshes = np.stack([mesh()[:, :2]] * 40)
    scene = ClipScene([portrait()] * 40, np.arange(40) / 25.0, meshes)
    brief = replace(LIFT, onset_s=1.0, apex_s=1.02, offset_s=1.06)
    whole, shown = _size(scene, brief, np.array([1.02])), _size(scene, brief, scene.t_s)
    assert shown == pytest.approx(whole * brief.strength(1.04))
    assert 0.2 < shown / whole < 0.9


def test_only_one_movement_goes_on_at_a_time() -> None:
    assert moved_at([LIFT], 0.9) is None
    moved = moved_at([LIFT], 1.2)
    assert moved is not None and moved.strength == 1.0


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_can_be_written_here(codec: str) -> None:
    wanted = video_format(codec, 800)
    assert av.Codec(wanted.codec, "w").name == wanted.codec


def test_unknown_codecs_are_refused() -> None:
    with pytest.raises(ConfigError, match="--codec"):
        video_format("av1", 800)
    with pytest.raises(ConfigError, match="--kbps"):
        video_format("h264", 0)
