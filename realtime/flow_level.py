"""One level of the flow's pyramid: warp, weigh what is seen against what is likely, solve, repeat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from realtime import flow_kernels as kernels
from realtime import flow_solver_kernels as solver
from realtime.rigid_kernels import fit_motion

if TYPE_CHECKING:
    from realtime.flow import FlowConfig

F32 = NDArray[np.float32]

FIT_GRID = 32  # vectors along each side that tell the common affine motion
FIT_ROUNDS = 6
FIT_LEAST_PX = 0.02


def gaussian(sigma: float) -> F32:
    """Taps of a Gaussian, cut at three standard deviations; their sum is 1."""
    along = np.arange(-math.ceil(3 * sigma), math.ceil(3 * sigma) + 1)
    taps = np.exp(-0.5 * (along / sigma) ** 2)
    return (taps / taps.sum()).astype(np.float32)


SLOPE = np.array([1, -8, 0, 8, -1], np.float32) / np.float32(12)  # exact for cubics
SMOOTH = gaussian(0.7)
SMOOTH_SLOPE = np.convolve(SMOOTH, SLOPE).astype(np.float32)  # along the derivative


class Level:
    """Scratch planes of one size, and the steps that fill them. Belongs to one call."""

    def __init__(self, size: int, config: FlowConfig) -> None:
        self._config = config
        self._size = size
        self._between = np.empty((size, size), np.float32)
        self._window, self._pool = gaussian(config.window_px), gaussian(config.pool_px)
        self._gradient_slope = SMOOTH_SLOPE * np.float32(math.sqrt(config.gradient_weight))
        self._points = self._fit_points()
        rows = size + 2  # an empty row above and below: see flow_solver_kernels
        self._seen = np.zeros((14, rows, size), np.float32)
        self._data = np.zeros((5, rows, size), np.float32)
        self._bonds = np.zeros((2, rows, size), np.float32)
        self._bent = np.zeros((2, rows, size), np.float32)
        self._slopes = np.zeros((rows, size), np.float32)
        self._work = np.zeros((11, rows * size), np.float32)
        self._step = np.zeros((2, rows, size), np.float32)

    def refine(self, first: F32, second: F32, flow: F32) -> None:
        """Bring `flow` (2, size, size), u and v in this level's pixels, closer; in place."""
        for _ in range(self._config.warps):
            self._see(first, second, flow)
            self._expect(flow)
            solver.solve_step(
                _flat(self._data), _flat(self._bonds), _flat(self._bent), self._size,
                self._config.solver_rounds, self._config.solver_tolerance, self._work, _flat(self._step),
            )  # fmt: skip
            step = self._step[:, 1:-1]
            flow += step
            if float(np.abs(step).mean()) < self._config.tolerance_px:
                return

    def _see(self, first: F32, second: F32, flow: F32) -> None:
        """Linearise the difference of the pictures around `flow`: D and d of every pixel, pooled."""
        moved, inside, mean, rest, weight, mx, my, rx, ry, mxx, mxy, myy = self._seen[:12, 1:-1]
        kernels.warp(second, flow[0], flow[1], moved, inside)
        np.subtract(moved, first, out=rest)
        np.add(moved, first, out=mean)
        mean *= np.float32(0.5)
        self._slope(mean, SMOOTH_SLOPE, mx, my)
        self._slope(rest, self._gradient_slope, rx, ry)
        self._slope(mx, self._gradient_slope, mxx, mxy)
        self._slope(my, self._gradient_slope, mxy, myy)
        solver.weigh_residual(
            rest.ravel(), inside.ravel(), self._config.noise, self._config.robust, weight.ravel()
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

    def _slope(self, plane: F32, taps: F32, along: F32, down: F32) -> None:
        kernels.convolve(plane, SMOOTH, taps, self._between, along)
        kernels.convolve(plane, taps, SMOOTH, self._between, down)

    def _expect(self, flow: F32) -> None:
        """Bonds from how the field bends now, counted from the affine motion most of it follows."""
        bent = self._bent[:, 1:-1]
        np.subtract(flow, self._common(flow), out=bent)
        self._slopes[:] = 0.0
        for field in self._bent:
            solver.add_squared_slopes(field.ravel(), self._size, self._slopes.ravel())
        inner = self._slopes[1:-1]
        kernels.convolve(inner, self._pool, self._pool, self._between, inner)
        solver.set_bonds(
            self._slopes.ravel(), self._config.stiffness, self._config.bend, self._size, *_flat(self._bonds)
        )

    def _common(self, flow: F32) -> F32:
        """(2, size, size) the affine motion that most of the textured picture follows."""
        cut = self._cut
        texture = self._data[0, 1:-1][cut] + self._data[2, 1:-1][cut]
        trust = (texture / (texture + texture.mean() + np.float32(1e-12))).ravel()
        moves = np.stack([flow[0][cut].ravel(), flow[1][cut].ravel()], axis=1)
        matrix = np.zeros((2, 3))
        fit_motion(self._points, moves, trust, True, FIT_ROUNDS, FIT_LEAST_PX, matrix)
        along = np.arange(self._size, dtype=np.float32) - np.float32((self._size - 1) / 2)
        rows = (matrix[:, 1:2] * along + matrix[:, 2:3]).astype(np.float32)
        columns = (matrix[:, 0:1] * along).astype(np.float32)
        return rows[:, :, None] + columns[:, None, :]

    def _fit_points(self) -> F32:
        """(n, 2) x, y from the middle, of the vectors that tell the common motion; sets their places."""
        step = max(self._size // FIT_GRID, 1)
        self._cut = (slice(step // 2, None, step), slice(step // 2, None, step))
        along = np.arange(self._size, dtype=np.float32)[self._cut[0]] - np.float32((self._size - 1) / 2)
        x, y = np.meshgrid(along, along)
        return np.stack([x.ravel(), y.ravel()], axis=1)


def _flat(planes: F32) -> F32:
    """(k, n) of (k, rows, columns), the same memory."""
    return planes.reshape(len(planes), -1)
