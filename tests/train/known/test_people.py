"""People stand in the middle of a webcam's frame, with landmarks where the face is."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.face.alignment import eyes_pose
from train.errors import DatasetError
from train.known.people import WEBCAM_SHAPE, framed, read_person
from train.synth.people import WEBCAM_IOD_PX, Person


def test_people_have_webcam_size(person):
    assert person.bgr.shape == (*WEBCAM_SHAPE, 3) and person.name == "london_001_neutral"
    assert np.exp(eyes_pose(person.landmarks_px)[2]) == pytest.approx(WEBCAM_IOD_PX, rel=0.01)
    middle = (person.landmarks_px.min(axis=0) + person.landmarks_px.max(axis=0)) / 2
    assert np.abs(middle - [320, 240]).max() < 1


@pytest.mark.parametrize("shape", [(200, 300), (900, 1200), (300, 1000)])
def test_small_pictures_are_continued_and_large_ones_cut(shape):
    bgr = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    at = np.array([shape[1] * 0.4, shape[0] * 0.6])
    found = framed(Person("p", bgr, np.tile(at, (468, 1)).astype(np.float32)))
    assert found.bgr.shape == (*WEBCAM_SHAPE, 3)
    before, after = at.astype(int), found.landmarks_px[0].astype(int)
    np.testing.assert_array_equal(
        found.bgr[after[1] - 9 : after[1] + 9, after[0] - 9 : after[0] + 9],
        bgr[before[1] - 9 : before[1] + 9, before[0] - 9 : before[0] + 9],
    )


def test_stills_without_a_face(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "gray.png"), np.full((200, 200, 3), 128, np.uint8))
    with pytest.raises(DatasetError, match="none of 1 stills shows a face"):
        read_person(tmp_path / "gray.png")
    with pytest.raises(DatasetError, match="is no picture"):
        read_person(tmp_path / "missing.png")
