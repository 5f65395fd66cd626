from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.portrait import mesh
from train.errors import DatasetError
from train.synth.clips import Take, cut_to_face, forth_and_back, read_take


def take(frames: int, shape: tuple[int, int] = (480, 640)) -> Take:
    pictures = [np.full((*shape, 3), i, np.uint8) for i in range(frames)]
    t_s = np.cumsum([0.0, *np.linspace(0.02, 0.06, frames - 1)])
    return Take(pictures, t_s, np.stack([mesh()[:, :2] + i for i in range(frames)]))


def test_a_short_take_goes_forth_and_back_without_a_jump() -> None:
    short = take(5)
    longer = forth_and_back(short, wanted_s=0.4)
    shown = [int(frame[0, 0, 0]) for frame in longer.frames]
    assert shown == [0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3, 4]
    assert longer.t_s[-1] >= 0.4
    steps = np.diff(longer.t_s)
    assert steps[:4] == pytest.approx(np.diff(short.t_s)) and steps[4:8] == pytest.approx(steps[:4][::-1])
    assert (longer.meshes[6] == short.meshes[2]).all()


def test_a_long_take_stays_as_it_is() -> None:
    long = take(5)
    assert forth_and_back(long, wanted_s=0.1) is long


def test_a_large_frame_is_cut_to_where_the_face_goes() -> None:
    large = take(3, (1080, 1920))
    cut = cut_to_face(large)
    height, width = cut.frames[0].shape[:2]
    assert height < 600 and width < 600 and height % 2 == width % 2 == 0
    assert (cut.meshes >= 0).all() and (cut.meshes < (width, height)).all()
    assert np.diff(cut.meshes, axis=0) == pytest.approx(np.diff(large.meshes, axis=0), abs=1e-3)
    small = take(3)
    assert cut_to_face(small) is small


@pytest.mark.data
def test_a_clip_without_a_face_is_no_material(data_dir: Path) -> None:
    with pytest.raises(DatasetError, match="pyfeat_no_face.*shows no face"):
        read_take(data_dir / "faces" / "clips" / "pyfeat_no_face.mp4")
