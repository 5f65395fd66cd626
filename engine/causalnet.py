"""CausalNet (ICCV 2025, arXiv 2508.06640): four motion maps of one micro-expression to three classes.

The equations follow the paper and its release; our own layout keeps tokens as (batch, tokens, channels)
so that every 1x1 convolution is a Linear layer. Where the release fixes a number (256, 2048, 3072) it is
derived from `CausalNetConfig` here. The cross-attention is as deep as the encoder's last level.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from engine.attention import CrossLayer, RegionAttention, RelationMining, TemporalAttention
from engine.causalnet_config import (
    COMPACT,
    GRID,
    MAP_SIZE,
    PATCH,
    PUBLISHED,
    REGION_CENTRES,
    AblatedConfig,
    CausalNetConfig,
    Cross,
)
from engine.encoder import Encoder, feed_forward

__all__ = [
    "COMPACT",
    "MAP_SIZE",
    "PUBLISHED",
    "AblatedConfig",
    "CausalNet",
    "CausalNetConfig",
    "Cross",
    "Head",
    "retile",
]


def retile(maps: Tensor) -> Tensor:
    """(batch, maps, 28, 28, 3) whole faces to the same shape, made of the regions around eyes and lips."""
    half = GRID * PATCH // 4
    regions = [maps[:, :, r - half : r + half, c - half : c + half] for r, c in REGION_CENTRES]
    top = torch.cat(regions[:2], dim=3)  # (batch, maps, 14, 28, 3)
    bottom = torch.cat(regions[2:], dim=3)
    return torch.cat([top, bottom], dim=2)


def both_phases(encoder: nn.Module, maps: Tensor) -> tuple[Tensor, Tensor]:
    """(batch, 2, 28, 28, 3) to the (batch, 4, dim) of either phase, in one call of the shared encoder."""
    tokens = encoder(maps.flatten(0, 1))  # (2 batch, 4, dim)
    return tokens[0::2], tokens[1::2]


class CausalPass(nn.Module):
    """One pass in time: both phases over their regions, then the second over both."""

    def __init__(self, config: CausalNetConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.dim)
        self.spatial = RegionAttention(config, scale=(config.dim // config.attention_heads) ** -0.5)
        self.temporal = TemporalAttention(config)
        self.mlp = feed_forward(config, config.dim)

    def step(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        first, second = self.norm(first), self.norm(second)
        first = first + self.spatial(first, first)
        second = second + self.spatial(second, second)
        second = second + self.temporal(first, second)
        return first + self.mlp(first), second + self.mlp(second)


class CausalBlock(CausalPass):
    """CAB: both phases forward and backward in time with the same weights, then relation mining.

    A longer block passes both ways through further layers before the relations are mined.
    """

    def __init__(self, config: CausalNetConfig) -> None:
        super().__init__(config)
        self.relation = RelationMining(config)
        self.deeper = nn.ModuleList(CausalPass(config) for _ in range(config.block_length - 1))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        first_forward, second_forward = self.step(first, second)
        first_backward, second_backward = self.step(second, first)
        for layer in cast("Iterable[CausalPass]", self.deeper):
            first_forward, second_forward = layer.step(first_forward, second_forward)
            first_backward, second_backward = layer.step(first_backward, second_backward)
        relation = self.relation(second_forward, second_backward)
        return torch.cat([relation, first_forward, first_backward], dim=1)  # (n, 12, dim)


class NoCausalBlock(nn.Module):
    """In place of CAB where it is left out: both phases side by side, (n, 8, dim)."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return torch.cat([first, second], dim=1)


class Head(nn.Module):
    """Two Linear layers with nothing between."""

    def __init__(self, config: CausalNetConfig) -> None:
        super().__init__()
        self.hidden = nn.Linear(config.tokens_out * config.dim, config.hidden)
        self.logits = nn.Linear(config.hidden, config.classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(self.hidden(x))


class CausalNet(nn.Module):
    """The whole network.

    Input: (batch, 4, 28, 28, 3) float32, values 0..255, in the published layout: flow of both phases
    (channels strain, v, u), then direction of both phases (BGR). Output: (batch, classes) logits.
    """

    def __init__(self, config: CausalNetConfig = PUBLISHED) -> None:
        super().__init__()
        self.config = config
        self.flow_encoder = Encoder(config)
        self.direction_encoder = Encoder(config)
        cross_layers = 0 if config.cross is Cross.NONE else config.repeats[2]
        self.cross = nn.ModuleList(CrossLayer(config) for _ in range(cross_layers))
        self.causal = CausalBlock(config) if config.block_length else NoCausalBlock()
        self.head: nn.Module = Head(config)

    def features(self, maps: Tensor) -> Tensor:
        """(batch, 4, 28, 28, 3) to (batch, tokens_out dim): what the head sees."""
        tiled = retile(maps)
        flow_first, flow_second = both_phases(self.flow_encoder, tiled[:, :2])
        first, second = both_phases(self.direction_encoder, tiled[:, 2:])
        for layer in self.cross:
            first, second = layer(first, second)
        return self.causal(flow_first + first, flow_second + second).flatten(1)

    def forward(self, maps: Tensor) -> Tensor:
        return self.head(self.features(maps))
