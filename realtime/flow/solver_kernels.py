"""Numba kernels of the window flow's linear system: the data term, the smoothness bonds, the solver.

Planes are flat float32 arrays: the picture's rows one after another, with one empty row before and one
after, so that each pixel has a neighbour on every side and every loop is one stride that vectorises.
A bond ties a pixel to the one on its right (`across`) or below (`down`); it is 0 where it would leave
the picture, which makes the wrap from row to row harmless. Loops run over slices and write one array,
because neither offsets inside an index nor many outputs vectorise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.compiled import kernel, part

F32 = NDArray[np.float32]


@kernel
def weigh_residual(residual: F32, inside: F32, noise: float, robust: float, out: F32) -> None:
    """Weight of every pixel's data: 1 / noise^2, less where the pictures disagree (Cauchy)."""
    weight = np.float32(1.0 / noise**2)
    slope = np.float32(1.0 / (robust * noise) ** 2)
    for i in range(out.shape[0]):
        out[i] = inside[i] * weight / (np.float32(1.0) + slope * residual[i] * residual[i])


@kernel
def weighted_product(weight: F32, a: F32, b: F32, out: F32) -> None:
    """out = weight a b."""
    for i in range(out.shape[0]):
        out[i] = weight[i] * a[i] * b[i]


@kernel
def add_weighted_products(weight: F32, a: F32, b: F32, c: F32, d: F32, out: F32) -> None:
    """out += weight (a b + c d)."""
    for i in range(out.shape[0]):
        out[i] += weight[i] * (a[i] * b[i] + c[i] * d[i])


@kernel
def soften(slopes: F32, stiffness: float, bend: float) -> None:
    """slopes <- stiffness / (1 + slopes / bend^2)^(9/16): what a pixel resists further bending with."""
    one, stiff, scale = np.float32(1.0), np.float32(stiffness), np.float32(1.0 / bend**2)
    for i in range(slopes.shape[0]):
        half_power = one / np.sqrt(one + scale * slopes[i])
        slopes[i] = stiff * half_power * np.sqrt(np.sqrt(np.sqrt(half_power)))


@kernel
def set_bonds(firmness: F32, width: int, bonds: F32) -> None:
    """Bonds (2, n), across and down: the mean firmness of both ends; 0 where they would leave the picture."""
    pixels = firmness.shape[0] - 2 * width
    own = firmness[width : width + pixels]
    right, below = firmness[width + 1 : width + pixels + 1], firmness[2 * width :]
    across, down = bonds[0, width : width + pixels], bonds[1, width : width + pixels]
    half = np.float32(0.5)
    for i in range(pixels):
        across[i] = half * (own[i] + right[i])
    for i in range(pixels):
        down[i] = half * (own[i] + below[i])
    across[width - 1 :: width] = np.float32(0.0)
    down[pixels - width :] = np.float32(0.0)


@part
def apply_system(diagonal: F32, cross: F32, bonds: F32, width: int, own: F32, other: F32, out: F32) -> float:
    """out = diagonal own + cross other - (neighbours of own, weighted by their bonds); returns own . out."""
    pixels = out.shape[0] - 2 * width
    first, last = width, width + pixels
    result, centre, beside = out[first:last], own[first:last], other[first:last]
    weight, mixed = diagonal[first:last], cross[first:last]
    to_right, to_left = bonds[0, first:last], bonds[0, first - 1 : last - 1]
    to_below, to_above = bonds[1, first:last], bonds[1, :pixels]
    right, left = own[first + 1 : last + 1], own[first - 1 : last - 1]
    below, above = own[2 * width :], own[:pixels]
    total = np.float32(0.0)
    for i in range(pixels):
        value = weight[i] * centre[i] + mixed[i] * beside[i]
        value -= (
            to_right[i] * right[i] + to_left[i] * left[i] + to_below[i] * below[i] + to_above[i] * above[i]
        )
        result[i] = value
        total += value * centre[i]
    return float(total)


@part
def _bond_sums(bonds: F32, width: int, out: F32) -> None:
    pixels = out.shape[0] - 2 * width
    first, last = width, width + pixels
    inner, to_right, to_left = out[first:last], bonds[0, first:last], bonds[0, first - 1 : last - 1]
    to_below, to_above = bonds[1, first:last], bonds[1, :pixels]
    for i in range(pixels):
        inner[i] = to_right[i] + to_left[i] + to_below[i] + to_above[i]


