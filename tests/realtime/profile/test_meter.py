"""Which records count for the camera, and which for the face."""

from __future__ import annotations

import pytest

from realtime.profile.meter import ProfileMeter
from realtime.ring import Record
from tests.fakes import make_analysis


@pytest.mark.parametrize(
    ("second", "camera_s", "face_s"),
    [
        (Record(make_analysis(30), picture=True), 1.0, 1.0),
        (Record(make_analysis(30), picture=False), 0.0, 1.0),  # the writer fell behind
        (Record(make_analysis(30), picture=True, rest=True), 0.0, 0.0),  # what was open at the end
    ],
)
def test_a_frame_counts_for_the_face_and_its_picture_for_the_camera(
    second: Record, camera_s: float, face_s: float
) -> None:
    meter = ProfileMeter()
    meter.write(Record(make_analysis(0), picture=True))
    meter.write(second)
    assert (meter.camera.seconds, meter.neutral.seconds) == (camera_s, face_s)
