"""MOL (Shao et al., IEEE TPAMI 2025, arXiv 2506.14511): eight frames to class, optical flow and landmarks.

No key frames: the frames are spread evenly over an approximate window. After the paper and its release
(CYF-cuber/MOL, read only), our own layout and code: frames are the second axis, and both members of all
pairs go through the network at once. Departures, all of ours: brightness of the frames is made equal and what
changes is made `motion_gain` times stronger (the release subtracts the data's mean and divides by its
largest value); positions and biases of F5C begin near 0 instead of N(0, 1), which would drown the frames;
what the release holds but never uses (half of each circular kernel, a feed-forward part) is left out; the
release trains the landmarks' and the flow's first pair only, we train all.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.mol_config import COMPACT_MOL, PUBLISHED_MOL, MolConfig
from engine.mol_f5c import F5C, ConvStack
from engine.mol_flow import FlowHead

__all__ = ["COMPACT_MOL", "PUBLISHED_MOL", "Joint", "Mol", "MolConfig", "normalised"]

_HALF = 127.5  # gray levels


@dataclass(frozen=True, slots=True)
class Joint:
    """What the three heads say."""

    logits: Tensor  # (batch, classes)
    flow_px: Tensor  # (batch, pairs, 2, size, size), x right and y down, on the earlier frame's grid
    landmarks_px: Tensor  # (batch, pairs, landmarks, 2) x, y in the later frame


def normalised(frames: Tensor, motion_gain: float) -> Tensor:
    """(batch, frames, size, size) gray levels to about -1 .. 1, what changes `motion_gain` times stronger.

    Every frame first gets the brightness of the mean of them all.
    """
    level = frames.mean(dim=(2, 3), keepdim=True)
    even = frames - level + level.mean(dim=1, keepdim=True)
    still = even.mean(dim=1, keepdim=True)
    return (still - _HALF + motion_gain * (even - still)) / _HALF


class RecognitionHead(nn.Module):
    """Features of all pairs, in time order, to logits: one 3-D convolution and two Linear layers.

    Input: (batch, channels, 2 pairs, side, side).
    """

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        width, steps = config.channels // 4, 2 * config.pairs - 4
        self.conv = nn.Conv3d(config.channels, width, (5, 2, 2), stride=(1, 2, 2))
        self.pool = nn.MaxPool3d(2)
        self.dropout = nn.Dropout(config.dropout)
        self.hidden = nn.Linear(width * (steps // 2) * (config.side // 4) ** 2, config.hidden)
        self.logits = nn.Linear(config.hidden, config.classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(self.pool(self.conv(x)).flatten(1))
        return self.logits(self.dropout(self.hidden(x).relu()))


class LandmarkHead(nn.Module):
    """Features of later frames (n, channels, side, side) to (n, landmarks, 2) pixels."""

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        self.conv = nn.Conv2d(config.channels, config.channels // 4, 3)
        self.hidden = nn.Linear(config.channels // 4 * (config.side - 2) ** 2, config.landmark_hidden)
        self.places = nn.Linear(config.landmark_hidden, 2 * config.landmarks)
        self._middle = config.size / 2

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.hidden(self.conv(x).relu().flatten(1)).relu()
        return self._middle * (1 + self.places(hidden).unflatten(1, (-1, 2)))


class Mol(nn.Module):
    """The whole network; called, it only recognises.

    Input: (batch, frames, size, size) float32, gray levels 0..255, in time order. Output: (batch, classes)
    logits; `joint` gives those of all three heads.
    """

    def __init__(self, config: MolConfig = PUBLISHED_MOL) -> None:
        super().__init__()
        self.config = config
        self.stack = ConvStack(config)
        self.earlier = F5C(config)
        self.later = F5C(config)
        self.recognition = RecognitionHead(config)
        self.landmark = LandmarkHead(config)
        self.flow = FlowHead(config)

    def forward(self, frames: Tensor) -> Tensor:
        earlier, later = self._features(normalised(frames, self.config.motion_gain))
        return self._recognised(earlier, later)

    def joint(self, frames: Tensor, flow_of: Tensor | None = None, flow_clips: int | None = None) -> Joint:
        """All heads; flow, the costly one, of the pairs `flow_of` of the first `flow_clips` samples only."""
        frames = normalised(frames, self.config.motion_gain)
        earlier, later = self._features(frames)
        landmarks = self.landmark(later.flatten(0, 1)).unflatten(0, later.shape[:2])
        chosen = torch.arange(self.config.pairs) if flow_of is None else flow_of
        features = torch.cat([earlier, later], dim=2)[:flow_clips, chosen]
        flow = self.flow(
            frames[:flow_clips, chosen].flatten(0, 1)[:, None],
            frames[:flow_clips, chosen + 1].flatten(0, 1)[:, None],
            features.flatten(0, 1),
        )
        return Joint(self._recognised(earlier, later), flow.unflatten(0, features.shape[:2]), landmarks)

    def _features(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Of both members of every pair: twice (batch, pairs, channels, side, side)."""
        batch = len(frames)
        maps = self.stack(frames.flatten(0, 1)[:, None]).unflatten(0, (batch, -1))
        earlier = self.earlier(maps[:, :-1].flatten(0, 1))
        later = self.later(maps[:, 1:].flatten(0, 1))
        return earlier.unflatten(0, (batch, -1)), later.unflatten(0, (batch, -1))

    def _recognised(self, earlier: Tensor, later: Tensor) -> Tensor:
        in_time = torch.stack([earlier, later], dim=2).flatten(1, 2)  # (batch, 2 pairs, channels, side, side)
        return self.recognition(in_time.transpose(1, 2))
