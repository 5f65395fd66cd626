"""Numba kernels of the window flow: picture filters, pyramids and warping.

All arrays are float32 and belong to the caller; planes are (height, width). Borders repeat the last
pixel. Everything here runs on the calling thread and keeps no state, so two windows may be computed at
once. `realtime.flow.level` says what the equations are and where they come from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.compiled import kernel, part

F32 = NDArray[np.float32]


@kernel
def convolve(plane: F32, taps_y: F32, taps_x: F32, between: F32, out: F32) -> None:
    """Separable correlation with two odd-length filters; `between` is scratch, `out` may be `plane`."""
    height, width = plane.shape
    half_y, half_x = taps_y.shape[0] // 2, taps_x.shape[0] // 2
    for y in range(height):
        row = between[y]
        row[:] = 0.0
        first, taps = y - half_y, taps_y.shape[0]
        for k in range(0, taps - 3, 4):  # four at a time: the sum goes to memory a quarter as often
            a, b = plane[_held(first + k, height)], plane[_held(first + k + 1, height)]
            c, d = plane[_held(first + k + 2, height)], plane[_held(first + k + 3, height)]
            of_a, of_b, of_c, of_d = taps_y[k], taps_y[k + 1], taps_y[k + 2], taps_y[k + 3]
            for x in range(width):
                row[x] += of_a * a[x] + of_b * b[x] + of_c * c[x] + of_d * d[x]
        for k in range(taps - taps % 4, taps):
            source, tap = plane[_held(first + k, height)], taps_y[k]
            for x in range(width):
                row[x] += tap * source[x]
    for y in range(height):
        row, target = between[y], out[y]
        for x in range(half_x):
            target[x] = _clamped(row, taps_x, x - half_x)
            target[width - 1 - x] = _clamped(row, taps_x, width - 1 - x - half_x)
        inner = target[half_x : width - half_x]
        inner[:] = 0.0
        last, taps = width - 2 * half_x, taps_x.shape[0]
        for k in range(0, taps - 3, 4):
            a, b, c, d = row[k : last + k], row[k + 1 : last + k + 1], row[k + 2 : last + k + 2], row[k + 3 :]
            of_a, of_b, of_c, of_d = taps_x[k], taps_x[k + 1], taps_x[k + 2], taps_x[k + 3]
            for x in range(inner.shape[0]):
                inner[x] += of_a * a[x] + of_b * b[x] + of_c * c[x] + of_d * d[x]
        for k in range(taps - taps % 4, taps):
            shifted, tap = row[k : last + k], taps_x[k]
            for x in range(inner.shape[0]):
                inner[x] += tap * shifted[x]


@part
def _held(place: int, size: int) -> int:
    """The nearest place inside."""
    return min(max(place, 0), size - 1)


@part
def _clamped(row: F32, taps: F32, first: int) -> np.float32:
    total = np.float32(0.0)
    for k in range(taps.shape[0]):
        total += taps[k] * row[min(max(first + k, 0), row.shape[0] - 1)]
    return total


@part
def _cubic(t: np.float32) -> tuple[np.float32, np.float32, np.float32, np.float32]:
    """Catmull-Rom weights of the four pixels around a place `t` past the second one (Keys 1981)."""
    half = np.float32(0.5)
    one, two = np.float32(1.0), np.float32(2.0)
    three, four, five = np.float32(3.0), np.float32(4.0), np.float32(5.0)
    first = half * t * (t * (two - t) - one)
    second = half * (t * t * (three * t - five) + two)
    third = half * t * (t * (four - three * t) + one)
    return first, second, third, half * t * t * (t - one)


@kernel
def warp(plane: F32, u: F32, v: F32, out: F32, inside: F32) -> None:
    """out(x, y) = plane(x + u, y + v), bicubic; `inside` is 1 where that place is in the picture, else 0."""
    height, width = plane.shape
    right, bottom = np.float32(width - 1), np.float32(height - 1)
    zero, one = np.float32(0.0), np.float32(1.0)
    for y in range(height):
        for x in range(width):
            at_x, at_y = x + u[y, x], y + v[y, x]
            near_x, near_y = min(max(at_x, zero), right), min(max(at_y, zero), bottom)
            inside[y, x] = one if near_x == at_x and near_y == at_y else zero
            column, row = int(near_x), int(near_y)
            a, b, c, d = _cubic(np.float32(near_x - column))
            e, f, g, h = _cubic(np.float32(near_y - row))
            left, next_, far = max(column - 1, 0), min(column + 1, width - 1), min(column + 2, width - 1)
            top, upper = plane[max(row - 1, 0)], plane[row]
            lower, low = plane[min(row + 1, height - 1)], plane[min(row + 2, height - 1)]
            out[y, x] = (
                e * (a * top[left] + b * top[column] + c * top[next_] + d * top[far])
                + f * (a * upper[left] + b * upper[column] + c * upper[next_] + d * upper[far])
                + g * (a * lower[left] + b * lower[column] + c * lower[next_] + d * lower[far])
                + h * (a * low[left] + b * low[column] + c * low[next_] + d * low[far])
            )


@kernel
def add_squared_slopes(plane: F32, out: F32) -> None:
    """out += |grad plane|^2, half the sum of the squared steps to the four neighbours in the picture."""
    height, width = plane.shape
    half = np.float32(0.5)
    for y in range(height):
        row, above, below = plane[y], plane[max(y - 1, 0)], plane[min(y + 1, height - 1)]
        target = out[y]
        for x in (0, width - 1):
            side = row[min(x + 1, width - 1)] - row[max(x - 1, 0)]
            up, down = row[x] - above[x], below[x] - row[x]
            target[x] += half * (side * side + up * up + down * down)
        left, own, right, inner = row[: width - 2], row[1 : width - 1], row[2:], target[1 : width - 1]
        over, under = above[1 : width - 1], below[1 : width - 1]
        for x in range(inner.shape[0]):
            a, b, c, d = own[x] - left[x], right[x] - own[x], own[x] - over[x], under[x] - own[x]
            inner[x] += half * (a * a + b * b + c * c + d * d)


@kernel
def halve(plane: F32, out: F32) -> None:
    """Mean of every 2x2 block; out is (height // 2, width // 2)."""
    quarter = np.float32(0.25)
    for y in range(out.shape[0]):
        upper, lower, row = plane[2 * y], plane[2 * y + 1], out[y]
        for x in range(out.shape[1]):
            row[x] = quarter * (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1])


@kernel
def double(plane: F32, factor: float, out: F32) -> None:
    """Bilinear to twice the size, pixel centres kept in place; values are multiplied by `factor`."""
    height, width = plane.shape
    near, far = np.float32(0.75), np.float32(0.25)
    for y in range(out.shape[0]):
        other_y = min(max(y // 2 + (1 if y % 2 else -1), 0), height - 1)
        for x in range(out.shape[1]):
            other_x = min(max(x // 2 + (1 if x % 2 else -1), 0), width - 1)
            own = near * plane[y // 2, x // 2] + far * plane[y // 2, other_x]
            across = near * plane[other_y, x // 2] + far * plane[other_y, other_x]
            out[y, x] = np.float32(factor) * (near * own + far * across)
