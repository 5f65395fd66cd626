"""CausalNet (ICCV 2025, arXiv 2508.06640): four motion maps of one micro-expression to three classes.

The equations follow the paper and its release; our own layout keeps tokens as (batch, tokens, channels)
so that every 1x1 convolution is a Linear layer. Where the release fixes a number (256, 2048, 3072) it is
derived from `CausalNetConfig` here. Two of its habits shape the code:

- each level of the encoder attends within blocks as large as its grid, so every attention sees one token,
  its softmax is 1 and only the value path counts (`engine.fold` removes the rest exactly);
- the cross-attention is as deep as the encoder's last level.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import ConfigError

MAP_SIZE = 28
PATCH = 7  # side of one token's patch, map pixels
GRID = MAP_SIZE // PATCH  # 4x4 tokens per map
REGIONS = 4  # 2x2 positions that both attention modules work on
# Centres (row, column) of the 14x14 regions after the release's clamp to [7, 21]: laid out [[0, 1], [2, 3]].
REGION_CENTRES = ((9, 11), (21, 10), (10, 21), (20, 21))


@dataclass(frozen=True, slots=True)
class CausalNetConfig:
    """Every dimension of the network; the defaults are the published size (276.6 M parameters)."""

    dim: int = 256  # channels of the first level; the others have 2 dim and 4 dim
    repeats: tuple[int, int, int] = (3, 3, 9)  # layers per level, and repeats[2] cross-attention layers
    encoder_heads: int = 3
    attention_heads: int = 8
    gamma: float = 0.5  # penalty on regions that are no neighbours
    mlp_ratio: int = 4
    classes: int = 3
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.dim < 1 or self.dim % self.attention_heads or self.dim < self.encoder_heads:
            raise ConfigError(f"dim {self.dim} must be a multiple of attention_heads {self.attention_heads}")
        if len(self.repeats) != 3 or min(self.repeats) < 1:
            raise ConfigError(f"repeats {self.repeats} must be three positive numbers")
        if not 0.0 <= self.dropout < 1.0:
            raise ConfigError(f"dropout {self.dropout} must lie in [0, 1)")

    @property
    def tokens_out(self) -> int:
        """Tokens handed to the head: relation mining and both first phases, four regions each."""
        return 3 * REGIONS

    @property
    def hidden(self) -> int:
        """Width between the head's two layers: 2048 at the published size."""
        return 8 * self.dim


PUBLISHED = CausalNetConfig()
COMPACT = CausalNetConfig(dim=32, repeats=(1, 1, 1))


def retile(maps: Tensor) -> Tensor:
    """(batch, maps, 28, 28, 3) whole faces to the same shape, made of the regions around eyes and lips."""
    half = GRID * PATCH // 4
    regions = [maps[:, :, r - half : r + half, c - half : c + half] for r, c in REGION_CENTRES]
    top = torch.cat(regions[:2], dim=3)  # (batch, maps, 14, 28, 3)
    bottom = torch.cat(regions[2:], dim=3)
    return torch.cat([top, bottom], dim=2)


def to_patches(maps: Tensor) -> Tensor:
    """(n, 28, 28, 3) to (n, 16, 147): one row per 7x7 patch, its pixels in row, column, channel order."""
    n = maps.shape[0]
    blocks = maps.reshape(n, GRID, PATCH, GRID, PATCH, 3).transpose(2, 3)  # (n, 4, 4, 7, 7, 3)
    return blocks.reshape(n, GRID * GRID, PATCH * PATCH * 3)


def neighbours() -> Tensor:
    """M, (4, 4): 1 where two regions of the 2x2 grid are at distance <= 1, else 0."""
    return 1.0 - torch.eye(REGIONS).flip(1)


def position_penalty(gamma: float) -> Tensor:
    """P, (4, 4): -(j + 1) gamma where region j is no neighbour of region i, else 0."""
    return -gamma * torch.arange(1.0, REGIONS + 1) * (1.0 - neighbours())


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(batch, tokens, channels) to (batch, heads, tokens, channels / heads)."""
    return x.reshape(*x.shape[:-1], heads, -1).transpose(1, 2)


def join_heads(x: Tensor) -> Tensor:
    """The reverse of `split_heads`."""
    return x.transpose(1, 2).flatten(2)


def feed_forward(config: CausalNetConfig, width: int) -> nn.Sequential:
    inner = width * config.mlp_ratio
    return nn.Sequential(
        nn.Linear(width, inner),
        nn.GELU(),
        nn.Dropout(config.dropout),
        nn.Linear(inner, width),
        nn.Dropout(config.dropout),
    )


class SingleTokenAttention(nn.Module):
    """Attention of a token over itself alone: softmax(q k) is 1, so Wo Wv x remains.

    `to_query_key` takes part in nothing; it is kept so that the published size and its weights fit.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        inner = width // heads * heads  # 255 for width 256 and 3 heads, as released
        self.to_query_key = nn.Linear(width, 2 * inner, bias=False)
        self.to_value = nn.Linear(width, inner, bias=False)
        self.to_out = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.to_out(self.to_value(x))


