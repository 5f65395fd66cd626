from __future__ import annotations

import math

import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.face.alignment import (
    COLUMNS_PER_IOD,
    EYE_ROW,
    MIDLINE_COLUMN,
    ROWS_PER_IOD,
    STABLE,
    Aligner,
    AlignmentConfig,
    chip_transform,
    cut_chip,
    eyes_pose,
    fit_pose,
    to_face_units,
)
from tests.portrait import mesh, portrait


def on_chip(to_chip, point):
    return to_chip[:, :2] @ point + to_chip[:, 2]


def turned(points, degrees=0.0, scale=1.0, shift=(0.0, 0.0)):
    angle = math.radians(degrees)
    matrix = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return (points @ matrix.T + shift).astype(np.float32)


@pytest.mark.parametrize("degrees", [0.0, 20.0, -35.0])
def test_eyes_land_on_the_published_row_and_columns(degrees):
    landmarks = turned(mesh()[:, :2], degrees, 1.3, (40, -10))
    to_chip = chip_transform(eyes_pose(landmarks))
    right, left = landmarks[[33, 133]].mean(axis=0), landmarks[[263, 362]].mean(axis=0)
    assert on_chip(to_chip, right) == pytest.approx((MIDLINE_COLUMN - COLUMNS_PER_IOD / 2, EYE_ROW), abs=1e-3)
    assert on_chip(to_chip, left) == pytest.approx((MIDLINE_COLUMN + COLUMNS_PER_IOD / 2, EYE_ROW), abs=1e-3)


def test_the_geometry_is_the_fitted_one_at_28():
    assert (EYE_ROW + 0.5) * 28 / 128 - 0.5 == pytest.approx(10.0)
    assert (MIDLINE_COLUMN + 0.5) * 28 / 128 - 0.5 == pytest.approx(13.6)
    assert COLUMNS_PER_IOD * 28 / 128 == pytest.approx(13.3)
    assert ROWS_PER_IOD * 28 / 128 == pytest.approx(10.1)


def test_fit_pose_recovers_a_similarity():
    template = to_face_units(eyes_pose(mesh()[:, :2]), mesh()[list(STABLE), :2])
    seen = turned(mesh()[:, :2], 12.0, 0.8, (5, 7))
    expected = eyes_pose(seen)
    assert fit_pose(template, seen[list(STABLE)]) == pytest.approx(expected, abs=1e-3)


def test_chip_shows_the_face_and_repeats_the_border_outside():
    pose = eyes_pose(mesh()[:, :2])
    chip = cut_chip(portrait(), chip_transform(pose))
    assert chip.shape == (128, 128)
    assert chip.dtype == np.uint8
    eyes, cheeks = chip[44:52, 26:44].mean(), chip[65:75, 26:44].mean()
    assert eyes < cheeks  # eyes are darker than cheeks
    pose[:2] = -500, -500
    assert cut_chip(portrait(), chip_transform(pose)).std() == 0


def test_a_large_face_is_smoothed_before_it_is_reduced():
    pose = eyes_pose(mesh()[:, :2])
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, portrait().shape).astype(np.uint8)
    pose[2] = math.log(61.0)
    sharp = cut_chip(noise, chip_transform(pose)).std()
    pose[2] = math.log(200.0)
    assert cut_chip(noise, chip_transform(pose)).std() < 0.5 * sharp


def test_a_head_held_still_gets_one_unchanging_crop():
    rng = np.random.default_rng(1)
    aligner = Aligner(AlignmentConfig())
    crops = []
    for index in range(90):
        jitter = rng.normal(0, 0.15, (468, 2)).astype(np.float32)
        crops.append(aligner.step(mesh()[:, :2] + jitter, index * 33_333_333)[1])
    assert all(np.array_equal(crop, crops[10]) for crop in crops[10:])


def test_a_moving_head_drags_its_crop_along():
    config = AlignmentConfig()
    aligner = Aligner(config)
    iod_px = math.exp(eyes_pose(mesh()[:, :2])[2])
    for index in range(60):
        shift = np.float32(index * 0.02 * iod_px)  # 0.6 inter-ocular distances a second
        landmarks = mesh()[:, :2] + np.array([shift, 0], np.float32)
        raw, to_chip = aligner.step(landmarks, index * 33_333_333)
    behind_px = abs(on_chip(to_chip, raw[:2])[0] - MIDLINE_COLUMN)
    assert 0.5 * config.slack_px < behind_px < config.slack_px + 5.0


def test_frame_rate_does_not_change_where_the_crop_ends():
    ends = []
    for fps in (25, 200):
        aligner = Aligner(AlignmentConfig())
        for index in range(2 * fps):
            shift = np.array([min(index / fps, 1.0) * 60.0, 0], np.float32)
            to_chip = aligner.step(mesh()[:, :2] + shift, round(index / fps * 1e9))[1]
        ends.append(to_chip[0, 2])
    assert ends[0] == pytest.approx(ends[1], abs=0.5)


def behind_px(fps):
    """How far the crop is behind a head that moves for a second, then stops: at half the way, at the end."""
    aligner, found = Aligner(AlignmentConfig()), []
    for index in range(2 * fps):
        shift = np.array([min(index / fps, 1.0) * 60.0, 0], np.float32)
        raw, to_chip = aligner.step(mesh()[:, :2] + shift, round(index / fps * 1e9))
        found.append(math.dist(on_chip(to_chip, raw[:2]), (MIDLINE_COLUMN, EYE_ROW)))
    return found[fps // 2], found[-1]


def test_the_crop_follows_as_closely_at_every_rate_and_stays_the_slack_behind():
    (slow, slow_end), (fast, fast_end) = behind_px(25), behind_px(200)
    slack_px = AlignmentConfig().slack_px
    assert slow == pytest.approx(fast, abs=0.6)
    assert max(slow, fast) < 2 * slack_px
    assert (slow_end, fast_end) == pytest.approx((slack_px, slack_px), abs=0.05)


def test_one_point_astray_hardly_moves_the_pose():
    aligner = Aligner(AlignmentConfig())
    for index in range(30):
        before = aligner.step(mesh()[:, :2], index * 33_333_333)[0]
    astray = mesh()[:, :2].copy()
    astray[33, 0] -= 8.0
    raw = aligner.step(astray, 30 * 33_333_333)[0]
    assert abs(raw - before)[0] < 0.8 * abs(eyes_pose(astray) - before)[0]


def test_a_face_upside_down_is_cropped_like_any_other():
    aligner, crops, upright = Aligner(AlignmentConfig()), [], eyes_pose(mesh()[:, :2])
    for index in range(30):
        degrees = 180.0 - math.degrees(upright[3]) + (0.2 if index % 2 else -0.2)
        landmarks = turned(mesh()[:, :2] - upright[:2], degrees, shift=upright[:2])
        crops.append(aligner.step(landmarks, index * 33_333_333)[1])
    assert all(np.array_equal(crop, crops[0]) for crop in crops)


def test_impossible_settings_are_refused():
    with pytest.raises(ConfigError, match="template_s"):
        AlignmentConfig(template_s=0)
