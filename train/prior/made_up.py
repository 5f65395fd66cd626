"""Made-up flow maps in the published layout: movements of known class under head motion and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from engine.errors import ConfigError
from realtime.types import LABELS, MAP_SIZE
from train.prior.fields import SIZE, unit_fields
from train.prior.shapes import made_up_faces
from train.prior.units import strengths

FINE, COARSE = 2.0, 6.0  # scales of the noise, standard deviation in pixels of 56
BLUR = 1.0  # what an estimated flow cannot resolve, same pixels

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PriorConfig:
    """Made-up samples to start from. Sizes are shares of the movement's largest displacement."""

    steps: int = 2000  # updates of 64 samples; 0: start from random weights
    learning_rate: float = 1e-3
    samples: int = 12000
    faces: int = 40
    class_shares: tuple[float, ...] = (0.5, 0.27, 0.23)
    head: float = 0.7  # what head motion leaves, at most
    fine: float = 0.25  # noise, at most
    coarse: float = 0.35

    def __post_init__(self) -> None:
        if self.steps < 0 or self.learning_rate <= 0.0 or not 1 <= self.faces <= self.samples:
            raise ConfigError(
                "prior: steps must not be negative, learning_rate positive, faces from 1 to samples"
            )
        if min(self.head, self.fine, self.coarse) < 0.0:
            raise ConfigError("prior: head, fine and coarse must not be negative")
        if len(self.class_shares) != len(LABELS) or min(self.class_shares) < 0 or not any(self.class_shares):
            raise ConfigError(f"prior: class_shares needs {len(LABELS)} shares, not {self.class_shares}")


def made_up_maps(config: PriorConfig, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(flow maps (n, 2, 28, 28, 3) uint8, channels strain, v, u; labels (n,) int64)."""
    rng = np.random.default_rng(seed)
    shares = np.array(config.class_shares) / sum(config.class_shares)
    labels = rng.choice(len(LABELS), config.samples, p=shares)
    maps = np.empty((config.samples, 2, MAP_SIZE, MAP_SIZE, 3), np.uint8)
    for number, mesh in enumerate(made_up_faces(config.faces, rng)):
        rows = np.arange(number, config.samples, config.faces)
        phases = _phases(unit_fields(mesh), strengths(labels[rows], rng), config, rng)
        maps[rows] = _maps(phases, rng)
    return maps, labels


def _phases(units: F32, strength: F32, config: PriorConfig, rng: np.random.Generator) -> F32:
    """(n, 2, 56, 56, 2) flow of both phases: there, and some of the way back."""
    n = len(strength)
    there = _moved(units, strength)
    back = _moved(units, strength * (1 - 0.3 * rng.random(strength.shape[:2]))[..., None].astype(np.float32))
    share = rng.uniform(0.25, 1.1, (n, 1, 1, 1)).astype(np.float32)
    first = there + _nuisance(n, config, rng)
    second = -share * back + (0.5 + 0.5 * share) * _nuisance(n, config, rng)
    return gaussian_filter(np.stack([first, second], axis=1), (0, 0, BLUR, BLUR, 0))


def _moved(units: F32, strength: F32) -> F32:
    flow = np.einsum("nus,ushwc->nhwc", strength, units, optimize=True)
    largest = np.linalg.norm(flow, axis=-1).max(axis=(1, 2))
    return (flow / np.maximum(largest, 1e-3)[:, None, None, None]).astype(np.float32)


def _nuisance(n: int, config: PriorConfig, rng: np.random.Generator) -> F32:
    """(n, 56, 56, 2): an affine motion of the head and smooth noise of two scales."""
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j].astype(np.float32)
    affine = rng.standard_normal((n, 2, 3)) * (0.5, 0.5, 0.7) * config.head
    affine *= rng.random((n, 1, 1)) ** 2  # mostly small
    flow = np.einsum("ncb,bhw->nhwc", affine.astype(np.float32), np.stack([x, y, np.ones_like(x)]))
    for size, scale in ((config.fine, FINE), (config.coarse, COARSE)):
        noise = rng.standard_normal((n, SIZE, SIZE, 2), np.float32)
        noise = gaussian_filter(noise, (0, scale, scale, 0))
        noise /= noise.std(axis=(1, 2, 3), keepdims=True)
        flow += noise * (size * rng.random((n, 1, 1, 1), np.float32))
    return flow


def _maps(phases: F32, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The published layout of flows (n, 2, 56, 56, 2), with the room that single wild pixels left in it.

    Min-max scaling at full resolution is ruled by extremes: published maps fill only part of 0..255, and
    their strain is near 0 but at a few places. Both vary from map to map, so both are drawn.
    """
    n = len(phases)
    u, v = phases[..., 0], phases[..., 1]
    uy, ux = np.gradient(u, axis=(2, 3))
    vy, vx = np.gradient(v, axis=(2, 3))
    planes = np.stack([np.sqrt(ux**2 + vy**2 + (uy + vx) ** 2 / 2), v, u], axis=-1)
    low, high = planes.min(axis=(2, 3), keepdims=True), planes.max(axis=(2, 3), keepdims=True)
    scaled = (planes - low) / np.maximum(high - low, 1e-6)
    small = scaled.reshape(n, 2, MAP_SIZE, 2, MAP_SIZE, 2, 3).mean(axis=(3, 5))
    room = 0.35 * rng.random((n, 2, 1, 1, 3))
    small = small * (1 - room) + room * rng.random((n, 2, 1, 1, 3))
    small[..., 0] **= rng.uniform(1.0, 2.8, (n, 2, 1, 1))
    return np.rint(255 * small).clip(0, 255).astype(np.uint8)
