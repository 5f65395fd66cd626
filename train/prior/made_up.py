"""Made-up flow maps in the published layout: movements of known class under head motion, noise and flaws.

How much of each was set so that maps without labels look alike: the published maps' shares of energy by
frequency, kurtosis, range, median, strain and correlation of both phases (train/EXPERIMENTS.md 28).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from engine.errors import ConfigError
from realtime.types import LABELS, MAP_SIZE
from train.prior.fields import unit_fields
from train.prior.flaws import concentrated, head_and_noise, wild_spots
from train.prior.shapes import made_up_faces
from train.prior.units import strengths

BLUR = 0.7  # what an estimated flow cannot resolve, pixels of 56
TIED = 0.8  # chance that the second phase repeats or takes back some of the first one's head motion and noise
STRAIN_POWER, STRAIN_TOP = (1.2, 4.0), (0.5, 0.85)

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
    spots: float = 1.0  # strength of places where the estimate went wild
    concentrate: float = 1.5  # see `flaws.concentrated`
    onward: float = 0.22  # chance that the second phase goes on instead of back
    room: float = 0.15  # of 0..255 left empty by a map, at most

    def __post_init__(self) -> None:
        if self.steps < 0 or self.learning_rate <= 0.0 or not 1 <= self.faces <= self.samples:
            raise ConfigError(
                "prior: steps must not be negative, learning_rate positive, faces from 1 to samples"
            )
        if min(self.head, self.fine, self.coarse, self.spots, self.concentrate) < 0.0:
            raise ConfigError("prior: head, fine, coarse, spots and concentrate must not be negative")
        if not (0.0 <= self.onward <= 1.0 and 0.0 <= self.room < 1.0):
            raise ConfigError("prior: onward is a chance from 0 to 1, room a share below 1")
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
        maps[rows] = _maps(phases, config, rng)
    return maps, labels


def _phases(units: F32, strength: F32, config: PriorConfig, rng: np.random.Generator) -> F32:
    """(n, 2, 56, 56, 2) flow of both phases: there, and some of the way back or further on."""
    n = len(strength)
    later = strength * (1 - 0.3 * rng.random(strength.shape[:2]))[..., None].astype(np.float32)
    there = concentrated(_moved(units, strength), config.concentrate, rng)
    again = concentrated(_moved(units, later), config.concentrate, rng)
    share = rng.uniform(0.25, 1.1, (n, 1, 1, 1)).astype(np.float32)
    onward = rng.random((n, 1, 1, 1)) < config.onward
    way = np.where(onward, 1, -1).astype(np.float32)
    tie = way * np.sqrt(rng.random((n, 1, 1, 1))) * (rng.random((n, 1, 1, 1)) < TIED)
    nuisance, other = (head_and_noise(n, config.head, config.fine, config.coarse, rng) for _ in range(2))
    first = there + nuisance + wild_spots(n, config.spots, rng)
    flaws = tie * nuisance + np.sqrt(1 - tie**2) * other + wild_spots(n, config.spots, rng)
    second = way * share * again + (0.5 + 0.5 * share) * flaws
    return gaussian_filter(np.stack([first, second], axis=1), (0, 0, BLUR, BLUR, 0)).astype(np.float32)


def _moved(units: F32, strength: F32) -> F32:
    flow = np.einsum("nus,ushwc->nhwc", strength, units, optimize=True)
    largest = np.linalg.norm(flow, axis=-1).max(axis=(1, 2))
    return (flow / np.maximum(largest, 1e-3)[:, None, None, None]).astype(np.float32)


def _maps(phases: F32, config: PriorConfig, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The published layout of flows (n, 2, 56, 56, 2).

    Min-max scaling at full resolution is ruled by extremes: published maps leave some room in 0..255, and
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
    strain = small[..., 0] ** rng.uniform(*STRAIN_POWER, (n, 2, 1, 1))
    top = rng.uniform(*STRAIN_TOP, (n, 2, 1, 1)) / np.maximum(strain.max(axis=(2, 3), keepdims=True), 1e-3)
    room = config.room * rng.random((n, 2, 1, 1, 2))
    motion = small[..., 1:] * (1 - room) + room * rng.random((n, 2, 1, 1, 2))
    maps = np.concatenate([(strain * top)[..., None], motion], axis=-1)
    return np.rint(255 * maps).clip(0, 255).astype(np.uint8)
