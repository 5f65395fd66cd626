"""The training loop: one recipe in, one network out, nothing chosen on the way."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from engine.causalnet import CausalNet
from engine.errors import ConfigError
from realtime.symmetry import symmetric_views
from train.augment import augment, complete
from train.baselines import SYSTEMS, Baseline, BaselineConfig, OwnLoss
from train.features import Features
from train.recipe import Recipe

Network = CausalNet | Baseline
EpochHook = Callable[[Network], bool | None]  # given the network in eval mode after each epoch; True stops


def fit(
    data: Features,
    recipe: Recipe,
    seed: int,
    on_epoch: EpochHook | None = None,
    *,
    start: Mapping[str, Tensor] | None = None,
) -> Network:
    """Train a network on all of `data`; the same arguments on the same machine give the same network.

    `start` are the weights to begin with, as `train.pretrain` makes them; without, they are random.
    """
    torch.manual_seed(seed)
    net = untrained(recipe)
    if start is not None:
        net.load_state_dict(start)
    flows = torch.from_numpy(data.maps_u8[:, :2]).float()
    labels = torch.from_numpy(data.labels)
    step = _Step(net, labels, recipe)
    rng = torch.Generator().manual_seed(seed)
    for rows_of_epoch in _epochs(len(data), recipe, rng):
        net.train()
        for rows in rows_of_epoch:
            maps = complete(augment(flows[rows], labels[rows], recipe.augment, rng))
            step(maps, labels[rows])
        if on_epoch is not None and on_epoch(net.eval()):
            break
    return net.eval()


def untrained(recipe: Recipe) -> Network:
    """The recipe's network with random weights.

    Raises: ConfigError if no system has its name.
    """
    config = recipe.model
    if not isinstance(config, BaselineConfig):
        return CausalNet(config)
    if config.name not in SYSTEMS:
        raise ConfigError(f"unknown system {config.name!r}; give one of {', '.join(SYSTEMS)}")
    return SYSTEMS[config.name](config)


def class_weights(labels: NDArray[np.int64], power: float, classes: int) -> Tensor:
    """(classes,) weights frequency ** -power with mean 1 over the samples; an absent class weighs 0."""
    counts = np.bincount(labels, minlength=classes).astype(float)
    weights = np.where(counts > 0, np.maximum(counts, 1.0) ** -power, 0.0)
    return torch.tensor(weights * counts.sum() / (weights * counts).sum(), dtype=torch.float32)


@torch.inference_mode()
def predict(net: Network, maps_u8: NDArray[np.uint8], symmetries: bool) -> NDArray[np.float32]:
    """Logits (n, classes) of maps (n, 4, 28, 28, 3); with symmetries of the mean over their four views."""
    views = symmetric_views(maps_u8) if symmetries else maps_u8[None]
    flat = torch.from_numpy(views.reshape(-1, *maps_u8.shape[1:])).float()
    chances = torch.cat([net(part) for part in flat.split(64)]).log_softmax(dim=1)
    mean = chances.reshape(len(views), len(maps_u8), -1).logsumexp(dim=0) - math.log(len(views))
    return mean.numpy()


@torch.inference_mode()
def head_features(net: Network, maps_u8: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the head sees, (n, width), of maps (n, 4, 28, 28, 3)."""
    parts = torch.from_numpy(maps_u8).float().split(64)
    return torch.cat([net.features(part) for part in parts]).numpy()


def _epochs(n: int, recipe: Recipe, rng: torch.Generator) -> Iterator[tuple[Tensor, ...]]:
    """The batches of rows of each epoch: all samples once, or one batch where the recipe says so."""
    batch = recipe.batch or n
    if not recipe.by_update:
        yield from (torch.randperm(n, generator=rng).split(batch) for _ in range(recipe.epochs))
        return
    passes = math.ceil(recipe.epochs / math.ceil(n / batch))
    batches = (rows for _ in range(passes) for rows in torch.randperm(n, generator=rng).split(batch))
    yield from ((rows,) for rows in itertools.islice(batches, recipe.epochs))


class _Step:
    """One update of the network: weighted, smoothed cross entropy, AdamW, the recipe's schedule."""

    def __init__(self, net: Network, labels: Tensor, recipe: Recipe) -> None:
        self.net = net
        self.smoothing = recipe.label_smoothing
        self.weights = class_weights(labels.numpy(), recipe.class_power, recipe.model.classes)
        self.optimiser = torch.optim.AdamW(
            net.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
        )
        batches = 1 if recipe.by_update else math.ceil(len(labels) / (recipe.batch or len(labels)))
        steps = recipe.epochs * batches
        self.schedule: torch.optim.lr_scheduler.LRScheduler = (
            torch.optim.lr_scheduler.OneCycleLR(self.optimiser, recipe.learning_rate, total_steps=steps)
            if recipe.one_cycle
            else torch.optim.lr_scheduler.ConstantLR(self.optimiser, factor=1.0, total_iters=steps)
        )

    def __call__(self, maps: Tensor, labels: Tensor) -> None:
        if isinstance(self.net, OwnLoss):
            loss = self.net.training_loss(maps, labels, self._cross_entropy)
        else:
            loss = self._cross_entropy(self.net(maps), labels)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()

    def _cross_entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels, self.weights, label_smoothing=self.smoothing)
