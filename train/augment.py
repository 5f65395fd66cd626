"""Augmentation of motion maps that is exact, or nearly so, in the published representation.

Everything happens on the flow maps; direction maps are recomputed from them by table, as released. A
batch is (n, 2, 28, 28, 3) float32, values 0..255, channels strain, v, u.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from engine.errors import ConfigError
from realtime.maps import DIRECTION_BGR, U, V

_DIRECTION = torch.from_numpy(DIRECTION_BGR.copy()).float()  # (256, 256, 3), indexed [v, u]


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """Chances 0..1, and ranges drawn evenly from -x to x."""

    mirror: float = 0.5
    reverse: float = 0.5  # time runs backwards
    shift: float = 2.0  # of the face within the crop, rows and columns
    scale: float = 0.1  # of the face within the crop, rows and columns apart
    noise: float = 0.0  # standard deviation, levels
    mix: float = 0.0  # chance that the second phase comes from another sample of the same class
    stretch: float = 0.0  # chance that maps fill more of 0..255, as they do where nothing but the face moves

    def __post_init__(self) -> None:
        chances = (self.mirror, self.reverse, self.mix, self.stretch)
        if not all(0.0 <= chance <= 1.0 for chance in chances):
            raise ConfigError(f"mirror, reverse, mix and stretch are chances from 0 to 1, not {chances}")
        if min(self.shift, self.noise) < 0.0 or not 0.0 <= self.scale < 1.0:
            raise ConfigError("shift and noise must not be negative, scale lies in [0, 1)")


NOTHING = AugmentConfig(mirror=0.0, reverse=0.0, shift=0.0, scale=0.0)


def augment(flows: Tensor, labels: Tensor, config: AugmentConfig, rng: Generator) -> Tensor:
    """A changed copy of the flow maps; labels (n,) are only read, to mix phases within a class."""
    if config.mix:
        flows = mix_phases(flows, labels, config.mix, rng)
    if config.mirror:
        flows = torch.where(_chance(flows, config.mirror, rng), mirror(flows), flows)
    if config.reverse:
        flows = torch.where(_chance(flows, config.reverse, rng), reverse(flows), flows)
    if config.shift or config.scale:
        flows = move_face(flows, config.shift, config.scale, rng)
    if config.stretch:
        flows = torch.where(_chance(flows, config.stretch, rng), stretch(flows, rng), flows)
    if config.noise:
        flows = flows + config.noise * torch.randn(flows.shape, generator=rng)
    return flows.clamp(0.0, 255.0)


def complete(flows: Tensor) -> Tensor:
    """(n, 2, 28, 28, 3) flow maps to the network's (n, 4, 28, 28, 3): rounded, direction maps appended."""
    flows = flows.round()
    index = flows.long()
    return torch.cat([flows, _DIRECTION[index[..., V], index[..., U]]], dim=1)


def mirror(flows: Tensor) -> Tensor:
    """Left and right exchanged: columns reversed and u turned."""
    flipped = flows.flip(3)
    flipped[..., U] = 255.0 - flipped[..., U]
    return flipped


def reverse(flows: Tensor) -> Tensor:
    """Time reversed: phases exchanged, both components turned; strain stays."""
    swapped = flows.flip(1)
    swapped[..., V] = 255.0 - swapped[..., V]
    swapped[..., U] = 255.0 - swapped[..., U]
    return swapped


def mix_phases(flows: Tensor, labels: Tensor, chance: float, rng: Generator) -> Tensor:
    """With `chance`, a sample's second phase is that of a random sample of its class in the batch."""
    same = (labels[:, None] == labels[None, :]).float()
    partner = torch.multinomial(same, 1, generator=rng).squeeze(1)
    take = torch.rand(len(flows), generator=rng) < chance
    second = torch.where(take[:, None, None, None], flows[partner, 1], flows[:, 1])
    return torch.stack([flows[:, 0], second], dim=1)


def move_face(flows: Tensor, shift: float, scale: float, rng: Generator) -> Tensor:
    """The face elsewhere in the crop and of another size: one warp per sample, same for both phases."""
    n, _, height, width, _ = flows.shape
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = 1.0 + scale * _even((2, n), rng)
    theta[:, 0, 2] = shift * 2.0 / width * _even((n,), rng)
    theta[:, 1, 2] = shift * 2.0 / height * _even((n,), rng)
    images = flows.permute(0, 1, 4, 2, 3).reshape(n, 6, height, width)
    grid = F.affine_grid(theta, [n, 6, height, width], align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return moved.reshape(n, 2, 3, height, width).permute(0, 1, 3, 4, 2)


def stretch(flows: Tensor, rng: Generator) -> Tensor:
    """Each channel of each map spread by a random part of the way to its own full 0..255.

    Min-max scaling at full resolution leaves room for single noisy pixels; smooth live flow has none, so
    its maps are more extreme. Any such affine change keeps the motion's shape.
    """
    part = torch.rand(*flows.shape[:2], 1, 1, 3, generator=rng)
    low = part * flows.amin(dim=(2, 3), keepdim=True)
    high = 255.0 + part * (flows.amax(dim=(2, 3), keepdim=True) - 255.0)
    return (flows - low) * 255.0 / (high - low).clamp_min(1.0)


def _chance(flows: Tensor, chance: float, rng: Generator) -> Tensor:
    return (torch.rand(len(flows), generator=rng) < chance)[:, None, None, None, None]


def _even(shape: tuple[int, ...], rng: Generator) -> Tensor:
    return 2.0 * torch.rand(shape, generator=rng) - 1.0
