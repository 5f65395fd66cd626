"""Every kernel of the window flow against its plain twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.flow import picture_kernels as kernels
from realtime.flow import solver_kernels as solver
from realtime.flow.level import ALONE, SLOPE, gaussian
from tests.naive import (
    plain_bonds,
    plain_convolve,
    plain_laplacian,
    plain_solve_step,
    plain_squared_slopes,
    plain_warp,
)

sizes = st.tuples(st.integers(8, 24), st.integers(8, 24))
seeds = st.integers(0, 2**31)
calm = settings(max_examples=20, deadline=None)  # the first example may have to compile


def random_plane(seed: int, shape: tuple[int, ...], size: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, size, shape).astype(np.float32)


def padded(planes: np.ndarray) -> np.ndarray:
    """With the empty row above and below that the solver wants, flat."""
    wide = np.zeros((len(planes), planes.shape[1] + 2, planes.shape[2]), np.float32)
    wide[:, 1:-1] = planes
    return wide.reshape(len(planes), -1)


@calm
@given(sizes, seeds, st.sampled_from([0.7, 1.5, 2.4]))
def test_convolve(shape, seed, sigma):
    plane = random_plane(seed, shape)
    between, out = np.empty_like(plane), np.empty_like(plane)
    for taps_y, taps_x in ((gaussian(sigma), gaussian(sigma)), (ALONE, SLOPE), (SLOPE, ALONE)):
        kernels.convolve(plane, taps_y, taps_x, between, out)
        np.testing.assert_allclose(out, plain_convolve(plane, taps_y, taps_x), atol=1e-5)
        in_place = plane.copy()
        kernels.convolve(in_place, taps_y, taps_x, between, in_place)
        np.testing.assert_array_equal(in_place, out)


def test_slope_is_exact_for_cubics():
    x = np.arange(20, dtype=np.float32)
    plane = np.tile(0.01 * x**3 - 0.2 * x, (8, 1)).astype(np.float32)
    out = np.empty_like(plane)
    kernels.convolve(plane, ALONE, SLOPE, np.empty_like(plane), out)
    np.testing.assert_allclose(out[:, 2:-2], np.tile(0.03 * x**2 - 0.2, (8, 1))[:, 2:-2], atol=1e-4)


@calm
@given(sizes, seeds, st.sampled_from([0.0, 0.4, 3.0, 40.0]))
def test_warp(shape, seed, size):
    plane, u, v = (random_plane(seed + k, shape, size if k else 20) for k in range(3))
    out, inside = np.empty_like(plane), np.empty_like(plane)
    kernels.warp(plane, u, v, out, inside)
    expected, expected_inside = plain_warp(plane, u, v)
    np.testing.assert_allclose(out, expected, atol=2e-3)
    np.testing.assert_array_equal(inside, expected_inside)


def test_halve_and_double_keep_places():
    y, x = np.mgrid[:32, :32].astype(np.float32)
    ramp = 3 * x - 2 * y + 1
    half = np.empty((16, 16), np.float32)
    kernels.halve(ramp, half)
    np.testing.assert_allclose(half, ramp.reshape(16, 2, 16, 2).mean(axis=(1, 3)), atol=1e-4)
    again = np.empty_like(ramp)
    kernels.double(half, 1.0, again)
    np.testing.assert_allclose(again[1:-1, 1:-1], ramp[1:-1, 1:-1], atol=1e-4)
    kernels.double(half, 2.0, again)
    np.testing.assert_allclose(again[1:-1, 1:-1], 2 * ramp[1:-1, 1:-1], atol=1e-4)


@calm
@given(sizes, seeds)
def test_squared_slopes_and_bonds(shape, seed):
    plane = random_plane(seed, shape)
    slopes = np.zeros((shape[0] + 2, shape[1]), np.float32)
    kernels.add_squared_slopes(plane, slopes[1:-1])
    np.testing.assert_allclose(slopes[1:-1], plain_squared_slopes(plane), rtol=1e-4, atol=1e-6)
    expected = 7.0 * (1 + slopes[1:-1].astype(float) / 0.3**2) ** (-9 / 16)
    solver.soften(slopes[1:-1].ravel(), 7.0, 0.3)
    np.testing.assert_allclose(slopes[1:-1], expected, rtol=1e-5)
    bonds = np.zeros((2, slopes.size), np.float32)
    solver.set_bonds(slopes.ravel(), shape[1], bonds)
    across, down = bonds.reshape(2, *slopes.shape)[:, 1:-1]
    expected_across, expected_down = plain_bonds(slopes[1:-1])
    np.testing.assert_allclose(across[:, :-1], expected_across, rtol=1e-6)
    np.testing.assert_allclose(down[:-1], expected_down, rtol=1e-6)
    assert not across[:, -1].any()
    assert not down[-1].any()


@calm
@given(seeds)
def test_weights_and_products(seed):
    rest, a, b, c, d = random_plane(seed, (5, 300))
    inside = (a > 0).astype(np.float32)
    weight, out = np.empty(300, np.float32), np.empty(300, np.float32)
    solver.weigh_residual(rest, inside, 0.5, 3.0, weight)
    np.testing.assert_allclose(weight, inside * 4 / (1 + (rest / 1.5) ** 2), rtol=1e-5)
    solver.weighted_product(weight, a, b, out)
    solver.add_weighted_products(weight, a, b, c, d, out)
    np.testing.assert_allclose(out, weight * (2 * a * b + c * d), atol=1e-4)


@calm
@given(sizes, seeds, st.sampled_from([0.1, 10.0, 1000.0]))
def test_solve_step_against_a_direct_solution(shape, seed, firm):
    rng = np.random.default_rng(seed)
    pull = rng.normal(0, 1, (2, 2, *shape))
    data = np.stack([(pull[0] ** 2).sum(0), (pull[0] * pull[1]).sum(0), (pull[1] ** 2).sum(0), *pull[0]])
    data = data.astype(np.float32)
    bent = random_plane(seed, (2, *shape))
    firmness = rng.uniform(0.2, 1, shape).astype(np.float32) * np.float32(firm)
    bonds = np.zeros((2, (shape[0] + 2) * shape[1]), np.float32)
    solver.set_bonds(padded(firmness[None])[0], shape[1], bonds)
    work, step = np.zeros((11, bonds.shape[1]), np.float32), np.empty_like(bonds)
    rounds = solver.solve_step(padded(data), bonds, padded(bent), shape[1], 2000, 1e-6, work, step)
    assert rounds < 2000
    expected = plain_solve_step(data.astype(float), plain_laplacian(*plain_bonds(firmness)), bent)
    found = step.reshape(2, shape[0] + 2, shape[1])
    np.testing.assert_allclose(found[:, 1:-1], expected, atol=1e-3)
    assert not found[:, [0, -1]].any()


def test_solve_step_of_nothing_is_nothing():
    planes = np.zeros((5, 10 * 8), np.float32)
    work, step = np.zeros((11, 80), np.float32), np.ones((2, 80), np.float32)
    assert solver.solve_step(planes, planes[:2], planes[:2], 8, 10, 0.01, work, step) == 0
    assert not step.any()


def test_solver_rounds_are_kept():
    data = np.abs(random_plane(1, (5, 18 * 16)))
    data[1] = 0
    bonds = np.zeros((2, 18 * 16), np.float32)
    solver.set_bonds(padded(np.full((1, 16, 16), 50, np.float32))[0], 16, bonds)
    work, step = np.zeros((11, 18 * 16), np.float32), np.zeros((2, 18 * 16), np.float32)
    assert solver.solve_step(data, bonds, np.zeros_like(step), 16, 3, 1e-6, work, step) == 3


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
def test_gaussian_taps(sigma):
    taps = gaussian(sigma)
    along = np.arange(len(taps)) - len(taps) // 2
    assert taps.sum() == pytest.approx(1, abs=1e-6)
    assert (taps * along**2).sum() == pytest.approx(sigma**2, rel=0.08)
