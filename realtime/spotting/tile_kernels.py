"""Numba kernels of the spotter: tiles followed from a reference chip, and the head motion among them.

Inverse compositional alignment (Baker and Matthews 2004, section 3.2) of square tiles by translation:
gradients and Hessians belong to the reference and are computed once for it, so that following a chip
costs only the sampling. Each tile's mean is removed on both sides, which makes it blind to brightness.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FAST = {"nsz", "arcp", "contract", "afn", "reassoc"}

F32 = NDArray[np.float32]


@njit(cache=True, nogil=True, fastmath=FAST)
def prepare_tiles(
    reference: F32, centres: NDArray[np.int64], half: int, gradients: F32, hessians: F32
) -> None:
    """Gradients (2, H, W) and per-tile Hessians (n, 3: xx, xy, yy), both written in place."""
    height, width = reference.shape
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            gradients[0, y, x] = 0.5 * (reference[y, x + 1] - reference[y, x - 1])
            gradients[1, y, x] = 0.5 * (reference[y + 1, x] - reference[y - 1, x])
    count = np.float32((2 * half + 1) ** 2)
    for tile in range(centres.shape[0]):
        cy, cx = centres[tile, 0], centres[tile, 1]
        sx = sy = sxx = sxy = syy = np.float32(0)
        for y in range(cy - half, cy + half + 1):
            for x in range(cx - half, cx + half + 1):
                gx, gy = gradients[0, y, x], gradients[1, y, x]
                sx += gx
                sy += gy
                sxx += gx * gx
                sxy += gx * gy
                syy += gy * gy
        hessians[tile, 0] = sxx - sx * sx / count
        hessians[tile, 1] = sxy - sx * sy / count
        hessians[tile, 2] = syy - sy * sy / count


@njit(cache=True, nogil=True, fastmath=FAST)
def _tile_error(
    reference: F32, gradients: F32, chip: F32, cy: int, cx: int, half: int, dx: float, dy: float
) -> tuple[np.float32, np.float32, np.float32]:
    """(sum of gx * r, sum of gy * r, sum of r * r) with r the tile's difference less its mean."""
    height, width = chip.shape
    x0 = min(max(cx - half + dx, 0.0), width - 2.0 * half - 2.001)
    y0 = min(max(cy - half + dy, 0.0), height - 2.0 * half - 2.001)
    ix, iy = int(x0), int(y0)
    ax, ay = np.float32(x0 - ix), np.float32(y0 - iy)
    w00, w01 = (1 - ax) * (1 - ay), ax * (1 - ay)
    w10, w11 = (1 - ax) * ay, ax * ay
    sr = srr = sgx = sgy = sgxr = sgyr = np.float32(0)
    for row in range(2 * half + 1):
        y, v = cy - half + row, iy + row
        for column in range(2 * half + 1):
            x, u = cx - half + column, ix + column
            moved = w00 * chip[v, u] + w01 * chip[v, u + 1] + w10 * chip[v + 1, u] + w11 * chip[v + 1, u + 1]
            r = moved - reference[y, x]
            gx, gy = gradients[0, y, x], gradients[1, y, x]
            sr += r
            srr += r * r
            sgx += gx
            sgy += gy
            sgxr += gx * r
            sgyr += gy * r
    mean = sr / np.float32((2 * half + 1) ** 2)
    return sgxr - sgx * mean, sgyr - sgy * mean, srr - sr * mean


@njit(cache=True, nogil=True, fastmath=FAST)
def follow_tiles(
    reference: F32,
    gradients: F32,
    hessians: F32,
    chip: F32,
    centres: NDArray[np.int64],
    half: int,
    guess_a: F32,
    guess_b: F32,
    damping: float,
    out: F32,
    error: F32,
) -> None:
    """Displacement (n, 2; x, y; px) of every tile from `reference` to `chip`, written to `out`.

    Starts from the better of two guesses; stops under 0.01 px or after 8 steps; never moves farther
    than 4 px from its start. `error` gets the tile's remaining mean square difference.
    """
    count = np.float32((2 * half + 1) ** 2)
    for tile in range(centres.shape[0]):
        cy, cx = centres[tile, 0], centres[tile, 1]
        xx, xy, yy = hessians[tile, 0] + damping, hessians[tile, 1], hessians[tile, 2] + damping
        det = xx * yy - xy * xy
        dx, dy = guess_a[tile, 0], guess_a[tile, 1]
        bx, by, best = _tile_error(reference, gradients, chip, cy, cx, half, dx, dy)
        if guess_b[tile, 0] != dx or guess_b[tile, 1] != dy:
            ox, oy, other = _tile_error(
                reference, gradients, chip, cy, cx, half, guess_b[tile, 0], guess_b[tile, 1]
            )
            if other < best:
                dx, dy = guess_b[tile, 0], guess_b[tile, 1]
                bx, by, best = ox, oy, other
        start_x, start_y = dx, dy
        for _ in range(8):
            step_x = (yy * bx - xy * by) / det
            step_y = (xx * by - xy * bx) / det
            new_x, new_y = dx - step_x, dy - step_y
            if (new_x - start_x) ** 2 + (new_y - start_y) ** 2 > 16.0:
                break
            ox, oy, other = _tile_error(reference, gradients, chip, cy, cx, half, new_x, new_y)
            if other > best:
                break
            dx, dy, bx, by, best = new_x, new_y, ox, oy, other
            if step_x * step_x + step_y * step_y < 1e-4:
                break
        out[tile, 0], out[tile, 1] = dx, dy
        error[tile] = best / count


@njit(cache=True, nogil=True)
def fit_affine(
    points: F32, moves: F32, weights: F32, scale_px: float, rounds: int, out: NDArray[np.float64]
) -> None:
    """Affine motion (2, 3) that explains `moves` (n, 2) at `points` (n, 2), robustly; written to `out`.

    Iteratively reweighted least squares with Geman-McClure weights 1 / (1 + (r / scale)^2)^2, so that a
    moving brow among the stable points has little say.
    """
    n = points.shape[0]
    robust = np.ones(n)
    for _ in range(rounds):
        normal = np.zeros((3, 3))
        right = np.zeros((3, 2))
        for i in range(n):
            w = weights[i] * robust[i]
            basis = (np.float64(points[i, 0]), np.float64(points[i, 1]), 1.0)
            for a in range(3):
                for b in range(3):
                    normal[a, b] += w * basis[a] * basis[b]
                right[a, 0] += w * basis[a] * moves[i, 0]
                right[a, 1] += w * basis[a] * moves[i, 1]
        for a in range(3):
            normal[a, a] += 1e-9
        solved = np.linalg.solve(normal, right)
        for i in range(n):
            rx = moves[i, 0] - (solved[0, 0] * points[i, 0] + solved[1, 0] * points[i, 1] + solved[2, 0])
            ry = moves[i, 1] - (solved[0, 1] * points[i, 0] + solved[1, 1] * points[i, 1] + solved[2, 1])
            robust[i] = 1.0 / (1.0 + (rx * rx + ry * ry) / (scale_px * scale_px)) ** 2
        for a in range(3):
            out[0, a], out[1, a] = solved[a, 0], solved[a, 1]
