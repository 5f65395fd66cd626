from __future__ import annotations

import cv2
import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.spotting import tile_kernels as kernels
from realtime.spotting.motion import FaceMotion, MotionConfig, texture_of, warm_up
from realtime.spotting.regions import REGIONS, region_weights, stable_weights, tile_centres
from tests.naive import plain_follow
from tests.portrait import bump, chip_of, moved, portrait

BROW = REGIONS.index("brow_inner_left")
CHIN = REGIONS.index("chin")


def motion_from(bgr=None):
    motion = FaceMotion(MotionConfig())
    motion.restart(chip_of(portrait() if bgr is None else bgr))
    return motion


@pytest.mark.parametrize("shift", [(0.0, -1.0), (0.8, 0.6), (0.0, -0.3)])
def test_a_local_movement_is_measured_where_it_is_and_not_elsewhere(shift):
    motion = motion_from()
    movement = motion.step(chip_of(moved(portrait(), bump(336, shift)), 1))
    seen = movement.regions_px[BROW]
    # a region is wider than the bump's peak: it sees the mean over the bump
    assert 0.35 * np.linalg.norm(shift) < np.linalg.norm(seen) < np.linalg.norm(shift)
    assert seen @ shift > 0.9 * np.linalg.norm(seen) * np.linalg.norm(shift)
    assert np.linalg.norm(movement.regions_px[CHIN]) < 0.1


def test_the_same_chip_does_not_move():
    movement = motion_from().step(chip_of(portrait(), 1))
    assert np.abs(movement.tiles_px).max() < 1e-3
    assert movement.misfit < 1e-6


def test_head_motion_is_taken_out():
    matrix = cv2.getRotationMatrix2D((320, 240), 1.0, 1.01)
    matrix[:, 2] += 2.0, -1.5
    turned = cv2.warpAffine(
        portrait(), matrix, (640, 480), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    movement = motion_from().step(chip_of(turned, 1))
    assert np.abs(movement.head[:, 2]).max() > 0.5
    assert np.linalg.norm(movement.regions_px, axis=1).max() < 0.15


@pytest.mark.parametrize("degrees", [0.0, 2.0])
def test_a_jump_of_the_head_is_taken_out_at_the_second_look(degrees):
    matrix = cv2.getRotationMatrix2D((320, 240), degrees, 1.0)
    matrix[0, 2] += 8.0
    jumped = cv2.warpAffine(
        portrait(), matrix, (640, 480), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    movement = motion_from().step(chip_of(jumped, 1))
    assert np.linalg.norm(movement.regions_px, axis=1).max() < 0.3


def test_a_tile_that_went_farther_than_skin_goes_has_nothing_to_say():
    motion = FaceMotion(MotionConfig(lost_px=0.5))
    motion.restart(chip_of(portrait()))
    movement = motion.step(chip_of(moved(portrait(), bump(336, (0.0, -1.5))), 1))
    assert 0.2 < np.linalg.norm(movement.tiles_px, axis=1).max() <= 0.5


def test_light_does_not_move_the_face():
    darker = cv2.convertScaleAbs(portrait(), alpha=0.85, beta=6)
    movement = motion_from().step(chip_of(darker, 1))
    assert np.linalg.norm(movement.regions_px, axis=1).max() < 0.05


def test_tiles_are_followed_as_the_plain_twin_follows_them():
    centres = tile_centres()[::7]
    textures = [
        texture_of(chip_of(moved(portrait(), bump(336, shift))).gray_u8, 1.0)
        for shift in ((0.0, 0.0), (0.7, -0.9))
    ]
    patches, hessians = (
        np.zeros((len(centres), 3, 13, 13), np.float32),
        np.zeros((len(centres), 3), np.float32),
    )
    kernels.prepare_tiles(textures[0], centres, 6, patches, hessians)
    guess, found = np.full((len(centres), 2), 0.2, np.float32), np.zeros((len(centres), 2), np.float32)
    error = np.zeros(len(centres), np.float32)
    kernels.follow_tiles(patches, hessians, textures[1], centres, 6, guess, guess, 100.0, found, error)
    for tile, centre in enumerate(centres):
        expected, left = plain_follow(*textures, centre, 6, guess[tile], 100.0)
        assert found[tile] == pytest.approx(expected, abs=0.01), centre
        assert error[tile] == pytest.approx(left, abs=0.05), centre


def test_a_learnt_reference_is_calmer_than_a_single_chip():
    def noisy(index):
        return chip_of(moved(portrait(), bump(1, (0, 0)), noise=6.0, seed=index), index)

    single, learnt = FaceMotion(MotionConfig()), FaceMotion(MotionConfig())
    single.restart(noisy(0))
    learnt.restart(noisy(0))
    for index in range(1, 25):
        learnt.learn(learnt.step(noisy(index)), 1 / (index + 1))
    tremble = [
        np.linalg.norm([m.step(noisy(i)).regions_px for i in range(30, 40)], axis=2).mean()
        for m in (single, learnt)
    ]
    assert tremble[1] < 0.85 * tremble[0]


def test_learning_follows_the_head():
    matrix = np.array([[1, 0, 3.0], [0, 1, 2.0]])
    shifted = cv2.warpAffine(portrait(), matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    motion = motion_from()
    for _ in range(20):
        motion.learn(motion.step(chip_of(shifted, 1)), 0.5)
    # the reference stays on its own grid: the head motion is still seen, nothing else
    movement = motion.step(chip_of(shifted, 2))
    assert np.abs(movement.head[:, 2]).max() > 0.5
    assert np.linalg.norm(movement.regions_px, axis=1).max() < 0.1


def test_texture_has_a_fixed_contrast():
    texture = texture_of(chip_of(portrait()).gray_u8, 1.0)
    assert texture.mean() == pytest.approx(0, abs=0.01)
    assert texture.std() == pytest.approx(50, rel=1e-3)
    assert np.isfinite(texture_of(np.zeros((128, 128), np.uint8), 1.0)).all()


def test_tiles_cover_every_region_and_brows_and_mouth_are_not_stable():
    centres = tile_centres()
    weights = region_weights(chip_of(portrait()), centres)
    assert (weights.sum(axis=1) > 0.5).all()
    stable = stable_weights(centres)
    for name in ("brow_inner_left", "brow_inner_right", "mouth_corner_left", "lower_lip", "lid_right"):
        nearest = weights[REGIONS.index(name)].argmax()
        assert stable[nearest] < 0.35, name
    assert (stable > 0).sum() >= 20


def test_impossible_settings_are_refused():
    with pytest.raises(ConfigError, match="motion"):
        MotionConfig(blur_px=0)


def test_nothing_compiles_after_warm_up():
    warm_up()
    dispatchers = (kernels.prepare_tiles, kernels.follow_tiles, kernels.fit_affine)
    before = [list(dispatcher.signatures) for dispatcher in dispatchers]
    motion = motion_from()
    motion.learn(motion.step(chip_of(moved(portrait(), bump(336, (0, -1))), 1)), 0.5)
    assert [list(dispatcher.signatures) for dispatcher in dispatchers] == before
