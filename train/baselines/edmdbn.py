"""EDMDBN: "Entire-detail motion dual-branch network for micro-expression recognition", 2025, openreview
lNPiybh4hb; its release is likemby/EDMDBN.

Two branches of shifted-window transformers: one for the entire motion from onset to apex, one for its
details over the sequence; each stage's output is weighed by an attention map that accumulates over the
stages; both are joined. 78,287 parameters for three classes.

Departures: the paper's entire motion is apex minus onset frame and its details are differences of eight
frames, at 224 pixels. The published features hold no frames: the entire motion is the flow map from onset to
apex, the details are the flow maps of both phases, averaged after the branch as the paper averages over
time. Two stages of width 16 and 32 on 8x8 and 4x4 tokens, of overlapping patches, in windows of 4x4, instead
of three of width 128 to 512 in windows of 7x7. Published for SMIC, CASME II, SAMM and MMEW.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.baselines.base import Baseline, BaselineConfig, flow_image
from train.baselines.layers import PatchTokens, transformer_layer

SIDE = 8  # tokens per side at first
PATCH, STRIDE = 7, 3  # pixels
WINDOW = 4
WIDTHS = (16, 32)


def to_windows(x: Tensor, shift: int) -> Tensor:
    """(n, side, side, c) to (n windows, 16, c), the map rolled by `shift` before."""
    n, side, _, width = x.shape
    count = side // WINDOW
    x = x.roll((-shift, -shift), dims=(1, 2)).reshape(n, count, WINDOW, count, WINDOW, width)
    return x.transpose(2, 3).reshape(-1, WINDOW * WINDOW, width)


def from_windows(windows: Tensor, side: int, shift: int) -> Tensor:
    """The reverse of `to_windows`."""
    count, width = side // WINDOW, windows.shape[-1]
    x = windows.reshape(-1, count, count, WINDOW, WINDOW, width).transpose(2, 3)
    return x.reshape(-1, side, side, width).roll((shift, shift), dims=(1, 2))


class Stage(nn.Module):
    """A plain and a shifted window layer, and the stage's attention map. Rolled edges are not masked."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.shifts = (0, WINDOW // 2 if side > WINDOW else 0)
        self.layers = nn.ModuleList(transformer_layer(width, heads=width // 8) for _ in self.shifts)
        self.attention = nn.Linear(2, 1)

    def forward(self, x: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        """(n, side, side, c) and the map so far (n, side, side, 1) to both."""
        side = x.shape[1]
        for layer, shift in zip(self.layers, self.shifts, strict=True):
            x = from_windows(layer(to_windows(x, shift)), side, shift)
        both = torch.cat([x.mean(dim=3, keepdim=True), x.amax(dim=3, keepdim=True)], dim=3)
        attention = self.attention(both).sigmoid()
        if before is not None:
            attention = attention * before
        return x * attention, attention


class Branch(nn.Module):
    """(n, 3, 28, 28) to (n, 16, WIDTHS[1])."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = PatchTokens(3, WIDTHS[0], PATCH, STRIDE)
        self.position = nn.Parameter(0.02 * torch.randn(SIDE * SIDE, WIDTHS[0]))
        self.first, self.second = Stage(WIDTHS[0], SIDE), Stage(WIDTHS[1], SIDE // 2)
        self.merge = nn.Sequential(
            nn.LayerNorm(4 * WIDTHS[0]), nn.Linear(4 * WIDTHS[0], WIDTHS[1], bias=False)
        )
        self.norm = nn.LayerNorm(WIDTHS[1])

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.tokens(images) + self.position
        x, attention = self.first(tokens.reshape(-1, SIDE, SIDE, WIDTHS[0]), None)
        quads = [x[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
        pooled = F.max_pool2d(attention.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
        x, _ = self.second(self.merge(torch.cat(quads, dim=3)), pooled)
        return self.norm(x.flatten(1, 2))


class EDMDBN(Baseline):
    def __init__(self, config: BaselineConfig) -> None:
        super().__init__(config)
        self.entire, self.detail = Branch(), Branch()
        self.head = nn.Linear(2 * (SIDE // 2) ** 2 * WIDTHS[1], config.classes)

    def features(self, maps: Tensor) -> Tensor:
        details = torch.stack([self.detail(flow_image(maps, phase)) for phase in (0, 1)]).mean(dim=0)
        return torch.cat([self.entire(flow_image(maps)), details], dim=2).flatten(1)
