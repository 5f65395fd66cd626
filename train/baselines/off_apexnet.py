"""OFF-ApexNet: Gan, Liong, Yau, Huang, Tan, "OFF-ApexNet on micro-expression recognition system", Signal
Processing: Image Communication 74, 2019, arXiv 1805.08699.

Two streams, one for each component of the flow from onset to apex: convolution 5x5 to 6 and to 16 maps, each
with max-pool, then two dense layers of 1024. 2,664,475 parameters for three classes, as published. No
departure in the layers; the recipe of training is ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from realtime.maps import U, V
from train.baselines.base import Baseline, BaselineConfig, flow_image


def stream() -> nn.Sequential:
    """(n, 1, 28, 28) to (n, 784)."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
    )


class OffApexNet(Baseline):
    def __init__(self, config: BaselineConfig) -> None:
        super().__init__(config)
        self.horizontal, self.vertical = stream(), stream()
        self.dense = nn.Sequential(
            nn.Linear(2 * 784, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, 1024), nn.ReLU()
        )
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(1024, config.classes))

    def features(self, maps: Tensor) -> Tensor:
        u, v = flow_image(maps, channels=[U]), flow_image(maps, channels=[V])
        return self.dense(torch.cat([self.horizontal(u), self.vertical(v)], dim=1))
