"""Made-up frames for the parity of networks that take them: texture that moves a little, with noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

_FURTHEST_PX = 1.5


def made_up_frames(samples: int, shape: tuple[int, ...], seed: int = 0) -> F32:
    """(samples, frames, height, width) float32, gray levels: spots that go somewhere and come back."""
    rng = np.random.default_rng(seed)
    return np.stack([_sample(rng, *shape) for _ in range(samples)])


def _sample(rng: np.random.Generator, frames: int, height: int, width: int) -> F32:
    texture = sum(
        weight * cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), blur)
        for weight, blur in ((400.0, 12.0), (150.0, 4.0), (30.0, 1.5))
    )
    y, x = np.mgrid[:height, :width].astype(np.float32)
    centre, reach = rng.uniform(0.2, 0.8, 2) * (height, width), rng.uniform(0.05, 0.2) * width
    bump = np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / (2 * reach**2)).astype(np.float32)
    down, right = rng.uniform(-_FURTHEST_PX, _FURTHEST_PX, 2)
    still = np.asarray(texture, np.float32) + 128
    shown = []
    for share in np.sin(np.linspace(0, np.pi, frames)).tolist():
        at = np.stack([x - share * right * bump, y - share * down * bump], axis=2).astype(np.float32)
        moved = cv2.remap(still, at, np.empty(0, np.float32), cv2.INTER_LINEAR)
        shown.append(moved + rng.normal(0, 1, still.shape))
    return np.clip(np.rint(shown), 0, 255).astype(np.float32)