@part
def _add(scale: float, field: F32, out: F32) -> None:
    """out += scale field."""
    factor = np.float32(scale)
    for i in range(out.shape[0]):
        out[i] += factor * field[i]


@part
def _scale_and_add(scale: float, field: F32, out: F32) -> None:
    """out = scale out + field."""
    factor = np.float32(scale)
    for i in range(out.shape[0]):
        out[i] = factor * out[i] + field[i]


@part
def _mix(weight_a: F32, a: F32, weight_b: F32, b: F32, other: F32, out: F32) -> float:
    """out = weight_a a + weight_b b; returns other . out."""
    total = np.float32(0.0)
    for i in range(out.shape[0]):
        value = weight_a[i] * a[i] + weight_b[i] * b[i]
        out[i] = value
        total += value * other[i]
    return float(total)


@part
def _invert_blocks(uu: F32, uv: F32, vv: F32, inverse: F32) -> None:
    """Inverses (3, n) of the 2x2 blocks [[uu, uv], [uv, vv]]; a block of zeros becomes zeros."""
    scale = inverse[2]
    tiny = np.float32(1e-12)
    for i in range(uu.shape[0]):
        scale[i] = np.float32(1.0) / (uu[i] * vv[i] - uv[i] * uv[i] + tiny)
    for i in range(uu.shape[0]):
        inverse[0, i] = vv[i] * scale[i]
    for i in range(uu.shape[0]):
        inverse[1, i] = -uv[i] * scale[i]
    for i in range(uu.shape[0]):
        scale[i] *= uu[i]


@part
def _precondition(inverse: F32, rest: F32, out: F32) -> float:
    """out = inverse rest, block by block; returns rest . out."""
    along = _mix(inverse[0], rest[0], inverse[1], rest[1], rest[0], out[0])
    return along + _mix(inverse[1], rest[0], inverse[2], rest[1], rest[1], out[1])


@kernel
def solve_step(
    data: F32, bonds: F32, bent: F32, width: int, rounds: int, tolerance: float, work: F32, step: F32
) -> int:
    """The step that minimises data term + smoothness, by conjugate gradients; returns the rounds used.

    Minimises over `step` the sum over pixels of step' D step + 2 step . d, D = data[0..2] (uu, uv, vv) and
    d = data[3..4], plus the sum over bonds of bond * |difference of (bent + step) along it|^2.
    Preconditioned by the 2x2 diagonal blocks; stops after `rounds`, or when the preconditioned residual has
    shrunk to `tolerance` of what it was.

    Args: data (5, n); bonds (2, n): across, down; bent (2, n); work (11, n), zero at the first call;
    step (2, n), written. n is (height + 2) * width.
    """
    diagonal, inverse = work[0:2], work[2:5]
    rest, search, image = work[5:7], work[7:9], work[9:11]
    step[:] = np.float32(0.0)
    _bond_sums(bonds, width, diagonal[0])
    for k in range(2):
        apply_system(diagonal[0], inverse[0], bonds, width, bent[k], step[k], rest[k])
        _add(1.0, data[3 + k], rest[k])
        rest[k] *= np.float32(-1.0)
    diagonal[1] = diagonal[0]
    _add(1.0, data[0], diagonal[0])
    _add(1.0, data[2], diagonal[1])
    _invert_blocks(diagonal[0], data[1], diagonal[1], inverse)
    left = _precondition(inverse, rest, search)
    enough = left * tolerance**2
    for done in range(rounds):
        if left <= enough or left <= 0.0:
            return done
        bend = apply_system(diagonal[0], data[1], bonds, width, search[0], search[1], image[0])
        bend += apply_system(diagonal[1], data[1], bonds, width, search[1], search[0], image[1])
        length = left / bend
        for k in range(2):
            _add(length, search[k], step[k])
            _add(-length, image[k], rest[k])
        before, left = left, _precondition(inverse, rest, image)
        for k in range(2):
            _scale_and_add(left / before, image[k], search[k])
    return rounds
