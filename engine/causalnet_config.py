"""Every dimension of CausalNet, and the grids that the release fixes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from engine.errors import ConfigError

MAP_SIZE = 28
PATCH = 7  # side of one token's patch, map pixels
GRID = MAP_SIZE // PATCH  # 4x4 tokens per map
REGIONS = 4  # 2x2 positions that both attention modules work on
# Centres (row, column) of the 14x14 regions after the release's clamp to [7, 21]: laid out [[0, 1], [2, 3]].
REGION_CENTRES = ((9, 11), (21, 10), (10, 21), (20, 21))


class Cross(str, Enum):
    """Cross-attention between the direction features of both phases."""

    POSITIONAL = "positional"  # CMPLM: neighbours only, others penalised by their place
    PLAIN = "plain"  # softmax(s q k) v, as first invented
    NONE = "none"  # the direction features as their encoder gives them


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
    def cross(self) -> Cross:
        """What passes between the direction features of both phases."""
        return Cross.POSITIONAL

    @property
    def block_length(self) -> int:
        """Layers of the causal attention block."""
        return 1

    @property
    def tokens_out(self) -> int:
        """Tokens handed to the head: relation mining and both first phases, four regions each."""
        return (3 if self.block_length else 2) * REGIONS

    @property
    def hidden(self) -> int:
        """Width between the head's two layers: 2048 at the published size."""
        return 8 * self.dim


@dataclass(frozen=True, slots=True)
class AblatedConfig(CausalNetConfig):
    """CausalNet with parts left out or changed, to see what they give.

    A class of its own: recipes and model cards of networks that are shipped know no such switches.
    """

    cross: Cross = Cross.POSITIONAL
    block_length: int = 1  # 0: no causal attention block, both phases go to the head as they are

    def __post_init__(self) -> None:
        CausalNetConfig.__post_init__(self)
        if self.block_length < 0:
            raise ConfigError(f"block_length {self.block_length} must not be negative")


PUBLISHED = CausalNetConfig()
COMPACT = CausalNetConfig(dim=32, repeats=(1, 1, 1))
