"""Several CausalNets that answer as one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.causalnet import CausalNet
from engine.fold import fold


class Ensemble(nn.Module):
    """The logarithm of the members' mean probabilities: logits whose softmax is that mean.

    Input and output as of `CausalNet`.
    """

    def __init__(self, members: Sequence[CausalNet]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, maps: Tensor) -> Tensor:
        chances = torch.stack([member(maps).log_softmax(dim=1) for member in self.members])
        return chances.logsumexp(dim=0) - math.log(len(self.members))


Network = CausalNet | Ensemble


def as_one(members: Sequence[CausalNet]) -> Network:
    """The members as one network; a single one stays what it is."""
    return members[0] if len(members) == 1 else Ensemble(members)


def folded(net: Network) -> Network:
    """A copy of `net` with every member simplified exactly, see `engine.fold`."""
    if isinstance(net, CausalNet):
        return fold(net)
    return Ensemble([fold(member) for member in net.members if isinstance(member, CausalNet)])
