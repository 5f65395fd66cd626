"""CausalNet's encoder: one motion map to four region tokens.

Each of its levels attends within blocks as large as its grid, so every attention sees one token, its softmax
is 1 and only the value path counts; `engine.fold` removes the rest exactly.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.causalnet_config import GRID, PATCH, REGIONS, CausalNetConfig


def to_patches(maps: Tensor) -> Tensor:
    """(n, 28, 28, 3) to (n, 16, 147): one row per 7x7 patch, its pixels in row, column, channel order."""
    n = maps.shape[0]
    blocks = maps.reshape(n, GRID, PATCH, GRID, PATCH, 3).transpose(2, 3)  # (n, 4, 4, 7, 7, 3)
    return blocks.reshape(n, GRID * GRID, PATCH * PATCH * 3)


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
