"""Movement of one face against its neutral reference: what the spotter listens to.

    chip --calm texture--> tiles followed from the reference --head motion removed--> region movements

The reference is a running mean of quiet chips, laid on its own grid by the head motion found for
them, so it is less noisy than any single chip. It learns with a delay, and only from chips that were
followed by quiet: the beginning of a movement never gets into it.

Tiles rather than a dense flow: `realtime.benches.regions` says what was measured, and why.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import ConfigError
from realtime.spotting import tile_kernels as kernels
from realtime.spotting.regions import TILE_HALF, region_weights, stable_weights, tile_centres
from realtime.types import CHIP_SIZE, FaceChip

F32 = NDArray[np.float32]

_CENTRES = tile_centres()
_POINTS = np.ascontiguousarray(_CENTRES[:, ::-1] - CHIP_SIZE / 2).astype(np.float32)  # x, y from the middle
_STABLE = stable_weights(_CENTRES)
_STABLE_TILES = np.flatnonzero(_STABLE)


@dataclass(frozen=True, slots=True)
class MotionConfig:
    """How movement is measured."""

    blur_px: float = 1.0  # chip pixels, against sensor noise
    damping: float = 100.0  # texture under which a tile is not believed to move
    rigid_scale_px: float = 0.2  # residual at which a stable tile loses most of its say
    rigid_rounds: int = 4
    doubt_px: float = 2.0  # a movement this large is looked for once more
    lost_px: float = 8.0  # a movement of the skin no face makes within one reference

    def __post_init__(self) -> None:
        if min(self.blur_px, self.damping, self.rigid_scale_px) <= 0 or self.rigid_rounds < 1:
            raise ConfigError("motion: blur_px, damping, rigid_scale_px and rigid_rounds must be positive")


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """One chip against the reference; head motion removed."""

    texture: F32  # (128, 128) the chip as the kernels saw it
    head: NDArray[np.float64]  # (2, 3) affine head motion, about the chip's middle, pixels
    tiles_px: F32  # (n, 2) x right, y down
    regions_px: F32  # (regions, 2)
    misfit: float  # what the tiles leave unexplained, as a share of the reference's own contrast


def texture_of(gray_u8: NDArray[np.uint8], blur_px: float) -> F32:
    """The chip smoothed, its mean removed and its contrast set to a standard deviation of 50."""
    smooth = cv2.GaussianBlur(gray_u8.astype(np.float32), (0, 0), blur_px)
    mean, deviation = cv2.meanStdDev(smooth)
    return (smooth - np.float32(mean[0, 0])) * np.float32(50.0 / max(deviation[0, 0], 4.0))


class FaceMotion:
    """Follows the tiles of one face. Not thread-safe: it lives on `analyse`."""

    def __init__(self, config: MotionConfig) -> None:
        self._config = config
        side = 2 * TILE_HALF + 1
        self._patches = np.zeros((len(_CENTRES), 3, side, side), np.float32)
        self._hessians = np.zeros((len(_CENTRES), 3), np.float32)
        self._reference: F32 = np.zeros((CHIP_SIZE, CHIP_SIZE), np.float32)
        self._ready = False
        self._weights = np.zeros(0, np.float32)
        self._trust: F32 = np.zeros(len(_CENTRES), np.float32)
        self._last: Movement | None = None

    @property
    def ready(self) -> bool:
        return self._ready

    @property
    def trust(self) -> F32:
        """(n,) how well the reference's texture holds each tile, 0 to 1."""
        return self._trust

    def restart(self, chip: FaceChip) -> None:
        """Make this chip the reference."""
        self._weights = region_weights(chip, _CENTRES)
        self._last = None
        self._adopt(texture_of(chip.gray_u8, self._config.blur_px))

    def learn(self, movement: Movement, share: float) -> None:
        """Mix a quiet chip into the reference, on the reference's grid; `share` is its weight."""
        aligned = cv2.warpAffine(
            movement.texture, _about_origin(movement.head), (CHIP_SIZE, CHIP_SIZE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        self._adopt(self._reference + np.float32(share) * (aligned - self._reference))

    def step(self, chip: FaceChip) -> Movement:
        """Movement of the next chip against the reference."""
        texture = texture_of(chip.gray_u8, self._config.blur_px)
        moved, error = self._follow(texture, *self._guesses())
        head = self._head_of(moved)
        tiles = moved - _carried(head)
        if np.abs(tiles).max() > self._config.doubt_px:
            # a jump of the head leaves some tiles behind: let them start again from where it carried them
            moved, error = self._follow(texture, moved, _carried(head))
            head = self._head_of(moved)
            tiles = moved - _carried(head)
        # a tile this far off has lost its texture (an open mouth, a hand): it has nothing to say
        tiles[np.linalg.norm(tiles, axis=1) > self._config.lost_px] = 0
        movement = Movement(
            texture, head, tiles, self.regions_of(tiles), float(error.mean()) / self._contrast
        )
        self._last = movement
        return movement

    def _adopt(self, reference: F32) -> None:
        self._ready = True
        self._reference = np.ascontiguousarray(reference, np.float32)
        kernels.prepare_tiles(self._reference, _CENTRES, TILE_HALF, self._patches, self._hessians)
        self._contrast = float(self._reference.var()) + 1.0
        xx, xy, yy = self._hessians.T
        weakest = 0.5 * (xx + yy - np.sqrt((xx - yy) ** 2 + 4 * xy**2))
        self._trust = weakest / (weakest + 10 * self._config.damping)
        summed = self._weights @ self._hessians + np.array([10.0, 0.0, 10.0], np.float32)
        self._region_hessians = np.stack([summed[:, [0, 1]], summed[:, [1, 2]]], axis=1)

    def _guesses(self) -> tuple[F32, F32]:
        """Where all that was seen last, and where the head motion alone, would have the tiles."""
        if self._last is None:
            nowhere = np.zeros((len(_CENTRES), 2), np.float32)
            return nowhere, nowhere
        rigid = _carried(self._last.head)
        return rigid + self._last.tiles_px, rigid

    def _follow(self, texture: F32, guess: F32, other_guess: F32) -> tuple[F32, F32]:
        moved, error = np.empty_like(guess), np.empty(len(_CENTRES), np.float32)
        kernels.follow_tiles(
            self._patches, self._hessians, texture, _CENTRES, TILE_HALF,
            guess, other_guess, self._config.damping, moved, error,
        )  # fmt: skip
        return moved, error

    def _head_of(self, moved: F32) -> NDArray[np.float64]:
        """Affine motion of the stable tiles."""
        head = np.zeros((2, 3))
        kernels.fit_affine(
            _POINTS[_STABLE_TILES], moved[_STABLE_TILES], self._trust[_STABLE_TILES] * _STABLE[_STABLE_TILES],
            self._config.rigid_scale_px, self._config.rigid_rounds, head,
        )  # fmt: skip
        return head

    def regions_of(self, tiles: F32) -> F32:
        """(regions, 2) least-squares translations: tiles speak along the directions they can see."""
        xx, xy, yy = self._hessians.T
        pulls = np.stack([xx * tiles[:, 0] + xy * tiles[:, 1], xy * tiles[:, 0] + yy * tiles[:, 1]], axis=1)
        return np.linalg.solve(self._region_hessians, (self._weights @ pulls)[..., None])[..., 0].astype(
            np.float32
        )


def _carried(head: NDArray[np.float64]) -> F32:
    """(n, 2) movement that the head motion alone gives every tile."""
    return (_POINTS @ head[:, :2].T + head[:, 2]).astype(np.float32)


def _about_origin(head: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same motion as a map of chip pixels: x -> x + A (x - middle) + b."""
    matrix = head.copy()
    matrix[:, 2] -= head[:, :2] @ np.full(2, CHIP_SIZE / 2)
    matrix[:, :2] += np.eye(2)
    return matrix


def warm_up() -> None:
    """Compile or load every kernel of the spotter, so that nothing compiles once frames come."""
    texture = np.random.default_rng(0).integers(0, 255, (CHIP_SIZE, CHIP_SIZE)).astype(np.uint8)
    landmarks_px = np.full((468, 2), CHIP_SIZE / 2, np.float32)
    chip = FaceChip("", 0, 0, 0, texture, np.eye(2, 3), landmarks_px, 60.0, 1.0, frozenset())
    motion = FaceMotion(MotionConfig())
    motion.restart(chip)
    motion.learn(motion.step(chip), 0.5)
