"""A start for the network from made-up movements, before it sees a labelled sample.

The published set has 442 samples of three classes. What coders look for is known beforehand (`train.prior`),
so a network first learns that from maps that no dataset has, and the recipe goes on from there. Nothing
labelled takes part: the start is the same for every fold of a seed.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.causalnet import CausalNet
from train.augment import augment, complete
from train.prior.made_up import made_up_maps
from train.recipe import Recipe

BATCH = 64
DATA_SEED = 1  # every seed's network learns from the same made-up samples

State = dict[str, Tensor]


def pretrained(recipe: Recipe, seed: int) -> State | None:
    """Weights to start from; None where the recipe wants random ones."""
    config = recipe.prior
    if config.steps == 0:
        return None
    torch.manual_seed(seed)
    net = CausalNet(recipe.model).train()
    maps_u8, classes = made_up_maps(config, DATA_SEED)
    flows, labels = torch.from_numpy(maps_u8), torch.from_numpy(classes)
    rng = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(
        net.parameters(), config.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, total_steps=config.steps)
    for _ in range(config.steps):
        rows = torch.randint(len(labels), (BATCH,), generator=rng)
        maps = complete(augment(flows[rows].float(), labels[rows], recipe.augment, rng))
        loss = F.cross_entropy(net(maps), labels[rows], label_smoothing=recipe.label_smoothing)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return net.state_dict()
