"""Dual-Inception: Zhou, Mao, Xue, "Dual-Inception Network for Cross-Database Micro-Expression Recognition",
FG 2019, doi 10.1109/FG.2019.8756579.

Two streams, one for each component of the flow from onset to apex, of two inception blocks (6, then 16 maps
a path) with max-pool, then a dense layer of 1024. 6,449,867 parameters for three classes. No departure in
the layers, as the authors of Off-TANet released them; the recipe of training is ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from realtime.maps import U, V
from train.baselines.base import Baseline, BaselineConfig, flow_image


class Inception(nn.Module):
    """Four paths side by side, (n, taken, h, w) to (n, 4 given, h / 2, w / 2)."""

    def __init__(self, taken: int, given: int) -> None:
        super().__init__()
        self.wide = nn.Sequential(self._point(taken, given), nn.Conv2d(given, given, 5, padding=2), nn.ReLU())
        self.near = nn.Sequential(self._point(taken, given), nn.Conv2d(given, given, 3, padding=1), nn.ReLU())
        self.pooled = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), self._point(taken, given))
        self.plain = nn.Conv2d(taken, given, 1)
        self.pool = nn.MaxPool2d(2)

    @staticmethod
    def _point(taken: int, given: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(taken, given, 1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(torch.cat([self.wide(x), self.near(x), self.pooled(x), self.plain(x)], dim=1))


def stream() -> nn.Sequential:
    """(n, 1, 28, 28) to (n, 3136)."""
    return nn.Sequential(Inception(1, 6), Inception(24, 16), nn.Flatten())


class DualInception(Baseline):
    def __init__(self, config: BaselineConfig) -> None:
        super().__init__(config)
        self.horizontal, self.vertical = stream(), stream()
        self.dense = nn.Sequential(nn.Linear(2 * 3136, 1024), nn.ReLU())
        self.head = nn.Linear(1024, config.classes)

    def features(self, maps: Tensor) -> Tensor:
        u, v = flow_image(maps, channels=[U]), flow_image(maps, channels=[V])
        return self.dense(torch.cat([self.horizontal(u), self.vertical(v)], dim=1))
