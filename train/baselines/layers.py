"""Transformer parts that several of the compared systems use."""

from __future__ import annotations

from torch import Tensor, nn


class PatchTokens(nn.Module):
    """(n, taken, side, side) to (n, tokens, width), row by row; patches overlap where `stride` is smaller."""

    def __init__(self, taken: int, width: int, patch: int, stride: int | None = None) -> None:
        super().__init__()
        self.embed = nn.Conv2d(taken, width, patch, stride=stride or patch)

    def forward(self, images: Tensor) -> Tensor:
        return self.embed(images).flatten(2).transpose(1, 2)


def transformer_layer(width: int, heads: int, ratio: int = 4, dropout: float = 0.0) -> nn.Module:
    """x + attention(LN x), then x + MLP(LN x), of (n, tokens, width)."""
    return nn.TransformerEncoderLayer(
        width, heads, width * ratio, dropout, activation="gelu", batch_first=True, norm_first=True
    )
