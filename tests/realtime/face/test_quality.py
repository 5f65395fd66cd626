from __future__ import annotations

import math

import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.face.alignment import eyes_pose
from realtime.face.quality import QualityConfig, QualityMeter, lid_opening, lip_gap
from realtime.types import Flag
from tests.portrait import mesh

FPS = 30


def look(meter, index, landmarks=None, *, fps=FPS, depth=None, brightness=120.0):
    landmarks = mesh()[:, :2] if landmarks is None else landmarks
    depth = mesh()[:, 2] if depth is None else depth
    return meter.step(landmarks, depth, eyes_pose(landmarks), brightness, round(index / fps * 1e9))


def settled(fps=FPS):
    meter = QualityMeter(QualityConfig())
    for index in range(fps):
        quality, flags = look(meter, index, fps=fps)
    return meter, quality, flags


def lids(share):
    """The portrait with its eyes open to `share` of what they are."""
    points = mesh()[:, :2].copy()
    for upper, lower in (((159, 158), (145, 153)), ((386, 385), (374, 380))):
        for a, b in zip(upper, lower, strict=True):
            points[a] = points[b] + share * (points[a] - points[b])
    return points


def shut(eye):
    """The portrait with one of its eyes (0, 1) closed."""
    points = mesh()[:, :2].copy()
    upper, lower = (((159, 158), (145, 153)), ((386, 385), (374, 380)))[eye]
    points[list(upper)] = points[list(lower)]
    return points


def lips(gap_iod):
    points = mesh()[:, :2].copy()
    points[14] = points[13] + np.array([0, gap_iod * math.exp(eyes_pose(points)[2])], np.float32)
    return points


def test_a_still_frontal_face_is_good_and_bears_no_flag():
    _, quality, flags = settled()
    assert flags == frozenset()
    assert quality > 0.7


@pytest.mark.parametrize(("share", "blinks"), [(0.4, True), (0.9, False)])
def test_blink_is_told_from_a_narrowed_eye(share, blinks):
    meter, _, _ = settled()
    assert (Flag.BLINK in look(meter, FPS, lids(share))[1]) is blinks


def test_the_usual_opening_is_that_of_open_eyes_though_half_the_looks_are_narrow():
    meter = QualityMeter(QualityConfig())
    for index in range(2 * FPS):
        flags = look(meter, index, lids(0.6 if index % 2 else 1.0))[1]
    assert Flag.BLINK in flags


def test_what_was_usual_before_the_memory_is_forgotten():
    meter = QualityMeter(QualityConfig())
    for index in range(8 * FPS):
        flags = look(meter, index, lids(1.0 if index < 4 * FPS else 0.6))[1]
    assert Flag.BLINK not in flags


def test_speech_is_a_lip_gap_that_changes_not_one_that_stays():
    meter, _, _ = settled()
    assert Flag.SPEECH in look(meter, FPS, lips(0.30))[1]
    for index in range(FPS + 1, 2 * FPS):
        flags = look(meter, index, lips(0.30))[1]
    assert Flag.SPEECH not in flags


@pytest.mark.parametrize(("scale", "gap_iod", "speaks"), [(0.5, 0.06, True), (2.0, 0.03, False)])
def test_the_lip_gap_is_measured_in_the_size_of_the_face(scale, gap_iod, speaks):
    meter = QualityMeter(QualityConfig())
    for index in range(FPS):
        look(meter, index, np.float32(scale) * lips(0.0))
    assert (Flag.SPEECH in look(meter, FPS, np.float32(scale) * lips(gap_iod))[1]) is speaks


@pytest.mark.parametrize("fps", [25, 60, 200])
@pytest.mark.parametrize(("speed_iod_s", "moves"), [(0.6, True), (0.1, False)])
def test_head_motion_is_a_speed_whatever_the_rate(fps, speed_iod_s, moves):
    meter, _, _ = settled(fps)
    iod_px = math.exp(eyes_pose(mesh()[:, :2])[2])
    for index in range(fps, fps + fps // 2):
        shift = np.float32((index - fps) / fps * speed_iod_s * iod_px)
        flags = look(meter, index, mesh()[:, :2] + shift / np.float32(math.sqrt(2)), fps=fps)[1]
    assert (Flag.HEAD_MOTION in flags) is moves


def test_a_face_upside_down_trembles_no_more_than_any_other():
    meter, upright = QualityMeter(QualityConfig()), eyes_pose(mesh()[:, :2])
    for index in range(FPS):
        angle = math.pi - upright[3] + (0.002 if index % 2 else -0.002)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        flags = look(meter, index, ((mesh()[:, :2] - upright[:2]) @ turn).astype(np.float32))[1]
        assert Flag.HEAD_MOTION not in flags


def test_coming_nearer_is_head_motion_too_and_costs_quality():
    meter, still, _ = settled()
    middle = eyes_pose(mesh()[:, :2])[:2].astype(np.float32)
    for index in range(FPS):
        size = np.float32(math.exp(0.6 * index / FPS))
        quality, flags = look(meter, FPS + index, middle + size * (mesh()[:, :2] - middle))
    assert Flag.HEAD_MOTION in flags
    assert quality < 0.7 * still


def test_yaw_comes_from_depth():
    meter, _, _ = settled()
    depth = mesh()[:, 2] + (mesh()[:, 0] - mesh()[:, 0].mean()) * math.tan(math.radians(40))
    quality, flags = look(meter, FPS, depth=depth.astype(np.float32))
    assert Flag.YAW in flags
    assert quality < 0.5


def test_small_faces_and_light_changes_are_flagged():
    meter, _, _ = settled()
    assert Flag.LIGHT_CHANGE in look(meter, FPS, brightness=140.0)[1]
    far = QualityMeter(QualityConfig())
    shrunk = (mesh()[:, :2] * 0.15).astype(np.float32)
    assert Flag.SMALL in look(far, 0, shrunk)[1]


@pytest.mark.parametrize(
    ("fps", "low"), [(12.5, True), (23.98, True), (25, False), (30, False), (200, False)]
)
def test_low_fps_under_25(fps, low):
    meter = QualityMeter(QualityConfig())
    for index in range(round(1.5 * fps)):
        flags = look(meter, index, fps=fps)[1]
    assert (Flag.LOW_FPS in flags) is low


@pytest.mark.parametrize(("fps", "low"), [(20, True), (30, False)])
def test_a_face_that_was_away_says_nothing_of_the_rate(fps, low):
    meter, *_ = settled(fps)
    back = round(2.3 * fps)  # after 1.3 s
    flags = [look(meter, back + index, fps=fps)[1] for index in range(fps)]
    assert any(Flag.LOW_FPS in one for one in flags) is low


def test_the_opening_is_the_mean_of_both_eyes():
    assert lid_opening(shut(0)) + lid_opening(shut(1)) == pytest.approx(lid_opening(mesh()[:, :2]), rel=1e-4)


def test_measures_of_lids_and_lips():
    assert lid_opening(lids(0.5)) == pytest.approx(0.5 * lid_opening(mesh()[:, :2]), rel=1e-4)
    assert lip_gap(lips(0.2)) == pytest.approx(0.2 * math.exp(eyes_pose(mesh()[:, :2])[2]), rel=1e-4)


def test_limits_must_be_positive():
    with pytest.raises(ConfigError, match="speech_iod"):
        QualityConfig(speech_iod=0)
