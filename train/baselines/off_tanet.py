"""Off-TANet: Zhang, Liu, Zhou, "Off-TANet: A Lightweight Neural Micro-expression Recognizer with Optical
Flow Features and Integrated Attention Mechanism", PRICAI 2021, doi 10.1007/978-3-030-89188-6_20.

A small residual network over the flow map from onset to apex (strain, v, u), whose last block attends over
channels, over places (both as in CBAM) and by four heads of self-attention between rows, with fixed position
codes. 59,403 parameters for three classes, as published.

Departure: the paper's input has 112 pixels, ours 28, so the two residual blocks before the attention do not
pool; the attention sees 14x14 places and the dense layers 8x7x7, as published.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from train.baselines.base import Baseline, BaselineConfig, flow_image

SIDE = 14  # of the maps that the attention sees


def convolution(taken: int, given: int) -> list[nn.Module]:
    return [nn.Conv2d(taken, given, 3, padding=1), nn.BatchNorm2d(given), nn.ReLU()]


class Residual(nn.Module):
    def __init__(self, taken: int, given: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(*convolution(taken, given), *convolution(given, given))
        self.shortcut = nn.Conv2d(taken, given, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.convolutions(x) + self.shortcut(x)


class ChannelAttention(nn.Module):
    """One weight per channel from its mean and its largest value."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Sequential(
            nn.Linear(width, 1, bias=False), nn.ReLU(), nn.Linear(1, width, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        weights = self.dense(x.mean(dim=(2, 3))) + self.dense(x.amax(dim=(2, 3)))
        return x * weights.sigmoid()[..., None, None]


class PlaceAttention(nn.Module):
    """One weight per place from its mean and its largest channel."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2, 1, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        both = torch.cat([x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)], dim=1)
        return x * self.convolution(both).sigmoid()


def position_codes(side: int) -> Tensor:
    """(side, side): sines and cosines of falling frequency, one per row and one per column, added."""
    at = torch.arange(side)
    angle = 10000.0 ** -(torch.div(at, 2, rounding_mode="floor") / side)
    code = torch.where(at % 2 == 0, angle.sin(), angle.cos())
    return code[:, None] + code[None, :]


class SelfAttention(nn.Module):
    """Per channel, scores between rows weigh the values: softmax over places of q (k + codes)^T, times v."""

    codes: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Conv2d(width, width, 1) for _ in range(3))
        self.register_buffer("codes", position_codes(SIDE), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.query(x), self.key(x), self.value(x)  # (n, width, side, side), all heads at once
        scores = q @ (k + self.codes).transpose(-1, -2)
        return scores.flatten(2).softmax(dim=2).reshape(scores.shape) * v


class TripleAttention(nn.Module):
    """(n, taken, 14, 14) to (n, given, 7, 7)."""

    def __init__(self, taken: int, given: int) -> None:
        super().__init__()
        self.enter = nn.Sequential(*convolution(taken, taken))
        self.attention = nn.Sequential(ChannelAttention(taken), PlaceAttention(), SelfAttention(taken))
        self.leave = nn.Sequential(*convolution(taken, given))
        self.shortcut = nn.Conv2d(taken, given, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.leave(self.attention(self.enter(x))) + self.shortcut(x))


class OffTANet(Baseline):
    def __init__(self, config: BaselineConfig) -> None:
        super().__init__(config)
        stem = [nn.Conv2d(3, 8, 7, stride=2, padding=3), nn.ReLU(), nn.BatchNorm2d(8)]
        self.blocks = nn.Sequential(
            *stem, Residual(8, 18), Residual(18, 28), TripleAttention(28, 8), nn.Flatten()
        )
        self.dense = nn.Sequential(
            nn.Linear(8 * 7 * 7, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 64), nn.ReLU()
        )
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(64, config.classes))

    def features(self, maps: Tensor) -> Tensor:
        return self.dense(self.blocks(flow_image(maps)))