class EncoderLayer(nn.Module):
    """x + attention(LN x), then x + MLP(LN x), per token."""

    def __init__(self, config: CausalNetConfig, width: int, heads: int) -> None:
        super().__init__()
        self.norm_attention = nn.LayerNorm(width)
        self.attention: nn.Module = SingleTokenAttention(width, heads)
        self.drop = nn.Dropout(config.dropout)
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp = feed_forward(config, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop(self.attention(self.norm_attention(x)))
        return x + self.mlp(self.norm_mlp(x))


class Merge(nn.Module):
    """Between two levels: convolution 3x3, LayerNorm over channels, max-pool to half the grid."""

    def __init__(self, width: int, width_out: int, grid: int) -> None:
        super().__init__()
        self.grid = grid
        self.conv = nn.Conv2d(width, width_out, 3, padding=1)
        self.norm = nn.LayerNorm(width_out)

    def forward(self, x: Tensor) -> Tensor:
        image = x.transpose(1, 2).reshape(len(x), -1, self.grid, self.grid)  # (n, width, grid, grid)
        y = self.norm(self.conv(image).flatten(2).transpose(1, 2))  # (n, grid * grid, width_out)
        y = y.transpose(1, 2).reshape(len(x), -1, self.grid, self.grid)
        return F.max_pool2d(y, 3, stride=2, padding=1).flatten(2).transpose(1, 2)


class Level(nn.Module):
    """One resolution of the encoder: a learned offset, then its layers."""

    def __init__(self, config: CausalNetConfig, width: int, heads: int, repeats: int) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.randn(1))  # one token per block, so one number
        self.layers = nn.ModuleList(EncoderLayer(config, width, heads) for _ in range(repeats))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.position
        for layer in self.layers:
            x = layer(x)
        return x


