"""A network of the first version under the inputs of today: what it learnt is where a longer fit begins.

The first version had regions, six terms of head motion, pose and mesh; no parallax, no action units, no sums
of movements. Its weights for what is still there are kept, what is new begins at nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from realtime.spotting.chain import ROW_PARTS
from realtime.spotting.evidence import FEATURES, LARGE, POSITIONS
from train.spotting.net import MIXED, SpotNet

_REGIONS, _HEAD = ROW_PARTS["regions"], 6
_AFTER = ROW_PARTS["pose"] + ROW_PARTS["mesh"]
_FIRST = _REGIONS + _HEAD + _AFTER  # positions of the first version


def carried(first: Mapping[str, Tensor]) -> SpotNet:
    """`first`: the tensors of one member, as its safetensors file names them after `members.0.`."""
    net = SpotNet()
    own = net.state_dict()
    old = first["enter.weight"][:, :, 0]
    enter = torch.zeros(len(old), FEATURES + MIXED)
    for index in range(_FIRST):
        place = _place(index)
        enter[:, place] = old[:, index]
        enter[:, POSITIONS + place] = old[:, _FIRST + index]
    noise, rest = 2 * _FIRST, LARGE + MIXED
    enter[:, rest : rest + _REGIONS // 2] = old[:, noise : noise + _REGIONS // 2]
    enter[:, -2:] = old[:, -2:]  # lip gap, misfit
    kept = {name: value for name, value in first.items() if name.startswith(("layers", "leave"))}
    net.load_state_dict({**own, **kept, "enter.weight": enter[:, :, None], "enter.bias": first["enter.bias"]})
    return net


def _place(index: int) -> int:
    """Where a position of the first version stands now."""
    if index < _REGIONS:
        return index
    moved = index + ROW_PARTS["units"]
    return moved if index < _REGIONS + _HEAD else moved + ROW_PARTS["head"] - _HEAD
