"""A trained network made wider and deeper without a change in what it says, to train on from there.

Net2Net (Chen, Goodfellow, Shlens, ICLR 2016): every channel is there several times and each that listens to
it takes its share; here a layer that is added says nothing at first. A little noise lets the copies part.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.errors import ModelFileError
from train.spotting.net import CHANNELS, DILATIONS, SpotNet

NOISE = 0.03  # of the standard deviation of each set of weights


def grown(old: SpotNet, channels: int = CHANNELS, dilations: tuple[int, ...] = DILATIONS) -> SpotNet:
    """A copy of `old` of this size. Raises: ModelFileError where that is no multiple of its own."""
    copies, rest = divmod(channels, old.channels)
    deeper = dilations[: len(old.dilations)] == old.dilations
    if rest or not copies or not deeper:
        raise ModelFileError(
            f"a network of {old.channels} channels and dilations {old.dilations} does not grow into one of "
            f"{channels} and {dilations}; train without --start"
        )
    net = SpotNet(channels, dilations)
    tensors = {name: _grown(name, tensor, copies) for name, tensor in old.state_dict().items()}
    silent = {
        name: torch.zeros_like(tensor) if ".conv." in name else tensor
        for name, tensor in net.state_dict().items()
        if name not in tensors
    }
    net.load_state_dict({**tensors, **silent})
    return net.eval()


@torch.no_grad()
def parted(net: SpotNet, seed: int) -> SpotNet:
    """The same, disturbed a little, in place."""
    rng = torch.Generator().manual_seed(seed)
    for tensor in net.parameters():
        if tensor.dim() > 1:
            tensor += NOISE * tensor.std() * torch.randn(tensor.shape, generator=rng)
    return net


def _grown(name: str, tensor: Tensor, copies: int) -> Tensor:
    """Outputs come first, inputs second; a gated convolution holds its gates after its values."""
    if name.startswith("mix") or name == "leave.1.bias":
        return tensor
    if name == "leave.1.weight":
        return tensor.repeat(1, copies) / copies
    if ".conv." not in name:
        return tensor.repeat(copies, *[1] * (tensor.dim() - 1))
    both = torch.cat([part.repeat(copies, *[1] * (tensor.dim() - 1)) for part in tensor.chunk(2)])
    return both.repeat(1, copies, 1) / copies if tensor.dim() == 3 else both
