"""Frames spread over a window and held still."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.movement.mol_frames import FRAMES, spread, steadied, window_frames
from realtime.types import FaceChip, Kind, Window

MIDDLE = (63.5, 63.5)


def face_like(seed: int = 0) -> NDArray[np.uint8]:
    """Soft texture of several sizes."""
    rng = np.random.default_rng(seed)
    planes = [
        size * 60 * cv2.GaussianBlur(rng.standard_normal((128, 128)), (0, 0), size)
        for size in (2.0, 5.0, 12.0)
    ]
    return np.clip(128 + sum(planes), 0, 255).astype(np.uint8)


def seen(gray: NDArray[np.uint8], moved: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The picture after `moved` (2, 3), its own pixels to those of the result."""
    edge = cv2.BORDER_REPLICATE
    return cv2.warpAffine(gray, moved, (128, 128), flags=cv2.INTER_CUBIC, borderMode=edge)  # type: ignore


def similarity(x: float, y: float, degrees: float, size: float) -> NDArray[np.float64]:
    moved = cv2.getRotationMatrix2D(MIDDLE, degrees, size)
    moved[:, 2] += (x, y)
    return np.asarray(moved)


def test_positions_are_even_and_take_in_both_ends() -> None:
    assert spread(0, 14) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert spread(3, 5) == [3, 3, 4, 4, 4, 4, 5, 5]
    assert spread(10, 17)[0] == 10 and spread(10, 17)[-1] == 17


@pytest.mark.parametrize("moved", [(1.3, -0.7, 0.0, 1.0), (0.4, 0.9, 1.2, 1.015), (-2.5, 2.0, -1.5, 0.985)])
def test_a_swaying_head_is_found_to_a_fraction_of_a_pixel(moved: tuple[float, ...]) -> None:
    gray, way = face_like(), similarity(*moved)
    swayed = seen(gray, way)
    held, found = steadied([gray] * 4 + [gray] + [swayed] * 3)
    points = np.stack(np.meshgrid(np.arange(8, 120, 8.0), np.arange(8, 120, 8.0)), axis=-1)
    for frame in (5, 7):
        off = points @ (found[frame] - way)[:, :2].T + (found[frame] - way)[:, 2]
        assert np.abs(off).max() < 0.2
    middle = slice(12, -12)
    before = np.abs(swayed.astype(int) - gray)[middle, middle].mean()
    after = np.abs(held[-1].astype(int) - gray)[middle, middle].mean()
    assert after < before / 4


def test_what_moves_in_one_place_is_left_alone() -> None:
    gray = face_like()
    y, x = np.mgrid[:128, :128].astype(np.float32)
    bump = 1.5 * np.exp(-((x - 40) ** 2 + (y - 50) ** 2) / (2 * 8**2)).astype(np.float32)
    moved = cv2.remap(gray, np.stack([x, y + bump], axis=2), np.empty(0, np.float32), cv2.INTER_CUBIC)
    held, found = steadied([gray] * 5 + [np.asarray(moved, np.uint8)] * 3)
    assert np.abs(found[-1] - np.eye(2, 3)).max() < 0.1
    assert np.abs(held[-1].astype(int) - moved).mean() < 1.0


def test_a_lamp_is_no_motion() -> None:
    gray = np.clip(face_like(), 30, 220)
    _, found = steadied([gray] * 5 + [gray + np.uint8(20)] * 3)
    np.testing.assert_allclose(found[-1], np.eye(2, 3), atol=1e-3)


def test_a_window_gives_eight_frames_whatever_its_apex() -> None:
    grays = [face_like(seed) for seed in range(5)]
    chips = tuple(
        FaceChip("x", at, at, 0, gray, np.eye(2, 3), np.zeros((468, 2), np.float32), 60.0, 1.0, frozenset())
        for at, gray in enumerate(grays)
    )
    shown = [
        window_frames(Window(chips, 1, apex, 3, Kind.MICRO, 1.0, np.zeros(0, np.float32), frozenset(), 4))
        for apex in (2, 1)
    ]
    assert shown[0].shape == (FRAMES, 128, 128) and shown[0].dtype == np.uint8
    np.testing.assert_array_equal(*shown)
    np.testing.assert_array_equal(shown[0][FRAMES // 2], grays[2])
