"""One level of the pyramid against its plain twin, and what it does to simple pictures."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.flow.level import Level, LevelConfig
from tests.naive import plain_convolve, plain_refine

SIZE = 32
EXACT = LevelConfig(solver_rounds=1000, solver_tolerance=1e-5)
BLUR = np.array([1, 4, 6, 4, 1]) / 16


def texture(seed: int, size: int = SIZE) -> np.ndarray:
    """A soft random picture with a standard deviation of 10, as normalised chips have."""
    plane = plain_convolve(np.random.default_rng(seed).normal(0, 1, (size, size)), BLUR, BLUR)
    return (10 * plane / plane.std()).astype(np.float32)


def shifted(plane: np.ndarray, u: float, v: float) -> np.ndarray:
    """The picture moved by less than a pixel, by phases: exact away from the border."""
    along = np.fft.fftfreq(plane.shape[0])
    phase = np.exp(-2j * np.pi * (along[None] * u + along[:, None] * v))
    return np.fft.ifft2(np.fft.fft2(plane) * phase).real.astype(np.float32)


@pytest.mark.parametrize("seed", [1, 2])
def test_refine_agrees_with_its_plain_twin(seed):
    first, noise = texture(seed), texture(seed + 50)
    second = shifted(first, 0.4, -0.3) + 0.1 * noise
    second[8:16, 8:16] = shifted(first, 1.2, 0.5)[8:16, 8:16]
    flow = np.zeros((2, SIZE, SIZE), np.float32)
    Level(SIZE, 3, EXACT).refine(first, second, flow)
    expected = plain_refine(first, second, np.zeros((2, SIZE, SIZE)), 3, EXACT)
    assert np.abs(expected).max() > 0.3
    np.testing.assert_allclose(flow, expected, atol=1e-3)


def test_fewer_solver_rounds_stay_close():
    first = texture(3)
    second = shifted(first, 0.5, 0.2)
    exact, quick = np.zeros((2, 2, SIZE, SIZE), np.float32)
    Level(SIZE, 5, EXACT).refine(first, second, exact)
    Level(SIZE, 5, LevelConfig()).refine(first, second, quick)
    assert np.abs(exact - quick).mean() < 0.02


def test_equal_pictures_stay_where_they_are():
    flow = np.zeros((2, SIZE, SIZE), np.float32)
    Level(SIZE, 3, LevelConfig()).refine(texture(4), texture(4), flow)
    assert np.abs(flow).max() < 1e-6


def test_a_picture_without_texture_gives_no_flow_and_no_nan():
    flow = np.zeros((2, SIZE, SIZE), np.float32)
    blank = np.zeros((SIZE, SIZE), np.float32)
    Level(SIZE, 3, LevelConfig()).refine(blank, blank, flow)
    assert not flow.any()


def test_a_level_can_be_used_again():
    """Scratch planes carry nothing from one pair of pictures to the next."""
    level = Level(SIZE, 3, LevelConfig())
    first, second = texture(5), shifted(texture(5), 0.3, 0.3)
    fresh, used = np.zeros((2, 2, SIZE, SIZE), np.float32)
    level.refine(first, second, fresh)
    level.refine(texture(6), texture(7), np.zeros_like(used))
    level.refine(first, second, used)
    np.testing.assert_array_equal(used, fresh)


@pytest.mark.parametrize(
    "wrong",
    [
        {"noise": 0.0},
        {"window_px": -1.0},
        {"bend": 0.0},
        {"stiffness": 0.0},
        {"noise_share": -0.1},
        {"tolerance_px": -1.0},
        {"solver_rounds": 0},
    ],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ConfigError):
        LevelConfig(**wrong)
