"""Numba kernel of the robust rigid motion: one parametric motion among many vectors, most of them it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.compiled import kernel, part

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


@part
def _solve(normal: F64, right: F64, size: int) -> None:
    """Gauss without pivoting: `normal` is symmetric and positive; the solution replaces `right`."""
    for i in range(size):
        for j in range(i + 1, size):
            factor = normal[j, i] / normal[i, i]
            for k in range(i, size):
                normal[j, k] -= factor * normal[i, k]
            right[j] -= factor * right[i]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            right[i] -= normal[i, k] * right[k]
        right[i] /= normal[i, i]


@part
def _fit_affine(points: F32, moves: F32, weights: F64, normal: F64, right: F64, out: F64) -> None:
    """out = [a11, a12, tx, a21, a22, ty] of weighted least squares; x and y share the normal matrix.

    The sums are kept in plain variables: in an array they would go through memory for every point.
    """
    xx = xy = xs = yy = ys = total = 0.0
    ux = uy = us = vx = vy = vs = 0.0
    for i in range(points.shape[0]):
        weight, x, y = weights[i], np.float64(points[i, 0]), np.float64(points[i, 1])
        u, v = weight * moves[i, 0], weight * moves[i, 1]
        xx += weight * x * x
        xy += weight * x * y
        xs += weight * x
        yy += weight * y * y
        ys += weight * y
        total += weight
        ux += u * x
        uy += u * y
        us += u
        vx += v * x
        vy += v * y
        vs += v
    for axis in range(2):
        normal[0, 0], normal[1, 1], normal[2, 2] = xx + 1e-9, yy + 1e-9, total + 1e-9
        normal[0, 1] = normal[1, 0] = xy
        normal[0, 2] = normal[2, 0] = xs
        normal[1, 2] = normal[2, 1] = ys
        right[0], right[1], right[2] = (ux, uy, us) if axis == 0 else (vx, vy, vs)
        _solve(normal, right, 3)
        out[axis, :] = right[:3]


@part
def _fit_similarity(points: F32, moves: F32, weights: F64, normal: F64, right: F64, out: F64) -> None:
    """The same for u = s x - r y + tx, v = r x + s y + ty (small roll r, scale s)."""
    normal[:] = 0.0
    right[:] = 0.0
    for i in range(points.shape[0]):
        weight, x, y = weights[i], np.float64(points[i, 0]), np.float64(points[i, 1])
        u, v = moves[i, 0], moves[i, 1]
        normal[0, 0] += weight * (x * x + y * y)
        normal[0, 2] += weight * x
        normal[0, 3] += weight * y
        normal[2, 2] += weight
        right[0] += weight * (x * u + y * v)
        right[1] += weight * (x * v - y * u)
        right[2] += weight * u
        right[3] += weight * v
    normal[1, 1], normal[1, 2], normal[1, 3] = normal[0, 0], -normal[0, 3], normal[0, 2]
    normal[3, 3] = normal[2, 2]
    for i in range(4):
        normal[i, i] += 1e-9
        for j in range(i):
            normal[i, j] = normal[j, i]
    _solve(normal, right, 4)
    out[0, 0], out[0, 1], out[0, 2] = right[0], -right[1], right[2]
    out[1, 0], out[1, 1], out[1, 2] = right[1], right[0], right[3]


@kernel
def fit_motion(
    points: F32, moves: F32, trust: F32, affine: bool, rounds: int, least_px: float, out: F64
) -> float:
    """The motion (2, 3), u = out[0] . (x, y, 1), that most of the trusted vectors follow; returns its spread.

    Expectation-maximisation for Cauchy residuals (Lange, Little, Taylor 1989): weighted least squares in
    turn with weights 3 / (1 + r^2 / s^2), s^2 the weighted mean square, never under `least_px`. A part of
    the face that moves by itself ends up far out in the tail and has next to no say.

    Args: points (n, 2), moves (n, 2); trust (n,), zero or more. out (2, 3) float64, written.
    """
    count = points.shape[0]
    weights, squares = np.empty(count), np.empty(count)
    normal, right = np.zeros((4, 4)), np.zeros(4)
    total = 1e-12
    for i in range(count):
        weights[i] = trust[i]
        total += trust[i]
    spread = 0.0
    for _ in range(rounds):
        if affine:
            _fit_affine(points, moves, weights, normal, right, out)
        else:
            _fit_similarity(points, moves, weights, normal, right, out)
        spread = 0.0
        for i in range(count):
            x, y = points[i, 0], points[i, 1]
            du = moves[i, 0] - (out[0, 0] * x + out[0, 1] * y + out[0, 2])
            dv = moves[i, 1] - (out[1, 0] * x + out[1, 1] * y + out[1, 2])
            squares[i] = du * du + dv * dv
            spread += weights[i] * squares[i]
        spread = max(0.5 * spread / total, least_px**2)
        for i in range(count):
            weights[i] = trust[i] * 3.0 / (1.0 + squares[i] / spread)
    return np.sqrt(spread)
