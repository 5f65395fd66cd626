"""SGCN: Tang, Chai, "Facial micro-expression recognition using stochastic graph convolutional network and
dual transferred learning", Neural Networks 178, 2024, 106421; first as TDSGCN, arXiv 2203.05208.

Two graph networks, one for how strongly and one for where to the face moves from onset to apex. Nodes are
patches at random places (the stochastic graph: drawn anew for every training batch, on a plain grid
otherwise), edges weigh neighbours by closeness in the face and likeness of features; two graph convolutions
each, joined. 30,467 parameters for three classes.

Departures: we could read the abstracts only, so the graph's construction above is our reading of them.
Theirs takes spatial features from frames, starts from weights of macro-expressions and has a focal loss;
here both graphs see flow (strain; v and u), start from random weights and learn by the common loss.
Published for five classes of MMEW.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.causalnet_config import MAP_SIZE
from realtime.maps import STRAIN, U, V
from train.baselines.base import Baseline, BaselineConfig, flow_image

GRID = 6  # patches per side
PATCH = 8  # pixels per side
JITTER = 0.1  # of the patches' centres in training, in half widths of the map
REACH = 0.4  # distance at which closeness falls to exp(-1), same unit
WIDTH = 64


def grid_centres() -> Tensor:
    """(nodes, 2): x and y of a plain grid, -1 to 1 across the map, with every patch inside."""
    room = 1.0 - PATCH / MAP_SIZE
    line = torch.linspace(-room, room, GRID)
    return torch.cartesian_prod(line, line)


def patches_at(images: Tensor, centres: Tensor) -> Tensor:
    """(n, c, 28, 28) and centres (nodes, 2) to (n, nodes, c PATCH^2), bilinear."""
    step = (torch.arange(PATCH, dtype=images.dtype) - (PATCH - 1) / 2) * 2.0 / MAP_SIZE
    dy, dx = torch.meshgrid(step, step, indexing="ij")
    places = centres[:, None] + torch.stack([dx, dy], dim=-1).reshape(1, -1, 2)  # (nodes, PATCH^2, 2)
    sampled = F.grid_sample(
        images, places.expand(len(images), -1, -1, -1), padding_mode="border", align_corners=False
    )  # (n, c, nodes, PATCH^2)
    return sampled.transpose(1, 2).flatten(2)


class GraphConvolution(nn.Module):
    """D^-1 A X W, with the rows of A summing to 1 already."""

    def __init__(self, taken: int, given: int) -> None:
        super().__init__()
        self.dense = nn.Linear(taken, given)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        return F.relu(edges @ self.dense(nodes))


class PatchGraph(nn.Module):
    """(n, c, 28, 28) and centres to (n, 2 WIDTH): mean and largest of the nodes after two convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(channels * PATCH * PATCH, WIDTH), nn.LayerNorm(WIDTH), nn.ReLU())
        self.place = nn.Linear(2, WIDTH)
        self.first, self.second = GraphConvolution(WIDTH, WIDTH), GraphConvolution(WIDTH, WIDTH)

    def forward(self, images: Tensor, centres: Tensor) -> Tensor:
        nodes = self.embed(patches_at(images, centres)) + self.place(centres)
        unit = F.normalize(nodes, dim=2)
        closeness = -((torch.cdist(centres, centres) / REACH) ** 2)
        edges = (unit @ unit.transpose(1, 2) + closeness).softmax(dim=2)
        nodes = nodes + self.first(nodes, edges)
        nodes = nodes + self.second(nodes, edges)
        return torch.cat([nodes.mean(dim=1), nodes.amax(dim=1)], dim=1)


class SGCN(Baseline):
    centres: Tensor

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__(config)
        self.strength, self.direction = PatchGraph(1), PatchGraph(2)
        self.register_buffer("centres", grid_centres(), persistent=False)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(4 * WIDTH, config.classes))

    def features(self, maps: Tensor) -> Tensor:
        centres = self.centres
        if self.training:
            centres = centres + JITTER * (2.0 * torch.rand(centres.shape) - 1.0)
        strength = self.strength(flow_image(maps, channels=[STRAIN]), centres)
        direction = self.direction(flow_image(maps, channels=[V, U]), centres)
        return torch.cat([strength, direction], dim=1)
