"""Clips whose truth can be checked: flow leads from each frame to the next, landmarks stay on their spots."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.movement.model import pixel_grid
from realtime.types import LABELS
from train.mol.clips import Clip, ClipConfig, draw_clip
from train.mol.faces import Face, Look
from train.mol.landmarks import MESH_68, MIRROR_68, eye_middles, pupil_distance, sixty_eight

CALM = ClipConfig(
    fps=(100.0,), sway_px=0.0, noise=(0.0, 0.0), drift=0.0,
    compressed_share=0.0, blink_share=0.0, talk_share=0.0, turn_share=0.0,
)  # fmt: skip
INNER = slice(10, -10)


def test_shapes_and_classes(clips: list[Clip]) -> None:
    for clip in clips:
        assert clip.frames_u8.shape == (8, 128, 128) and clip.frames_u8.dtype == np.uint8
        assert clip.flow_px.shape == (7, 2, 128, 128)
        assert clip.landmarks_px.shape == (8, 68, 2)
        assert clip.keys_u8.shape == (3, 128, 128)
        assert clip.label in range(len(LABELS)) and clip.amplitude_px > 0
    assert len({clip.label for clip in clips}) > 1


def test_flow_leads_from_each_frame_to_the_next(face: Face) -> None:
    swaying = dataclasses.replace(CALM, sway_px=6.0, turn_share=1.0)
    moved, left = [], []
    for seed in range(4):
        clip = draw_clip(face, np.random.default_rng(seed), swaying)
        grays, flow = clip.frames_u8.astype(np.float32), clip.flow_px.astype(np.float32)
        for pair in range(7):
            at = pixel_grid(128, 128) + flow[pair].transpose(1, 2, 0)
            back = cv2.remap(grays[pair + 1], at, np.empty(0, np.float32), cv2.INTER_CUBIC)
            far = np.linalg.norm(flow[pair], axis=0)[INNER, INNER] > 0.3
            moved.append(np.abs(grays[pair + 1] - grays[pair])[INNER, INNER][far])
            left.append(np.abs(back - grays[pair])[INNER, INNER][far])
    assert len(np.concatenate(moved)) > 1000
    assert np.concatenate(left).mean() < 0.5 * np.concatenate(moved).mean()


def test_landmarks_go_with_the_flow(clips: list[Clip]) -> None:
    for clip in clips:
        places = np.clip(np.rint(clip.landmarks_px[0]).astype(int), 0, 127)
        inside = ((clip.landmarks_px[0] > 4) & (clip.landmarks_px[0] < 123)).all(axis=1)
        step = clip.flow_px[0][:, places[:, 1], places[:, 0]].T.astype(np.float32)
        off = (clip.landmarks_px[1] - clip.landmarks_px[0] - step)[inside]
        assert np.median(np.abs(off)) < 0.05


def test_the_same_seed_gives_the_same_clip(face: Face) -> None:
    one, two = (draw_clip(face, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one.frames_u8, two.frames_u8)
    np.testing.assert_array_equal(one.flow_px, two.flow_px)


def test_a_look_moves_the_mesh_with_the_face(face: Face) -> None:
    turned = Look(contrast=0.0, brightness=0.0)(face, np.random.default_rng(1))
    assert 0.1 < np.abs(turned.mesh_px - face.mesh_px).max() < 8.0
    assert not np.array_equal(turned.gray_u8, face.gray_u8)


def test_landmarks_are_laid_out_as_in_300_w(face: Face) -> None:
    points = sixty_eight(face.mesh_px)
    assert len(MESH_68) == len(set(MESH_68)) == 68
    right, left = eye_middles(points)
    assert right[0] < left[0] and abs(pupil_distance(points) - 60.8) < 3  # a chip is 60.8 px between the eyes
    x, y = points.T
    assert (np.diff(x[:17]) > -3).all()  # along the jaw from the person's right to the left
    assert (np.diff(y[27:31]) > 0).all()  # down the bridge of the nose
    assert y[:17].argmax() == 8 and y[57] > y[51]  # chin, lower lip


def test_the_mirror_swaps_sides(face: Face) -> None:
    points = sixty_eight(face.mesh_px)
    there = points[list(MIRROR_68)] * (-1, 1)
    there[:, 0] += points[:, 0].mean() - there[:, 0].mean()
    assert np.abs(there - points).mean() < 4.0
    assert [MIRROR_68[other] for other in MIRROR_68] == list(range(68))


def test_a_window_must_hold_its_movement() -> None:
    with pytest.raises(ConfigError):
        ClipConfig(window_off=0.6)
