"""Micro-Attention: Wang, Peng, Bi, Chen, "Micro-Attention for Micro-Expression recognition", Neurocomputing
410, 2020, arXiv 1811.02360.

A residual network whose blocks weigh every place of their output by an attention map made of all scales of
the block: two 3x3 convolutions and the shortcut, joined, mixed by a 1x1 convolution, averaged over channels,
softmax over places. 566,787 parameters for three classes.

Departures: the paper sees apex frames of 224 pixels and starts from weights of macro-expressions; here it
sees the flow map from onset to apex, as in the comparison by the authors of Off-TANet, and starts from
random weights. The map has 28 pixels, so the stem's max-pool is left out; widths are half theirs and the
dense layer has 512 instead of 4096 units.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from train.baselines.base import Baseline, BaselineConfig, flow_image

WIDTHS = (16, 32, 64, 128)  # of the stem and of the three blocks


def convolution(taken: int, given: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(taken, given, 3, padding=1), nn.BatchNorm2d(given), nn.ReLU())


class AttentionBlock(nn.Module):
    """(n, taken, h, w) to (n, given, h / 2, w / 2), rounded down."""

    def __init__(self, taken: int, given: int) -> None:
        super().__init__()
        self.first, self.second = convolution(taken, given), convolution(given, given)
        self.shortcut = nn.Conv2d(taken, given, 1)
        self.mix = nn.Conv2d(3 * given, 3 * given, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        first, kept = self.first(x), self.shortcut(x)
        second = self.second(first)
        scales = self.mix(torch.cat([first, second, kept], dim=1)).mean(dim=1)  # (n, h, w)
        attention = scales.flatten(1).softmax(dim=1).reshape(scales.shape).unsqueeze(1)
        return self.pool((second + kept) * (1.0 + attention))


class MicroAttention(Baseline):
    def __init__(self, config: BaselineConfig) -> None:
        super().__init__(config)
        stem = nn.Sequential(nn.Conv2d(3, WIDTHS[0], 7, stride=2, padding=3), nn.ReLU())  # 14x14
        blocks = [AttentionBlock(a, b) for a, b in zip(WIDTHS, WIDTHS[1:], strict=False)]  # 7x7, 3x3, 1x1
        self.blocks = nn.Sequential(stem, *blocks, nn.Flatten())
        self.dense = nn.Sequential(nn.Linear(WIDTHS[-1], 512), nn.ReLU())
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(512, config.classes))

    def features(self, maps: Tensor) -> Tensor:
        return self.dense(self.blocks(flow_image(maps)))