class Encoder(nn.Module):
    """One map to four region tokens; used with the same weights for the maps of both phases."""

    def __init__(self, config: CausalNetConfig) -> None:
        super().__init__()
        widths = [config.dim * 2**i for i in range(3)]
        heads = [config.encoder_heads * 2**i for i in range(3)]
        self.embed = nn.Linear(PATCH * PATCH * 3, config.dim)
        self.levels = nn.ModuleList(
            Level(config, width, head, repeat)
            for width, head, repeat in zip(widths, heads, config.repeats, strict=True)
        )
        self.merges = nn.ModuleList(Merge(widths[i], widths[i + 1], GRID // 2**i) for i in range(2))

    def forward(self, maps: Tensor) -> Tensor:
        x = self.embed(to_patches(maps))  # (n, 16, dim)
        x = self.merges[0](self.levels[0](x))  # (n, 4, 2 dim)
        x = self.merges[1](self.levels[1](x))  # (n, 1, 4 dim)
        x = self.levels[2](x)
        return x.reshape(len(x), -1, REGIONS).transpose(1, 2)  # (n, 4, dim)


def both_phases(encoder: nn.Module, maps: Tensor) -> tuple[Tensor, Tensor]:
    """(batch, 2, 28, 28, 3) to the (batch, 4, dim) of either phase, in one call of the shared encoder."""
    tokens = encoder(maps.flatten(0, 1))  # (2 batch, 4, dim)
    return tokens[0::2], tokens[1::2]


class RegionAttention(nn.Module):
    """Multi-head attention between the regions of the 2x2 grid: softmax(s q k M + P) M v."""

    mask: Tensor
    penalty: Tensor

    def __init__(self, config: CausalNetConfig, scale: float) -> None:
        super().__init__()
        self.heads = config.attention_heads
        self.scale = scale
        self.to_q = nn.Linear(config.dim, config.dim)
        self.to_kv = nn.Linear(config.dim, 2 * config.dim)
        self.to_out = nn.Linear(config.dim, config.dim)
        self.drop = nn.Dropout(config.dropout)
        self.register_buffer("mask", neighbours(), persistent=False)
        self.register_buffer("penalty", position_penalty(config.gamma), persistent=False)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        q = split_heads(self.to_q(x), self.heads)  # (n, heads, 4, dim / heads)
        k, v = (split_heads(t, self.heads) for t in self.to_kv(context).chunk(2, dim=-1))
        scores = q @ k.transpose(-1, -2) * self.scale
        weights = (scores * self.mask + self.penalty).softmax(dim=-1) * self.mask
        return self.drop(self.to_out(join_heads(weights @ v)))


class CrossLayer(nn.Module):
    """CMPLM: each phase's direction feature attends over the other's, with the same weights."""

    def __init__(self, config: CausalNetConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.dim)
        self.attention = RegionAttention(config, scale=config.dim**-0.5)
        self.mlp = feed_forward(config, config.dim)

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        second_norm = self.norm(second)  # before `first` changes; the context itself is not normalised
        first = first + self.attention(self.norm(first), second)
        second = second + self.attention(second_norm, first)
        return first + self.mlp(first), second + self.mlp(second)


class TemporalAttention(nn.Module):
    """Per region, the second phase attends over {first, second}."""

    def __init__(self, config: CausalNetConfig) -> None:
        super().__init__()
        self.heads = config.attention_heads
        self.scale = (config.dim // config.attention_heads) ** -0.5
        self.to_q = nn.Linear(config.dim, config.dim)
        self.to_kv = nn.Linear(config.dim, 2 * config.dim)
        self.to_out = nn.Linear(config.dim, config.dim)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        q = split_heads(self.to_q(second), self.heads)  # (n, heads, 4, d)
        pairs = [self.to_kv(phase).chunk(2, dim=-1) for phase in (first, second)]
        keys = torch.stack([split_heads(k, self.heads) for k, _ in pairs], dim=3)  # (n, heads, 4, 2, d)
        values = torch.stack([split_heads(v, self.heads) for _, v in pairs], dim=3)
        weights = ((q.unsqueeze(3) * keys).sum(dim=-1) * self.scale).softmax(dim=-1)  # (n, heads, 4, 2)
        return self.drop(self.to_out(join_heads((weights.unsqueeze(-1) * values).sum(dim=3))))


class RelationMining(nn.Module):
    """q from the forward, k from the backward second feature, v from their sum."""

    def __init__(self, config: CausalNetConfig) -> None:
        super().__init__()
        self.heads = config.attention_heads
        self.scale = (config.dim // config.attention_heads) ** -0.5
        self.to_q = nn.Linear(config.dim, config.dim)
        self.to_k = nn.Linear(config.dim, config.dim)
        self.to_v = nn.Linear(config.dim, config.dim)
        self.to_out = nn.Linear(config.dim, config.dim)
        self.drop = nn.Dropout(config.dropout)

    def forward(self, forward: Tensor, backward: Tensor) -> Tensor:
        both = forward + backward
        q, k, v = (
            split_heads(t, self.heads) for t in (self.to_q(forward), self.to_k(backward), self.to_v(both))
        )
        weights = (q @ k.transpose(-1, -2) * self.scale).softmax(dim=-1)
        return self.drop(self.to_out(join_heads(weights @ v) + both))


class CausalBlock(nn.Module):
    """CAB: both phases forward and backward in time with the same weights, then relation mining."""

    def __init__(self, config: CausalNetConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.dim)
        self.spatial = RegionAttention(config, scale=(config.dim // config.attention_heads) ** -0.5)
        self.temporal = TemporalAttention(config)
        self.mlp = feed_forward(config, config.dim)
        self.relation = RelationMining(config)

    def _pass(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        first, second = self.norm(first), self.norm(second)
        first = first + self.spatial(first, first)
        second = second + self.spatial(second, second)
        second = second + self.temporal(first, second)
        return first + self.mlp(first), second + self.mlp(second)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        first_forward, second_forward = self._pass(first, second)
        first_backward, second_backward = self._pass(second, first)
        relation = self.relation(second_forward, second_backward)
        return torch.cat([relation, first_forward, first_backward], dim=1)  # (n, 12, dim)


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
        self.cross = nn.ModuleList(CrossLayer(config) for _ in range(config.repeats[2]))
        self.causal = CausalBlock(config)
        self.head: nn.Module = Head(config)

    def features(self, maps: Tensor) -> Tensor:
        """(batch, 4, 28, 28, 3) to (batch, 12 dim): what the head sees."""
        tiled = retile(maps)
        flow_first, flow_second = both_phases(self.flow_encoder, tiled[:, :2])
        first, second = both_phases(self.direction_encoder, tiled[:, 2:])
        for layer in self.cross:
            first, second = layer(first, second)
        return self.causal(flow_first + first, flow_second + second).flatten(1)

    def forward(self, maps: Tensor) -> Tensor:
        return self.head(self.features(maps))
