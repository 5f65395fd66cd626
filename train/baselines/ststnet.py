"""STSTNet: Liong, Gan, See, Khor, Huang, "Shallow Triple Stream Three-dimensional CNN (STSTNet) for
Micro-expression Recognition", FG 2019, doi 10.1109/FG.2019.8756567, arXiv 1902.03634.

Three convolutions 3x3 side by side (3, 5 and 8 maps) over strain and both components of the flow from onset
to apex, max-pool, joined, average-pool, one dense layer. 1,683 parameters for three classes, as in the
authors' release. No departure in the layers; the recipe of training is ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from train.baselines.base import Baseline, BaselineConfig, flow_image

STREAMS = (3, 5, 8)  # maps of each


def stream(given: int) -> nn.Sequential:
    """(n, 3, 28, 28) to (n, given, 10, 10)."""
    return nn.Sequential(
        nn.Conv2d(3, given, 3, padding=2),
        nn.ReLU(),
        nn.BatchNorm2d(given),
        nn.MaxPool2d(3, stride=3, padding=1),
        nn.Dropout(0.5),
    )


class STSTNet(Baseline):
    def __init__(self, config: BaselineConfig) -> None:
        super().__init__(config)
        self.streams = nn.ModuleList(stream(given) for given in STREAMS)
        self.pool = nn.AvgPool2d(2)
        self.head = nn.Linear(5 * 5 * sum(STREAMS), config.classes)

    def features(self, maps: Tensor) -> Tensor:
        x = flow_image(maps)
        return self.pool(torch.cat([one(x) for one in self.streams], dim=1)).flatten(1)
