"""CausalNet's attention between regions and between phases: CMPLM, and the parts of CAB."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.causalnet_config import REGIONS, CausalNetConfig, Cross
from engine.encoder import feed_forward


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


class RegionAttention(nn.Module):
    """Multi-head attention between the regions of the 2x2 grid: softmax(s q k M + P) M v.

    Without `positional`, M is all ones and P all zeros: plain attention.
    """

    mask: Tensor
    penalty: Tensor

    def __init__(self, config: CausalNetConfig, scale: float, *, positional: bool = True) -> None:
        super().__init__()
        self.heads = config.attention_heads
        self.scale = scale
        self.to_q = nn.Linear(config.dim, config.dim)
        self.to_kv = nn.Linear(config.dim, 2 * config.dim)
        self.to_out = nn.Linear(config.dim, config.dim)
        self.drop = nn.Dropout(config.dropout)
        mask, penalty = neighbours(), position_penalty(config.gamma)
        self.register_buffer("mask", mask if positional else torch.ones_like(mask), persistent=False)
        self.register_buffer("penalty", penalty if positional else 0.0 * penalty, persistent=False)

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
        positional = config.cross is Cross.POSITIONAL
        self.attention = RegionAttention(config, scale=config.dim**-0.5, positional=positional)
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
