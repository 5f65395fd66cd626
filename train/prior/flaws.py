"""What else an estimated flow holds: the head's motion, smooth noise, spots where the estimate went wild."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from train.prior.fields import SIZE

FINE, COARSE = 2.0, 6.0  # scales of the noise, standard deviation in pixels of 56
SPOTS = 5  # at most, in one phase
SPOT_SCALE = (1.5, 5.0)  # standard deviation of a spot in pixels of 56; every fourth is twice as wide
SPOT_SPREAD = 0.8  # of the logarithm of a sample's spots' strength: a few samples are full of them

F32 = NDArray[np.float32]


def head_and_noise(n: int, head: float, fine: float, coarse: float, rng: np.random.Generator) -> F32:
    """(n, 56, 56, 2): an affine motion of the head and smooth noise of two scales, sizes at most."""
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j].astype(np.float32)
    affine = rng.standard_normal((n, 2, 3)) * (0.5, 0.5, 0.7) * head
    affine *= rng.random((n, 1, 1)) ** 2  # mostly small
    flow = np.einsum("ncb,bhw->nhwc", affine.astype(np.float32), np.stack([x, y, np.ones_like(x)]))
    for size, scale in ((fine, FINE), (coarse, COARSE)):
        noise = rng.standard_normal((n, SIZE, SIZE, 2), np.float32)
        noise = gaussian_filter(noise, (0, scale, scale, 0))
        noise /= noise.std(axis=(1, 2, 3), keepdims=True)
        flow += noise * (size * rng.random((n, 1, 1, 1), np.float32))
    return flow


def wild_spots(n: int, strength: float, rng: np.random.Generator) -> F32:
    """(n, 56, 56, 2): up to five round spots a sample that move anywhere."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    flow = np.zeros((n, SIZE, SIZE, 2), np.float32)
    level = strength * np.exp(SPOT_SPREAD * rng.standard_normal((n, 1, 1, 1)))
    for _ in range(SPOTS):
        present = rng.random((n, 1, 1, 1)) < 0.5
        row, column = rng.uniform(0, SIZE, (2, n, 1, 1))
        scale = rng.uniform(*SPOT_SCALE, (n, 1, 1)) * rng.choice([1, 1, 1, 2], (n, 1, 1))
        bump = np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * scale**2))[..., None]
        flow += (present * level * rng.standard_normal((n, 1, 1, 2)) * bump).astype(np.float32)
    return flow


def concentrated(flow: F32, most: float, rng: np.random.Generator) -> F32:
    """The movement drawn together to where it is strongest, as total-variation flow draws it.

    Vectors of a flow (n, 56, 56, 2) whose largest is 1 are scaled by their length to a power drawn per
    sample from 0 to `most`.
    """
    power = most * rng.random((len(flow), 1, 1, 1)).astype(np.float32)
    length = np.linalg.norm(flow, axis=-1, keepdims=True)
    return (flow * np.maximum(length, 1e-6) ** power).astype(np.float32)
