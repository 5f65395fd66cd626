"""What MOL sees of a window: some frames spread evenly over it, held still.

A head that sways moves every pixel of the face, often farther than a micro-expression does. The frames are
laid on the middle one by the similarity (shift, turn, size) that explains most of the change between them;
places where something else happens count little.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.types import Affine, Window

FRAMES = 8
ROUNDS = 3
FAINT = 3.0  # gray levels of difference from which a place counts half

Grays = NDArray[np.uint8]  # (frames, size, size)
F64 = NDArray[np.float64]


def spread(first: float, last: float, frames: int = FRAMES) -> list[int]:
    """Whole positions, evenly from `first` to `last`, both included; in a short window some come twice."""
    return [round(at) for at in np.linspace(first, last, frames).tolist()]


def window_frames(window: Window, frames: int = FRAMES) -> Grays:
    """(frames, 128, 128) of the window's chips from onset to offset, held still. The apex plays no part."""
    chips = [window.chips[at].gray_u8 for at in spread(window.onset, window.offset, frames)]
    return steadied(chips)[0]


def steadied(grays: Sequence[NDArray[np.uint8]]) -> tuple[Grays, F64]:
    """The frames laid on the middle one.

    Args: (size, size) gray pictures of one face, in time order.
    Returns: (frames, size, size) pictures, and (frames, 2, 3) transforms, held-still pixels to those given.
    Source: Lucas and Kanade 1981 with the constant template of Baker and Matthews 2004; the weights of
        places are those of a Cauchy distribution.
    """
    template = _Template(grays[len(grays) // 2])
    moved = np.stack([template.fit(gray) for gray in grays])
    return np.stack([_laid(gray, each) for gray, each in zip(grays, moved, strict=True)]), moved


class _Template:
    """The middle frame at half size, and how it changes when it is shifted, turned, made larger, lit up."""

    def __init__(self, gray: NDArray[np.uint8]) -> None:
        self._small = _halved(gray)
        x, y = np.meshgrid(*2 * [np.linspace(-1, 1, len(self._small))])
        dx, dy = (
            cv2.Sobel(self._small, cv2.CV_64F, *each, ksize=3, scale=1 / 8) for each in ((1, 0), (0, 1))
        )
        kinds = (dx, dy, x * dx + y * dy, x * dy - y * dx, np.ones_like(dx))
        self._slopes = np.stack([kind.ravel() for kind in kinds])  # (5, places)

    def fit(self, gray: NDArray[np.uint8]) -> Affine:
        """(2, 3) pixels of the template to those of `gray`, whose face lies there."""
        small = _halved(gray)
        moved = np.eye(3)
        for _ in range(ROUNDS):
            off = (_laid(small, moved[:2]) - self._small).ravel()
            off -= np.median(off)
            weighted = self._slopes / (1 + (off / FAINT) ** 2)
            step = np.linalg.solve(weighted @ self._slopes.T + 1e-6 * np.eye(5), weighted @ off)
            moved = moved @ self._back(step)
        return _doubled(moved)[:2]

    def _back(self, step: F64) -> F64:
        """(3, 3): the small motion that undoes `step`, about the middle of the picture."""
        half = (len(self._small) - 1) / 2
        right, down, wider, turned = step[:4].tolist()
        turn = np.array([[wider, -turned], [turned, wider]]) / half
        shift = np.array([right, down]) - turn @ (half, half)
        return np.eye(3) - np.vstack([np.column_stack([turn, shift]), np.zeros(3)])


def _halved(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    small = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.float32)


def _doubled(moved: F64) -> F64:
    """A transform of pixels of half size as one of whole pixels: their middles lie at (p - 0.5) / 2."""
    whole = np.array([[2.0, 0, 0.5], [0, 2.0, 0.5], [0, 0, 1]])
    return np.asarray(whole @ moved @ np.linalg.inv(whole))


def _laid(gray: NDArray, moved: F64) -> NDArray:
    """`gray` seen through `moved`, template pixels to its own."""
    size = gray.shape[1], gray.shape[0]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(gray, moved, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))
