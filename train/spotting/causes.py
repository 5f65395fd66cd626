"""Makes the network's word on speech, blinks and head motion a probability.

The loss presses hard on rare targets, so raw answers are far too high: 0.5 is said of 9 in 10 moments of a
talking face. A line through each logit (Platt 1999), fitted on drawn sequences and folded into the last
layer, sets that right without touching anything else.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from realtime.spotting.outputs import EVIDENCE, LOGITS
from train.spotting.fit import Mixer
from train.spotting.net import SpotNet

BATCHES = 24
CAUSES = slice(EVIDENCE, LOGITS)


def calibrate_causes(net: SpotNet, mixer: Mixer, batches: int = BATCHES) -> None:
    """In place; the mixer draws what the lines are fitted on."""
    net.eval()
    logits, asked = _heard(net, mixer, batches)
    last = net.leave[-1]
    assert isinstance(last, nn.Linear)
    for column in range(asked.shape[1]):
        slope, shift = line(logits[:, column], asked[:, column])
        with torch.no_grad():
            row = CAUSES.start + column
            last.weight[row] *= slope
            last.bias[row] = slope * last.bias[row] + shift


def line(logits: Tensor, asked: Tensor) -> tuple[float, float]:
    """Slope and shift that make (n,) logits those of the (n,) targets, 0 or 1, at least cross entropy."""
    found = torch.tensor([1.0, 0.0], requires_grad=True)
    optimiser = torch.optim.LBFGS([found], max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = functional.binary_cross_entropy_with_logits(found[0] * logits + found[1], asked)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    slope, shift = found.tolist()
    return slope, shift


def _heard(net: SpotNet, mixer: Mixer, batches: int) -> tuple[Tensor, Tensor]:
    """Logits and targets of the causes where they are asked for, (n, causes) each."""
    logits, asked = [], []
    for _ in range(batches):
        features, targets, weights = mixer.batch()
        with torch.no_grad():
            said, _ = net(features, net.start(len(features)))
        valid = weights[..., CAUSES.start] > 0
        logits.append(said[..., CAUSES][valid])
        asked.append((targets[..., CAUSES][valid] >= 0.5).float())
    return torch.cat(logits), torch.cat(asked)
