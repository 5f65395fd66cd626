from __future__ import annotations

import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.face.finder import FaceConfig, FaceFinder
from tests.portrait import frame_of, mesh, portrait

BLANK = np.zeros((480, 640, 3), np.uint8)


def finder_of(script, **settings):
    """A finder whose model returns the listed meshes, one list a frame."""
    meshes = iter(script)
    return FaceFinder(FaceConfig(**settings), model=lambda bgr: next(meshes))


def beside(pixels):
    return mesh() + np.array([pixels, 0, 0], np.float32)


def faces_of(finder, count, fps=30.0):
    return [[chip.face for chip in finder.step(frame_of(BLANK, i, fps))] for i in range(count)]


def test_mediapipe_finds_the_portrait_and_nothing_in_black():
    finder = FaceFinder(FaceConfig())
    chips = finder.step(frame_of(portrait(), 0))
    assert len(chips) == 1
    assert finder.step(frame_of(BLANK, 1)) == ()
    finder.close()
    finder.close()
    chip = chips[0]
    assert chip.gray_u8.shape == (128, 128)
    assert not chip.gray_u8.flags.writeable
    assert not chip.landmarks_px.flags.writeable
    assert chip.iod_px == pytest.approx(82, abs=25)
    assert 0.6 < chip.quality <= 1
    assert (chip.source, chip.frame_index) == ("test", 0)


def test_two_finders_agree_to_the_bit():
    runs = []
    for _ in range(2):
        finder = FaceFinder(FaceConfig())
        runs.append([finder.step(frame_of(portrait(), i))[0] for i in range(5)])
        finder.close()
    for a, b in zip(*runs, strict=True):
        assert np.array_equal(a.gray_u8, b.gray_u8)
        assert np.array_equal(a.landmarks_px, b.landmarks_px)


def test_identity_survives_a_short_loss_and_not_a_long_one():
    script = [[mesh()]] * 10 + [[]] * 30 + [[mesh()]] * 5 + [[]] * 90 + [[mesh()]] * 2
    seen = faces_of(finder_of(script), len(script))
    assert seen[9] == [0]
    assert seen[20] == []
    assert seen[42] == [0]
    assert seen[-1] == [1]


def test_identity_follows_the_place_not_the_order():
    left, right = mesh(), beside(260)
    script = [[left, right], [right, left], [left, right]]
    finder = finder_of(script, faces=2)
    for index in range(3):
        chips = finder.step(frame_of(BLANK, index))
        assert [chip.face for chip in chips] == [0, 1]
        assert chips[0].landmarks_px[1, 0] < chips[1].landmarks_px[1, 0]


def test_somebody_far_away_is_somebody_else():
    assert faces_of(finder_of([[mesh()], [beside(300)]]), 2) == [[0], [1]]


def test_somebody_much_smaller_in_the_same_place_is_somebody_else():
    middle = (mesh()[33] + mesh()[263]) / 2
    assert faces_of(finder_of([[mesh()], [middle + 0.25 * (mesh() - middle)]]), 2) == [[0], [1]]


def test_two_faces_of_one_frame_are_two_people():
    assert faces_of(finder_of([[mesh()], [mesh(), beside(10)]], faces=2), 2) == [[0], [0, 1]]


def test_no_more_faces_than_asked_for():
    assert faces_of(finder_of([[mesh(), beside(260)]], faces=1), 1) == [[0]]


@pytest.mark.parametrize("settings", [{"faces": 0}, {"faces": 9}, {"min_confidence": 1.0}, {"reach_iod": 0}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ConfigError):
        FaceConfig(**settings)
