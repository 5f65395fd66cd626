"""One level of the flow's pyramid: look, expect, solve, step; a few times over.

Per pixel, with the second picture warped by the present flow, m the mean and r the difference of both
pictures, and a step s that is looked for, the level minimises (sums over pixels and bonds)

    G * w [(r + s . grad m)^2 + gradient_weight |grad r + (s . grad) grad m|^2]  +  bonds |grad (b + s)|^2

G pools over a window; w falls with the difference (Cauchy) and is 0 outside the picture; b is the present
flow less the affine motion that most of the picture follows. Bonds weaken where b bends: with 9/16 the
penalty lies between total variation (1/2) and a log penalty (1). This is iteratively reweighted least
squares: weights and bonds come from the present flow, and the system in s is linear.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.errors import ConfigError
from realtime.flow import picture_kernels as kernels
from realtime.flow import solver_kernels as solver
from realtime.flow.rigid_kernels import fit_motion

F32 = NDArray[np.float32]

FIT_GRID = 32  # vectors along each side that tell the common affine motion
FIT_ROUNDS = 6
FIT_LEAST_PX = 0.02
NOISE_STEP = 4  # one pixel in 16 tells the noise
DEVIATION_PER_MEDIAN = 1.4826  # of the absolute value of a Gaussian


@dataclass(frozen=True, slots=True)
class LevelConfig:
    """What is likely. Pictures come with a local standard deviation of about 10.

    The defaults were searched for on the people of `faces/neutral` (`realtime.bench flow --tuning`).
    """

    noise: float = 0.9  # least standard deviation that the pictures' difference is taken to have
    noise_share: float = 1.1  # of the measured deviation of the difference, where that is more
    robust: float = 5.0  # a difference of this many `noise` has half its say: occlusion, glare
    gradient_weight: float = 2.0
    window_px: float = 4.5  # standard deviation of the pooling
    stiffness: float = 2000.0  # of the bonds of skin at rest
    bend: float = 0.003  # px per px: bending up to here is taken for noise
    tolerance_px: float = 0.002  # a mean step under this ends a level
    solver_rounds: int = 30
    solver_tolerance: float = 0.01

    def __post_init__(self) -> None:
        if min(self.noise, self.robust, self.window_px, self.stiffness, self.bend) <= 0:
            raise ConfigError("flow: noise, robust, window_px, stiffness and bend must be positive")
        if min(self.noise_share, self.gradient_weight, self.tolerance_px, self.solver_tolerance) < 0:
            raise ConfigError("flow: noise_share, gradient_weight and tolerances must not be negative")
        if self.solver_rounds < 1:
            raise ConfigError("flow: solver_rounds must be at least 1")


def gaussian(sigma: float) -> F32:
    """Taps of a Gaussian, cut at three standard deviations; their sum is 1."""
    along = np.arange(-math.ceil(3 * sigma), math.ceil(3 * sigma) + 1)
    taps = np.exp(-0.5 * (along / sigma) ** 2)
    return (taps / taps.sum()).astype(np.float32)


ALONE = np.ones(1, np.float32)
SLOPE = np.array([1, -8, 0, 8, -1], np.float32) / np.float32(12)  # exact for cubics


class Level:
    """Scratch planes of one size, and the steps that fill them. Belongs to one call."""

    def __init__(self, size: int, warps: int, config: LevelConfig) -> None:
        self._config = config
        self._size = size
        self._warps = warps
        self._window = gaussian(config.window_px)
        self._gradient_slope = SLOPE * np.float32(math.sqrt(config.gradient_weight))
        step = max(size // FIT_GRID, 1)
        self._fitted = (slice(step // 2, None, step), slice(step // 2, None, step))
        self._along = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)  # from the middle
        x, y = np.meshgrid(self._along[self._fitted[0]], self._along[self._fitted[0]])
        self._points = np.stack([x.ravel(), y.ravel()], axis=1)
        # Planes of the solver have an empty row above and below: see solver_kernels.
        padded = (size + 2, size)
        self._between = np.empty((size, size), np.float32)
        self._seen = np.empty((12, size, size), np.float32)
        self._data = np.zeros((5, *padded), np.float32)
        self._bonds = np.zeros((2, *padded), np.float32)
        self._bent = np.zeros((2, *padded), np.float32)
        self._firmness = np.zeros(padded, np.float32)
        self._work = np.zeros((11, padded[0] * padded[1]), np.float32)
        self._step = np.zeros((2, *padded), np.float32)

    def refine(self, first: F32, second: F32, flow: F32) -> None:
        """Bring `flow` (2, size, size), u and v in this level's pixels, closer; in place."""
        for _ in range(self._warps):
            self._look(first, second, flow)
            self._expect(flow)
            solver.solve_step(
                _flat(self._data), _flat(self._bonds), _flat(self._bent), self._size,
                self._config.solver_rounds, self._config.solver_tolerance, self._work, _flat(self._step),
            )  # fmt: skip
            step = self._step[:, 1:-1]
            flow += step
            if float(np.abs(step).mean()) < self._config.tolerance_px:
                return

    def _look(self, first: F32, second: F32, flow: F32) -> None:
        """The data term around `flow`: per pixel D (uu, uv, vv) and d (u, v), pooled."""
        moved, inside, mean, rest, weight, mx, my, rx, ry, mxx, mxy, myy = self._seen
        kernels.warp(second, flow[0], flow[1], moved, inside)
        np.subtract(moved, first, out=rest)
        np.add(moved, first, out=mean)
        mean *= np.float32(0.5)
        self._slopes_of(mean, SLOPE, mx, my)
        self._slopes_of(rest, self._gradient_slope, rx, ry)
        self._slopes_of(mx, self._gradient_slope, mxx, mxy)
        self._slopes_of(my, self._gradient_slope, mxy, myy)
        solver.weigh_residual(
            rest.ravel(), inside.ravel(), self._noise_of(rest), self._config.robust, weight.ravel()
        )
        terms = (
            (mx, mx, mxx, mxx, mxy, mxy),
            (mx, my, mxx, mxy, mxy, myy),
            (my, my, mxy, mxy, myy, myy),
            (mx, rest, mxx, rx, mxy, ry),
            (my, rest, mxy, rx, myy, ry),
        )
        for plane, term in zip(self._data[:, 1:-1], terms, strict=True):
            a, b, c, d, e, f = (part.ravel() for part in term)
            solver.weighted_product(weight.ravel(), a, b, plane.ravel())
            solver.add_weighted_products(weight.ravel(), c, d, e, f, plane.ravel())
            kernels.convolve(plane, self._window, self._window, self._between, plane)

    def _slopes_of(self, plane: F32, taps: F32, along: F32, down: F32) -> None:
        kernels.convolve(plane, ALONE, taps, self._between, along)
        kernels.convolve(plane, taps, ALONE, self._between, down)

    def _noise_of(self, rest: F32) -> float:
        """Standard deviation that the pictures' difference has where nothing goes wrong."""
        deviation = DEVIATION_PER_MEDIAN * float(np.median(np.abs(rest[::NOISE_STEP, ::NOISE_STEP])))
        return max(self._config.noise, self._config.noise_share * deviation)

    def _expect(self, flow: F32) -> None:
        """Bonds from how the field bends now, counted from the affine motion most of it follows."""
        bent = self._bent[:, 1:-1]
        np.subtract(flow, self._common_motion(flow), out=bent)
        firmness = self._firmness[1:-1]
        firmness[:] = 0.0
        for field in bent:
            kernels.add_squared_slopes(field, firmness)
        solver.soften(firmness.ravel(), self._config.stiffness, self._config.bend)
        solver.set_bonds(self._firmness.ravel(), self._size, _flat(self._bonds))

    def _common_motion(self, flow: F32) -> F32:
        """(2, size, size) the affine motion that most of the textured picture follows."""
        texture = (self._data[0, 1:-1] + self._data[2, 1:-1])[self._fitted]
        trust = (texture / (texture + texture.mean() + np.float32(1e-12))).ravel()
        moves = np.stack([plane[self._fitted].ravel() for plane in flow], axis=1)
        matrix = np.zeros((2, 3))
        fit_motion(self._points, moves, trust, True, FIT_ROUNDS, FIT_LEAST_PX, matrix)
        rows = (matrix[:, 1:2] * self._along + matrix[:, 2:3]).astype(np.float32)
        columns = (matrix[:, 0:1] * self._along).astype(np.float32)
        return rows[:, :, None] + columns[:, None, :]


def _flat(planes: F32) -> F32:
    """(k, n) of (k, rows, columns), the same memory."""
    return planes.reshape(len(planes), -1)
