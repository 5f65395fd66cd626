"""Head motion is found through local movements, and taken out everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.errors import FlowInputError
from realtime.face.alignment import COLUMNS_PER_IOD, EYE_ROW, MIDLINE_COLUMN, ROWS_PER_IOD
from realtime.flow import rigid_kernels
from realtime.flow.rigid import STABLE_WEIGHTS, remove_rigid, warm_up
from tests.naive import plain_robust_motion

Y, X = np.mgrid[:128, :128].astype(np.float32)


def head_motion(shift=(1.5, -0.8), roll=0.02, scale=0.012) -> np.ndarray:
    x, y = X - 63.5, Y - 63.5
    return np.dstack([shift[0] + scale * x - roll * y, shift[1] + roll * x + scale * y]).astype(np.float32)


def bump(x_iod: float, y_iod: float, u: float, v: float, sigma: float = 8.0) -> np.ndarray:
    """Local movement around a place given in inter-ocular distances from between the eyes."""
    column, row = MIDLINE_COLUMN + COLUMNS_PER_IOD * x_iod, EYE_ROW + ROWS_PER_IOD * y_iod
    weight = np.exp(-((X - column) ** 2 + (Y - row) ** 2) / (2 * sigma**2))
    return np.dstack([u * weight, v * weight]).astype(np.float32)


LOCAL = {
    "nothing": bump(0, 0, 0, 0),
    "brow raise": bump(-0.5, -0.42, 0, -2.5) + bump(0.5, -0.42, 0, -2.5) + bump(0, -0.4, 0, -2.0),
    "one brow": bump(0.5, -0.42, 0.3, -3),
    "smile": bump(-0.4, 1.1, -2, -1.5, 11) + bump(0.4, 1.1, 2, -1.5, 11),
    "cheek raise": bump(-0.55, 0.45, 0.3, -2) + bump(0.55, 0.45, -0.3, -2),
    "chin": bump(0, 1.6, 0, -3, 12),
}


@pytest.mark.parametrize("model", ["similarity", "affine"])
@pytest.mark.parametrize("local", LOCAL)
def test_local_movement_does_not_bias_the_head_motion(local, model):
    noise = np.random.default_rng(3).normal(0, 0.02, (128, 128, 2)).astype(np.float32)
    still, motion = remove_rigid(head_motion() + LOCAL[local] + noise, model=model)
    error = np.linalg.norm(motion.at(X, Y) - head_motion(), axis=-1)
    assert error.mean() < 0.05
    assert error.max() < 0.15
    np.testing.assert_allclose(still + motion.at(X, Y), head_motion() + LOCAL[local] + noise, atol=1e-5)


def test_least_squares_would_have_been_biased():
    """The movement of the brows and cheeks is one that an ordinary fit takes for head motion."""
    flow = LOCAL["brow raise"] + LOCAL["cheek raise"]
    weights = STABLE_WEIGHTS.ravel()
    basis = np.stack([X.ravel(), Y.ravel(), np.ones(X.size)], axis=1)
    root = np.sqrt(weights)[:, None]
    fit = np.linalg.lstsq(basis * root, flow.reshape(-1, 2) * root, rcond=None)[0]
    plain = np.linalg.norm(basis @ fit, axis=1).mean()
    robust = np.linalg.norm(remove_rigid(flow)[1].at(X, Y), axis=-1).mean()
    assert robust < 0.25 * plain


def test_affine_motion_needs_the_affine_model():
    turned = np.dstack([0.02 * (X - 63.5), 0 * Y]).astype(np.float32)  # a head turning: narrower only
    assert np.abs(remove_rigid(turned, model="affine")[0]).max() < 1e-3
    assert np.abs(remove_rigid(turned, model="similarity")[0]).max() > 0.3


def test_motion_tells_its_size_and_spread():
    _, motion = remove_rigid(head_motion(shift=(3, 4), roll=0, scale=0))
    assert motion.largest_px == pytest.approx(5, abs=1e-3)
    assert motion.spread_px < 0.02


def test_a_bool_mask_is_used_alone():
    flow = np.zeros((128, 128, 2), np.float32)
    flow[64:, :, 0] = 1
    mask = np.zeros((128, 128), bool)
    mask[70:, :] = True
    np.testing.assert_allclose(remove_rigid(flow, mask)[0][..., 0], flow[..., 0] - 1, atol=1e-4)


def test_stable_weights_leave_out_brows_and_mouth():
    def at(x_iod, y_iod):
        row, column = round(EYE_ROW + ROWS_PER_IOD * y_iod), round(MIDLINE_COLUMN + COLUMNS_PER_IOD * x_iod)
        return STABLE_WEIGHTS[row, column]

    assert at(0, 0.15) > 0.9  # nose bridge
    assert max(at(side * 0.5, -0.42) for side in (-1, 1)) < 0.1  # brows
    assert max(at(side * 0.4, 1.1) for side in (-1, 1)) < 0.1  # mouth corners


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_kernel_agrees_with_its_plain_twin(seed, affine):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-60, 60, (40, 2)).astype(np.float32)
    moves = (points @ rng.normal(0, 0.02, (2, 2)) + rng.normal(0, 1, 2)).astype(np.float32)
    moves += rng.normal(0, 0.1, moves.shape).astype(np.float32)
    moves[:6] += 3
    trust = rng.uniform(0, 1, 40).astype(np.float32)
    matrix = np.zeros((2, 3))
    spread = rigid_kernels.fit_motion(points, moves, trust, affine, 8, 0.01, matrix)
    expected, expected_spread = plain_robust_motion(points, moves, trust, affine, 8, 0.01)
    np.testing.assert_allclose(matrix, expected, atol=1e-6)
    assert spread == pytest.approx(expected_spread, rel=1e-5)


@pytest.mark.parametrize(
    ("flow", "mask", "model"),
    [
        (np.zeros((64, 64, 2), np.float32), STABLE_WEIGHTS, "affine"),
        (np.zeros((128, 128, 3), np.float32), STABLE_WEIGHTS, "affine"),
        (np.zeros((128, 128, 2), np.float32), STABLE_WEIGHTS[:64], "affine"),
        (np.zeros((128, 128, 2), np.float32), np.zeros((128, 128), bool), "affine"),
        (np.zeros((128, 128, 2), np.float32), STABLE_WEIGHTS, "projective"),
        (np.full((128, 128, 2), np.nan, np.float32), STABLE_WEIGHTS, "affine"),
    ],
)
def test_bad_input_is_one_error(flow, mask, model):
    with pytest.raises(FlowInputError):
        remove_rigid(flow, mask, model=model)


def test_nothing_compiles_after_warm_up():
    warm_up()
    known = list(rigid_kernels.fit_motion.signatures)
    for model in ("affine", "similarity"):
        remove_rigid(head_motion(), model=model)
        remove_rigid(np.asfortranarray(head_motion())[:, ::-1], STABLE_WEIGHTS > 0.2, model=model)
    assert list(rigid_kernels.fit_motion.signatures) == known
