"""Each flaw has the size and the shape that its words say."""

from __future__ import annotations

import numpy as np
import pytest

from train.prior.fields import SIZE
from train.prior.flaws import concentrated, head_and_noise, wild_spots


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_head_alone_moves_affinely(rng):
    flow = head_and_noise(20, 0.7, 0.0, 0.0, rng)
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    planes = np.stack([np.ones_like(x), x, y], axis=-1).reshape(-1, 3)
    columns = flow.transpose(1, 2, 0, 3).reshape(SIZE * SIZE, -1)
    fitted, *_ = np.linalg.lstsq(planes, columns, rcond=None)
    np.testing.assert_allclose(planes @ fitted, columns, atol=1e-4)
    assert columns.std() > 0.05


def test_noise_is_at_most_as_strong_as_asked_and_coarse_is_smoother(rng):
    fine, coarse = head_and_noise(50, 0.0, 0.25, 0.0, rng), head_and_noise(50, 0.0, 0.0, 0.25, rng)
    assert fine.std(axis=(1, 2, 3)).max() <= 0.2501 and coarse.std(axis=(1, 2, 3)).max() <= 0.2501
    roughness = [np.abs(np.diff(flow, axis=1)).mean() / flow.std() for flow in (fine, coarse)]
    assert roughness[0] > 2 * roughness[1]


def test_spots_are_few_and_strong_in_few_samples(rng):
    flow = np.abs(wild_spots(200, 1.0, rng)).max(axis=-1)
    still = (flow < 0.1 * np.maximum(flow.max(axis=(1, 2), keepdims=True), 1e-9)).mean()
    strongest = flow.max(axis=(1, 2))
    assert still > 0.5, "most of the face has none"
    assert np.quantile(strongest, 0.95) > 2.5 * np.median(strongest)
    assert not wild_spots(5, 0.0, rng).any()


def test_concentrating_keeps_the_strongest_and_its_direction(rng):
    flow = np.zeros((30, SIZE, SIZE, 2), np.float32)
    flow[:, 10, 10], flow[:, 20, 20] = (0.0, 1.0), (0.5, 0.0)
    drawn = concentrated(flow, 2.0, rng)
    np.testing.assert_allclose(drawn[:, 10, 10], flow[:, 10, 10])
    assert (drawn[:, 20, 20, 0] <= 0.5).all() and drawn[:, 20, 20, 0].min() < 0.25
    assert (drawn[:, 20, 20, 1] == 0).all()
    np.testing.assert_allclose(concentrated(flow, 0.0, rng), flow)
