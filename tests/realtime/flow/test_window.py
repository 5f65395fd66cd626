"""Window flow: known motion is recovered, better than by OpenCV; bad input is one clear error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from realtime.errors import ConfigError, FlowInputError
from realtime.face.alignment import chip_transform, eyes_pose
from realtime.flow import (
    FlowConfig,
    flow_of,
    flow_pair,
    picture_kernels,
    rigid_kernels,
    solver_kernels,
    warm_up,
    window_flow,
)
from realtime.types import FaceChip, Kind, Window
from tests.portrait import mesh, portrait

Y, X = np.mgrid[:128, :128].astype(np.float32)
INNER = np.s_[6:-6, 6:-6]
EXACT_STEPS = 25


def bumps(amplitude: float) -> np.ndarray:
    """A forward displacement such as faces make: brows up, a mouth corner drawn out."""
    brow = np.exp(-((X - 44) ** 2 + (Y - 34) ** 2) / (2 * 10**2))
    mouth = np.exp(-((X - 84) ** 2 + (Y - 96) ** 2) / (2 * 9**2))
    field = np.dstack([0.8 * mouth, -brow - 0.6 * mouth])
    return (amplitude * field / np.linalg.norm(field, axis=-1).max()).astype(np.float32)


def moved(fine: np.ndarray, field: np.ndarray) -> np.ndarray:
    """The picture (512x512, float) after the chip's `field`, reduced to 128x128."""
    forward = cv2.resize(field, (512, 512), interpolation=cv2.INTER_CUBIC) * 4
    y, x = np.mgrid[:512, :512].astype(np.float32)
    back = -forward
    for _ in range(EXACT_STEPS):
        back = -cv2.remap(forward, x + back[..., 0], y + back[..., 1], cv2.INTER_LINEAR)
    warped = cv2.remap(
        fine, x + back[..., 0], y + back[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return cv2.resize(warped, (128, 128), interpolation=cv2.INTER_AREA)


def seen(chip: np.ndarray, seed: int, deviation: float = 1.5) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, deviation, chip.shape)
    return np.clip(np.rint(chip + noise), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def fine() -> np.ndarray:
    """The portrait's chip at four times its size."""
    to_fine = 4 * chip_transform(eyes_pose(mesh()[:, :2]))
    to_fine[:, 2] += 1.5
    gray = cv2.cvtColor(portrait(), cv2.COLOR_BGR2GRAY).astype(np.float32)
    return cv2.warpAffine(gray, to_fine, (512, 512), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


@pytest.fixture(scope="module")
def window(fine) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    still = moved(fine, bumps(0))
    return seen(still, 1), seen(moved(fine, bumps(1.5)), 2), seen(still, 3)


def error(flow: np.ndarray, truth: np.ndarray) -> float:
    return float(np.linalg.norm(flow - truth, axis=-1)[INNER].mean())


@pytest.mark.parametrize("amplitude", [0.5, 1.0, 2.0])
def test_known_motion_is_recovered_no_worse_than_by_opencv(fine, amplitude):
    truth = bumps(amplitude)
    onset, apex = seen(moved(fine, 0 * truth), 1), seen(moved(fine, truth), 2)
    ours = error(flow_pair(onset, apex), truth)
    tvl1 = error(cv2.optflow.DualTVL1OpticalFlow_create().calc(onset, apex, None), truth)
    assert ours <= tvl1
    assert ours < 0.75 * error(0 * truth, truth)


def test_a_still_noisy_face_does_not_move(fine):
    still = moved(fine, bumps(0))
    flow = flow_pair(seen(still, 1), seen(still, 2))
    assert np.linalg.norm(flow, axis=-1).mean() < 0.05


def test_light_change_is_no_motion(fine):
    still = moved(fine, bumps(0))
    flow = flow_pair(seen(still, 1), seen(still * np.linspace(1.0, 1.15, 128) + 6, 2))
    assert np.linalg.norm(flow, axis=-1).mean() < 0.06


def test_phases_are_the_pairs(window):
    phases = window_flow(*window)
    assert phases.shape == (2, 128, 128, 2)
    assert phases.dtype == np.float32
    np.testing.assert_array_equal(phases[0], flow_pair(window[0], window[1]))
    np.testing.assert_array_equal(phases[1], flow_pair(window[1], window[2]))
    # the face returns: what came up goes down again
    assert phases[0][34, 44, 1] < -0.8
    assert phases[1][34, 44, 1] > 0.8


def test_axes_are_x_right_y_down(fine):
    right = np.dstack([np.full_like(X, 1.0), 0 * Y])
    flow = flow_pair(seen(moved(fine, 0 * right), 1), seen(moved(fine, right), 2))
    np.testing.assert_allclose(flow[INNER].mean(axis=(0, 1)), [1, 0], atol=0.05)


def test_flow_of_takes_the_head_motion_out(fine):
    head = np.dstack([1.5 + 0.01 * (X - 64), -1 + 0.01 * (Y - 64)]).astype(np.float32)
    pictures = [
        seen(moved(fine, field), k) for k, field in enumerate((0 * head, bumps(1.5) + head, -0.5 * head))
    ]
    found = flow_of(made_window(pictures), FlowConfig())
    assert found.phases_hw2.shape == (2, 128, 128, 2)
    assert not found.phases_hw2.flags.writeable
    assert error(found.phases_hw2[0], bumps(1.5)) < 0.12
    assert error(found.phases_hw2[1], -bumps(1.5)) < 0.2  # it begins where the head had taken the face
    assert (np.linalg.norm(window_flow(*pictures), axis=-1).mean(axis=(1, 2)) > 1).all()


def test_flow_of_is_of_onset_apex_and_offset(window):
    other = np.zeros((128, 128), np.uint8)
    longer = replace(made_window([other, *window, other]), onset=1, apex=2, offset=3)
    np.testing.assert_array_equal(flow_of(longer).phases_hw2, flow_of(made_window(list(window))).phases_hw2)


def made_window(pictures: list[np.ndarray]) -> Window:
    landmarks = np.zeros((468, 2), np.float32)
    chips = tuple(
        FaceChip("test", k, k, 0, gray, np.eye(2, 3), landmarks, 60.0, 1.0, frozenset())
        for k, gray in enumerate(pictures)
    )
    return Window(chips, 0, 1, 2, Kind.MICRO, 5.0, np.zeros(15, np.float32), frozenset(), 2)


def test_two_windows_at_once_give_what_each_gives_alone(window):
    other = tuple(chip[:, ::-1].copy() for chip in window)
    alone = [window_flow(*window), window_flow(*other)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda chips: window_flow(*chips), [window, other] * 2))
    for k, phases in enumerate(together):
        np.testing.assert_array_equal(phases, alone[k % 2])


def test_chips_in_any_memory_order_give_the_same(window):
    plain = flow_pair(window[0], window[1])
    wide = np.zeros((128, 256), np.uint8)
    wide[:, ::2] = window[0]
    frozen = window[1].copy()
    frozen.setflags(write=False)
    for first in (np.asfortranarray(window[0]), wide[:, ::2], window[0][::-1].copy()[::-1]):
        np.testing.assert_array_equal(flow_pair(first, frozen), plain)


def test_nothing_compiles_after_warm_up(window):
    warm_up()
    modules = (picture_kernels, solver_kernels, rigid_kernels)
    jitted = [value for module in modules for value in vars(module).values() if hasattr(value, "signatures")]
    known = [list(kernel.signatures) for kernel in jitted]
    assert sum(bool(signatures) for signatures in known) > 10
    window_flow(*window)
    flow_of(made_window([np.asfortranarray(chip) for chip in window]), FlowConfig(rigid_model="similarity"))
    assert [list(kernel.signatures) for kernel in jitted] == known


@settings(max_examples=15, deadline=None)
@given(arrays.arrays(np.uint8, (128, 128)), arrays.arrays(np.uint8, (128, 128)))
def test_any_two_chips_give_finite_flow(first, second):
    assert np.isfinite(flow_pair(first, second)).all()


@settings(max_examples=25, deadline=None)
@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int8, np.uint16, np.float32, np.float64, bool, object]),
        arrays.array_shapes(min_dims=0, max_dims=4, max_side=130),
        fill=st.just(0),
    )
)
def test_anything_else_is_one_error(array):
    assume(array.shape != (128, 128) or array.dtype != np.uint8)
    good = np.zeros((128, 128), np.uint8)
    for chips in ((array, good, good), (good, array, good), (good, good, array)):
        with pytest.raises(FlowInputError, match="chip is"):
            window_flow(*chips)


@pytest.mark.parametrize("bad", [None, "chip", [[0] * 128] * 128, np.full((128, 128), np.nan)])
def test_what_is_no_chip_is_one_error(bad):
    with pytest.raises(FlowInputError, match="first chip"):
        flow_pair(bad, np.zeros((128, 128), np.uint8))


def test_an_unknown_rigid_model_is_refused():
    with pytest.raises(ConfigError, match="affine"):
        FlowConfig(rigid_model="projective")  # type: ignore[arg-type]
