"""MMNet: Li, Sui, Zhu, Zhao, "MMNet: Muscle motion-guided network for micro-expression recognition", IJCAI
2022, arXiv 2201.05297.

A main branch of four residual blocks over the motion from onset to apex, whose attention maps are handed on
from block to block (continuous attention), and a side branch, a small vision transformer, that says where in
the face things are; both are added before one dense layer. 174,451 parameters for three classes.

Departures: the paper's motion is the difference of the apex and the onset frame and its side branch sees the
onset frame, at 224 pixels. The published features hold no frames: the main branch sees the flow map from
onset to apex and the side branch the same map, averaged to 4x4, with learned positions. Widths are an eighth
to a quarter of the paper's and maps an eighth of their size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.baselines.base import Baseline, BaselineConfig, flow_image
from train.baselines.layers import PatchTokens, transformer_layer

STEM = 32
WIDTH = 64  # of both branches where they meet
SIDE = 4  # of the maps there
BLOCKS = ((32, 32, 1), (32, 32, 1), (32, 32, 2), (32, WIDTH, 2))  # taken, given, stride: 14, 14, 7, 4


class ContinuousAttention(nn.Module):
    """A residual block and its attention map, weighed by the map of the block before."""

    def __init__(self, taken: int, given: int, stride: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(taken, given, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(given),
            nn.ReLU(),
            nn.Conv2d(given, given, 1, bias=False),
            nn.BatchNorm2d(given),
        )
        self.shortcut = nn.Sequential(nn.Conv2d(taken, given, 1, stride, bias=False), nn.BatchNorm2d(given))
        self.attention = nn.Sequential(nn.Conv2d(2, 1, 1, bias=False), nn.BatchNorm2d(1), nn.Sigmoid())
        self.stride = stride

    def forward(self, x: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        """(n, taken, h, w) and (n, 1, h, w) to both at the stride's size."""
        out = F.relu(self.convolutions(x) + self.shortcut(x))
        attention = self.attention(torch.cat([out.mean(1, keepdim=True), out.amax(1, keepdim=True)], dim=1))
        if before is not None:
            attention = attention * F.max_pool2d(before, 3, self.stride, padding=1)
        return out * attention, attention


class PositionCalibration(nn.Module):
    """(n, 3, 28, 28) to (n, WIDTH, 4, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = PatchTokens(3, WIDTH, 1)
        self.position = nn.Parameter(0.02 * torch.randn(SIDE * SIDE, WIDTH))
        self.layers = nn.Sequential(*(transformer_layer(WIDTH, heads=4, ratio=2) for _ in range(3)))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.tokens(F.adaptive_avg_pool2d(images, SIDE)) + self.position
        return self.norm(self.layers(tokens)).transpose(1, 2).reshape(-1, WIDTH, SIDE, SIDE)


class MMNet(Baseline):
    def __init__(self, config: BaselineConfig) -> None:
        super().__init__(config)
        self.stem = nn.Sequential(
            nn.Conv2d(3, STEM, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(STEM),
            nn.ReLU(),
            nn.Conv2d(STEM, BLOCKS[0][0], 3, padding=1, bias=False),
            nn.BatchNorm2d(BLOCKS[0][0]),
            nn.ReLU(),
        )
        self.blocks = nn.ModuleList(ContinuousAttention(*sizes) for sizes in BLOCKS)
        self.calibration = PositionCalibration()
        self.head = nn.Linear(WIDTH * SIDE * SIDE, config.classes)

    def features(self, maps: Tensor) -> Tensor:
        images = flow_image(maps)
        x, attention = self.stem(images), None
        for block in self.blocks:
            x, attention = block(x, attention)
        return (x + self.calibration(images)).flatten(1)
