"""Every dimension of MOL, and the two sizes that are used here."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ConfigError


@dataclass(frozen=True, slots=True)
class MolConfig:
    """Every dimension of the network; the defaults are the published size.

    `motion_gain` is ours: how much stronger than the picture itself what changes in it reaches the network.
    The release feeds plain pictures (1.0); a movement of half a pixel then is some thousandths of its input.
    """

    frames: int = 8
    size: int = 128  # height and width of a frame, pixels
    channels: int = 128  # of the features that all heads share
    neighbours: int = 4  # of each channel in its graph, itself among them
    hidden: int = 256  # between the two Linear layers of the recognition head
    landmarks: int = 68
    landmark_hidden: int = 512
    flow_width: int = 64  # channels after the first convolution of the flow head
    flow_reach: int = 10  # displacements of the correlation on either side: 21x21
    flow_dilation: int = 2  # feature pixels between two of them
    motion_gain: float = 1.0
    classes: int = 3
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if self.channels < 16 or self.channels % 16:
            raise ConfigError(f"channels {self.channels} must be a multiple of 16")
        if self.frames < 4 or self.size < 64 or self.size % 64:
            raise ConfigError(f"{self.frames} frames of {self.size} pixels: at least 4 of a multiple of 64")
        if not 1 <= self.neighbours <= self.channels:
            raise ConfigError(f"neighbours {self.neighbours} must lie in 1 .. {self.channels}")
        if self.flow_width < 2 or self.flow_width % 2 or min(self.flow_reach, self.flow_dilation) < 1:
            raise ConfigError("flow_width must be even, flow_reach and flow_dilation at least 1")
        if self.motion_gain <= 0 or not 0.0 <= self.dropout < 1.0:
            raise ConfigError("motion_gain must be positive, dropout lie in [0, 1)")

    @property
    def pairs(self) -> int:
        """Consecutive frames taken together."""
        return self.frames - 1

    @property
    def side(self) -> int:
        """Height and width of the features: 16 of a frame of 128."""
        first = (self.size - 4) // 2 + 1
        second = (first - 3) // 2 + 1
        return (second + 2 - 2) // 2 + 1

    @property
    def patch(self) -> int:
        """Displacements that the correlation compares."""
        return (2 * self.flow_reach + 1) ** 2


PUBLISHED_MOL = MolConfig()
# Half the channels; a narrow flow head that looks at 7x7 displacements: trains on one core in minutes.
COMPACT_MOL = MolConfig(channels=64, flow_width=16, flow_reach=3, landmark_hidden=256, motion_gain=8.0)
