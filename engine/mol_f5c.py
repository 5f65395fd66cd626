"""What MOL's heads share: the convolution stack and F5C (arXiv 2506.14511, section 3.2).

F5C is a fully-connected convolution, depthwise and circular along one axis at a time and as long as the map,
followed by a channel correspondence convolution, a graph over the channels. Both are written as products of
matrices: no loop over channels, neighbours or frames.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.mol_config import MolConfig

POSITION_SCALE = 0.02


class ConvStack(nn.Module):
    """(n, 1, size, size) to (n, channels, side, side): four convolutions, nothing between, as released."""

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        c = config.channels
        self.layers = nn.Sequential(
            nn.Conv2d(1, c // 16, 4, stride=2),
            nn.Conv2d(c // 16, c // 4, 3, stride=2),
            nn.Conv2d(c // 4, c // 2, 2, stride=2, padding=1),
            nn.Conv2d(c // 2, c, 1),
        )

    def forward(self, frames: Tensor) -> Tensor:
        return self.layers(frames)


class Circular(nn.Module):
    """A depthwise circular convolution as long as the map, along its height or its width.

    out[i] = sum over k of kernel[k] x[(i + k) mod n] + bias: a circulant matrix per channel.
    """

    def __init__(self, channels: int, side: int, *, along_width: bool) -> None:
        super().__init__()
        reach = 1 / math.sqrt(side)
        self.kernel = nn.Parameter(torch.empty(channels, side).uniform_(-reach, reach))
        self.bias = nn.Parameter(torch.zeros(channels))
        self._along_width = along_width
        steps = torch.arange(side)
        self.register_buffer("_turns", (steps[None] - steps[:, None]) % side, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        turns: Tensor = self._turns  # type: ignore[assignment]  # a buffer
        circulant = self.kernel[:, turns]  # (channels, out, in)
        axes = "nchw,cow->ncho" if self._along_width else "nchw,coh->ncow"
        return torch.einsum(axes, x, circulant) + self.bias[:, None, None]


class FullyConnected(nn.Module):
    """The channels in two halves: one along height then width, the other in the opposite order.

    A learned place along the axis is added before each of the two; batch norm comes before the first, the
    input is added after the second.
    """

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        half, side = config.channels // 2, config.side
        self.norms = nn.ModuleList(nn.BatchNorm2d(half) for _ in range(2))
        self.places = nn.ParameterList(POSITION_SCALE * torch.randn(half, side) for _ in range(4))
        self.first = nn.ModuleList(Circular(half, side, along_width=wide) for wide in (False, True))
        self.second = nn.ModuleList(Circular(half, side, along_width=wide) for wide in (True, False))

    def forward(self, x: Tensor) -> Tensor:
        upright, across = x.chunk(2, dim=1)
        a = self.norms[0](upright + self.places[0][:, :, None])
        b = self.norms[1](across + self.places[1][:, None, :])
        a = self.first[0](a) + self.places[2][:, None, :]
        b = self.first[1](b) + self.places[3][:, :, None]
        return torch.cat([upright + self.second[0](a), across + self.second[1](b)], dim=1)


class ChannelCorrespondence(nn.Module):
    """Each channel meets the few that look most like it; the strongest of what they add is kept.

        e_ij = relu(own f_i + edge (f_j - f_i)),   out_i = max over the k nearest j of e_ij

    Since relu rises and `own f_i - edge f_i` is the same for every j, the maximum is taken of `edge f_j`
    alone. The nearest by cosine include the channel itself, as in the release; its code subtracts f_i twice,
    the paper once, and we follow the paper.
    """

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        places = config.side**2
        self.own = nn.Linear(places, places)
        self.edge = nn.Linear(places, places)
        self._neighbours = config.neighbours

    def forward(self, x: Tensor) -> Tensor:
        n, channels, height, width = x.shape
        nodes = x.flatten(2)  # (n, channels, places)
        alike = F.normalize(nodes.detach(), dim=2)
        nearest = (alike @ alike.transpose(1, 2)).topk(self._neighbours, dim=2).indices
        turned = F.linear(nodes, self.edge.weight)
        offset = channels * torch.arange(n, device=x.device)[:, None, None]
        rows = turned.reshape(n * channels, -1)[(nearest + offset).flatten()]
        strongest = rows.reshape(n, channels, self._neighbours, -1).max(dim=2).values
        edges = F.relu(self.own(nodes) - turned + strongest + self.edge.bias)
        return edges.reshape(n, channels, height, width)


class F5C(nn.Module):
    """(n, channels, side, side) to the same: local and global at once."""

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        self.fully = FullyConnected(config)
        self.correspondence = ChannelCorrespondence(config)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fully(x)
        return x + self.correspondence(x)
