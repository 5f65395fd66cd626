"""The learned spotter's network: causal convolutions over the features of one face, 50 steps a second.

Temporal convolutions with doubling dilation (Bai, Kolter, Koltun 2018), gated, each step normalised over
its channels only, so that running on a whole sequence and step by step give the same.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from realtime.spotting.evidence import FEATURES, LARGE, MOVING
from realtime.spotting.outputs import OUTPUTS

CHANNELS = 128
DILATIONS = (1, 2, 4, 8, 16, 32)
KERNEL = 3
MIXED = 64  # sums of movements, taken before large ones are made small: one may cancel another


def compressed(x: Tensor) -> Tensor:
    """The inverse hyperbolic sine, in operations that ONNX export knows: large ones by their logarithm."""
    size = torch.abs(x)
    return torch.sign(x) * torch.log(size + torch.sqrt(size * size + 1))


class Layer(nn.Module):
    """One gated causal convolution with its own past."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.reach = (KERNEL - 1) * dilation
        self.norm = nn.LayerNorm(channels)
        self.conv = nn.Conv1d(channels, 2 * channels, KERNEL, dilation=dilation)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, channels, steps) and what came before, (batch, channels, reach) -> the same, later."""
        normed = torch.cat([past, self.norm(x.transpose(1, 2)).transpose(1, 2)], dim=2)
        moved = functional.glu(self.conv(normed), dim=1)
        return x + self.drop(moved), normed[:, :, -self.reach :]


class SpotNet(nn.Module):
    """Features in, evidence out; `past` is the state."""

    def __init__(
        self, channels: int = CHANNELS, dilations: tuple[int, ...] = DILATIONS, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.mix = nn.Conv1d(MOVING, MIXED, 1, bias=False)
        self.enter = nn.Conv1d(FEATURES + MIXED, channels, 1)
        self.layers = nn.ModuleList(Layer(channels, dilation, dropout) for dilation in dilations)
        self.reaches = tuple((KERNEL - 1) * dilation for dilation in dilations)
        self.leave = nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, len(OUTPUTS)))
        self.channels, self.dilations = channels, dilations

    @property
    def reach(self) -> int:
        """Steps of state over all layers."""
        return sum(self.reaches)

    @property
    def is_smaller(self) -> bool:
        """Than a network of today."""
        return (self.channels, self.dilations) != (CHANNELS, DILATIONS)

    def start(self, batch: int) -> Tensor:
        return torch.zeros(batch, self.channels, self.reach)

    def forward(self, features: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, steps, FEATURES), (batch, channels, reach) -> (batch, steps, OUTPUTS), the new past."""
        seen = features.transpose(1, 2)
        large = torch.cat([seen[:, :LARGE], self.mix(seen[:, :MOVING])], dim=1)
        x = self.enter(torch.cat([compressed(large), seen[:, LARGE:]], dim=1))
        kept: list[Tensor] = []
        at = 0
        for layer, reach in zip(self.layers, self.reaches, strict=True):
            x, after = layer(x, past[:, :, at : at + reach])
            kept.append(after)
            at += reach
        return self.leave(x.transpose(1, 2)), torch.cat(kept, dim=2)
