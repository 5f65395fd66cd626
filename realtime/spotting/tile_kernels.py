"""Numba kernels of the spotter: tiles followed from a reference chip, and the head motion among them.

Inverse compositional alignment (Baker and Matthews 2004, section 3.2) of square tiles by translation:
gradients and Hessians belong to the reference and are computed once for it, so that following a chip
costs only the sampling. Each tile's mean is removed on both sides, which makes it blind to brightness.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.compiled import exact, kernel, part

F32 = NDArray[np.float32]


@kernel
def prepare_tiles(reference: F32, centres: NDArray[np.int64], half: int, patches: F32, hessians: F32) -> None:
    """Patches (n, 3, side, side) and Hessians (n, 3: xx, xy, yy) of every tile, written in place.

    A patch holds the tile's pixels, and its gradients along x and y less their means.
    """
    side, width = 2 * half + 1, reference.shape[1]
    of_tiles, flat = patches.ravel(), reference.ravel()
    area = np.float32(side**2)
    for tile in range(centres.shape[0]):
        place = (centres[tile, 0] - half) * width + centres[tile, 1] - half
        sx, sy, sxx, sxy, syy = _cut_tile(flat, width, place, of_tiles, tile, side)
        _subtract(of_tiles, (3 * tile + 1) * side * side, side * side, sx / area)
        _subtract(of_tiles, (3 * tile + 2) * side * side, side * side, sy / area)
        hessians[tile, 0] = sxx - sx * sx / area
        hessians[tile, 1] = sxy - sx * sy / area
        hessians[tile, 2] = syy - sy * sy / area


@part
def _cut_tile(
    picture: F32, width: int, place: int, patches: F32, tile: int, side: int
) -> tuple[np.float32, np.float32, np.float32, np.float32, np.float32]:
    """Writes one tile's pixels and gradients; the sums of the gradients and of their products.

    Arrays are flat, and all places in them unsigned: a signed index may count from the end, and looking
    whether it does keeps a loop from vectorising; a slice per row would cost more than the row.
    """
    one, below, length = np.uintp(1), np.uintp(width), np.uintp(side)
    size = length * length
    first, own = np.uintp(place), np.uintp(tile) * np.uintp(3) * size
    half = np.float32(0.5)
    sx = sy = sxx = sxy = syy = np.float32(0)
    for _ in range(side):
        for column in range(length):
            i, k = first + column, own + column
            gx = half * (picture[i + one] - picture[i - one])
            gy = half * (picture[i + below] - picture[i - below])
            patches[k] = picture[i]
            patches[k + size] = gx
            patches[k + size + size] = gy
            sx += gx
            sy += gy
            sxx += gx * gx
            sxy += gx * gy
            syy += gy * gy
        first += below
        own += length
    return sx, sy, sxx, sxy, syy


@part
def _subtract(values: F32, start: int, count: int, mean: np.float32) -> None:
    first = np.uintp(start)
    for i in range(np.uintp(count)):
        values[first + i] -= mean


@part
def _tile_error(
    patches: F32, tile: int, side: int, chip: F32, width: int, left: float, top: float
) -> tuple[np.float32, np.float32, np.float32]:
    """(sum of gx * r, sum of gy * r, sum of r * r) with r the tile's difference less its mean.

    `patches` and `chip` are flat, all places in them unsigned: see `_cut_tile`.
    """
    height = chip.shape[0] // width
    x0 = min(max(left, 0.0), width - side - 1.001)
    y0 = min(max(top, 0.0), height - side - 1.001)
    ix, iy = int(x0), int(y0)
    ax, ay = np.float32(x0 - ix), np.float32(y0 - iy)
    one = np.float32(1)
    w00, w01, w10, w11 = (one - ax) * (one - ay), ax * (one - ay), (one - ax) * ay, ax * ay
    next_, below, length = np.uintp(1), np.uintp(width), np.uintp(side)
    area = length * length
    place, own = np.uintp(iy * width + ix), np.uintp(tile) * np.uintp(3) * area
    sr = srr = sgxr = sgyr = np.float32(0)
    for _ in range(side):
        for column in range(length):
            i, k = place + column, own + column
            moved = (
                w00 * chip[i] + w01 * chip[i + next_] + w10 * chip[i + below] + w11 * chip[i + below + next_]
            )
            r = moved - patches[k]
            sr += r
            srr += r * r
            sgxr += patches[k + area] * r
            sgyr += patches[k + area + area] * r
        place += below
        own += length
    return sgxr, sgyr, srr - sr * sr / np.float32(side * side)


@kernel
def follow_tiles(
    patches: F32,
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
    """Displacement (n, 2; x, y; px) of every tile from the reference to `chip`, written to `out`.

    Starts from the better of two guesses; stops under 0.01 px or after 8 steps; never moves farther
    than 4 px from its start. `error` gets the tile's remaining mean square difference.
    """
    side, width = 2 * half + 1, chip.shape[1]
    of_tiles, of_chip = patches.ravel(), chip.ravel()
    for tile in range(centres.shape[0]):
        top, left = centres[tile, 0] - half, centres[tile, 1] - half
        xx, xy, yy = hessians[tile, 0] + damping, hessians[tile, 1], hessians[tile, 2] + damping
        det = xx * yy - xy * xy
        dx, dy = guess_a[tile, 0], guess_a[tile, 1]
        bx, by, best = _tile_error(of_tiles, tile, side, of_chip, width, left + dx, top + dy)
        if guess_b[tile, 0] != dx or guess_b[tile, 1] != dy:
            new_x, new_y = guess_b[tile, 0], guess_b[tile, 1]
            ox, oy, other = _tile_error(of_tiles, tile, side, of_chip, width, left + new_x, top + new_y)
            if other < best:
                dx, dy, bx, by, best = new_x, new_y, ox, oy, other
        start_x, start_y = dx, dy
        for _ in range(8):
            step_x = (yy * bx - xy * by) / det
            step_y = (xx * by - xy * bx) / det
            new_x, new_y = dx - step_x, dy - step_y
            if (new_x - start_x) ** 2 + (new_y - start_y) ** 2 > 16.0:
                break
            ox, oy, other = _tile_error(of_tiles, tile, side, of_chip, width, left + new_x, top + new_y)
            if other > best:
                break
            dx, dy, bx, by, best = new_x, new_y, ox, oy, other
            if step_x * step_x + step_y * step_y < 1e-4:
                break
        out[tile, 0], out[tile, 1] = dx, dy
        error[tile] = best / np.float32(side * side)


@exact
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
