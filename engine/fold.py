"""Exact simplifications of a trained CausalNet: fewer parameters, the same function.

Every attention of the encoder sees a single token, so its softmax is 1 and x -> Wo Wv x + bo is all it does;
the head is two Linear layers with nothing between. Both products are taken in float64.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from engine.causalnet import CausalNet, Head
from engine.encoder import EncoderLayer, SingleTokenAttention
from engine.errors import ConfigError


def fold(net: CausalNet) -> CausalNet:
    """A copy of `net` without single-token queries and keys, with merged value paths and a one-layer head.

    Raises: ConfigError if `net` is folded already.
    """
    folded = copy.deepcopy(net).eval()
    for module in folded.modules():
        if isinstance(module, EncoderLayer):
            module.attention = _merge_attention(module.attention)
    folded.head = _merge_head(folded.head)
    return folded


def parameter_count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def _merge_attention(attention: nn.Module) -> nn.Linear:
    if not isinstance(attention, SingleTokenAttention):
        raise ConfigError("this network is folded already; fold the one that was trained")
    out, value = attention.to_out, attention.to_value
    return _linear(_product(out.weight, value.weight), out.bias)


def _merge_head(head: nn.Module) -> nn.Linear:
    if not isinstance(head, Head):
        raise ConfigError("this network's head is folded already; fold the one that was trained")
    bias = head.logits.weight.double() @ head.hidden.bias.double() + head.logits.bias.double()
    return _linear(_product(head.logits.weight, head.hidden.weight), bias)


def _product(left: Tensor, right: Tensor) -> Tensor:
    return left.double() @ right.double()


@torch.no_grad()
def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], device=weight.device)
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)
    return layer.requires_grad_(False)
