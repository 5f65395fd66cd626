"""What every compared system shares: a config by name, the published maps in, features and logits out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from engine.errors import ConfigError
from realtime.maps import STRAIN, U, V

WHOLE = (STRAIN, V, U)
CrossEntropy = Callable[[Tensor, Tensor], Tensor]  # logits, labels -> loss


@dataclass(frozen=True, slots=True)
class BaselineConfig:
    """Which system, and its number of classes; every other dimension is the system's own."""

    name: str
    classes: int = 3

    def __post_init__(self) -> None:
        if self.classes < 2:
            raise ConfigError(f"classes {self.classes} must be at least 2")


class Baseline(nn.Module, ABC):
    """One compared system.

    Input: (batch, 4, 28, 28, 3) float32, values 0..255, in the published layout, as CausalNet takes it.
    Output: (batch, classes) logits.
    """

    head: nn.Module  # features to logits

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def features(self, maps: Tensor) -> Tensor:
        """(batch, 4, 28, 28, 3) to (batch, width): what the head sees."""

    def forward(self, maps: Tensor) -> Tensor:
        return self.head(self.features(maps))


@runtime_checkable
class OwnLoss(Protocol):
    """A system that learns from more than its logits."""

    def training_loss(self, maps: Tensor, labels: Tensor, cross_entropy: CrossEntropy) -> Tensor: ...


def flow_image(maps: Tensor, phase: int = 0, channels: Sequence[int] = WHOLE) -> Tensor:
    """(batch, channels, 28, 28) from -1 to 1: one phase's flow map, 0 onset to apex, 1 apex to offset."""
    return maps[:, phase][..., list(channels)].permute(0, 3, 1, 2) / 127.5 - 1.0
