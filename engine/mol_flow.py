"""MOL's flow head: FlowNetC (Dosovitskiy et al., ICCV 2015) on two frames and the features they share.

The correlation is a CUDA extension in the release; here it is the product of all places with all places, of
which the asked displacements are picked.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.mol_config import MolConfig

SLOPE = 0.1  # of the leaky ReLUs
FIRST_SCALE = 0.01  # of the last layer's first weights: flows are a fraction of a pixel


def displacements(side: int, reach: int, dilation: int) -> Tensor:
    """(patch, places) indices into `places` of the second map; `places` itself stands for outside.

    Displacement (dy, dx) runs row by row from -reach to reach, in steps of `dilation`.
    """
    steps = dilation * torch.arange(-reach, reach + 1)
    dy, dx = (each.flatten() for each in torch.meshgrid(steps, steps, indexing="ij"))
    y, x = (each.flatten() for each in torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij"))
    row, column = y + dy[:, None], x + dx[:, None]
    inside = (row >= 0) & (row < side) & (column >= 0) & (column < side)
    return torch.where(inside, row * side + column, side * side)


def correlation(first: Tensor, second: Tensor, at: Tensor) -> Tensor:
    """Mean over channels of first(x) second(x + d), 0 where x + d lies outside.

    Args: two (n, channels, side, side) maps; `at` from `displacements`.
    Returns: (n, patch, side, side).
    """
    n, channels, height, width = first.shape
    together = first.flatten(2).transpose(1, 2) @ second.flatten(2) / channels  # (n, places, places)
    padded = F.pad(together, (0, 1))  # the last column is outside
    picked = padded.gather(2, at.T[None].expand(n, -1, -1))  # (n, places, patch)
    return picked.transpose(1, 2).reshape(n, -1, height, width)


def _down(taken: int, given: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    padding = (kernel - 1) // 2
    return nn.Sequential(
        nn.Conv2d(taken, given, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(given),
        nn.LeakyReLU(SLOPE),
    )


def _up(taken: int, given: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(taken, given, 4, 2, 1, bias=False), nn.LeakyReLU(SLOPE))


class Refine(nn.Module):
    """One step up: flow and features doubled and laid beside those of the way down."""

    def __init__(self, taken: int, given: int) -> None:
        super().__init__()
        self.flow = nn.Conv2d(taken, 2, 3, padding=1, bias=False)
        self.flow_up = nn.ConvTranspose2d(2, 2, 4, 2, 1, bias=False)
        self.features_up = _up(taken, given)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        return torch.cat([beside, self.features_up(x), self.flow_up(self.flow(x))], dim=1)


class FlowHead(nn.Module):
    """Pairs of frames (n, 1, size, size) and of features (n, channels, side, side) to the flow between them.

    Returns (n, 2, size, size) pixels, x right and y down, on the earlier frame's grid.
    """

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        w = config.flow_width
        self.conv1 = _down(1, w, 6, 2)
        self.conv2 = _down(w, 2 * w, 4, 2)
        self.conv3 = _down(2 * w, 4 * w, 2, 2)
        self.redirected = _down(4 * w, w // 2, 1)
        self.joined = _down(config.patch + w // 2 + 2 * config.channels, 4 * w)
        self.conv4 = nn.Sequential(_down(4 * w, 8 * w, stride=2), _down(8 * w, 8 * w))
        self.conv5 = nn.Sequential(_down(8 * w, 8 * w, stride=2), _down(8 * w, 8 * w))
        self.conv6 = nn.Sequential(_down(8 * w, 16 * w, stride=2), _down(16 * w, 16 * w))
        self.refine = nn.ModuleList(
            Refine(taken, given)
            for taken, given in (
                (16 * w, 8 * w),
                (16 * w + 2, 4 * w),
                (12 * w + 2, 2 * w),
                (6 * w + 2, 2 * w),
                (4 * w + 2, w),
                (2 * w + 2, w // 2),
            )
        )
        self.flow = nn.Conv2d(w // 2 + 3, 2, 3, padding=1, bias=False)
        at = displacements(config.side, config.flow_reach, config.flow_dilation)
        self.register_buffer("_at", at, persistent=False)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(layer.weight, SLOPE)
        with torch.no_grad():
            self.flow.weight *= FIRST_SCALE

    def forward(self, earlier: Tensor, later: Tensor, features: Tensor) -> Tensor:
        at: Tensor = self._at  # type: ignore[assignment]  # a buffer
        one = self.conv1(earlier)
        two = self.conv2(one)
        three, three_later = self.conv3(two), self.conv3(self.conv2(self.conv1(later)))
        compared = F.leaky_relu(correlation(three, three_later, at), SLOPE)
        joined = self.joined(torch.cat([self.redirected(three), compared, features], dim=1))
        four = self.conv4(joined)
        five = self.conv5(four)
        x = self.conv6(five)
        for step, beside in zip(self.refine, (five, four, joined, two, one, earlier), strict=True):
            x = step(x, beside)
        flow: Tensor = self.flow(x)
        return flow
