"""Trains the learned spotter's network on tracks (train.spotting.tracks)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from realtime.spotting.evidence import POSITIONS
from realtime.spotting.outputs import EVIDENCE, LAG_STEPS, LOGITS
from train.spotting.bend import mirrored
from train.spotting.distract import distract
from train.spotting.items import Item, features_of
from train.spotting.net import SpotNet
from train.spotting.restless import RestlessConfig, Restlessness, a_part, cut, there_or_back
from train.spotting.shapes import Shapes

F32 = NDArray[np.float32]
SPEECH, BLINK, HEAD = EVIDENCE, EVIDENCE + 1, EVIDENCE + 2


@dataclass(frozen=True, slots=True)
class FitConfig:
    steps: int = 1600
    batch: int = 12
    length: int = 256  # grid steps of one sequence
    warm: int = 40  # first ones that are not asked for
    rate: float = 2e-3
    decay: float = 0.02
    spread: float = 1.5  # grid steps: standard deviation of a target
    clear_px: float = 0.5  # weaker micro-expressions are not asked for ..
    faint_px: float = 0.3  # .. and, down to here, not held against it
    clip_share: float = 0.8  # of the sequences under which a face moves by itself ..
    restless: RestlessConfig = RestlessConfig()  # .. and how
    over_share: float = 0.25  # of all, in which a moving face comes on top ..
    over: tuple[float, float] = (0.05, 0.6)  # .. and how much of it
    distracted: float = 0.5  # share of the sequences in which something is drawn besides ..
    distractions: float = 4.0  # .. and how often
    positive: float = 8.0  # weight of a target


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One sequence."""

    rows: F32
    targets: F32
    weights: F32


class Mixer:
    """Draws sequences: what one face was made to do, on top of others' restlessness."""

    def __init__(self, items: Sequence[Item], shapes: Shapes, config: FitConfig, seed: int) -> None:
        self._config = config
        self._rng = np.random.default_rng(seed)
        self._clips = [item for item in items if item.clip and len(item.events)]
        lively = [item for item in items if item.clip and not len(item.events)] or self._clips
        self._stills = [item for item in items if not item.clip] or self._clips
        self._clip_share = config.clip_share if self._clips else 0.0
        self._restless = Restlessness(self._clips, lively, shapes, config.restless)
        self._units_of_regions = shapes.units_of_regions

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """(features, targets, weights), each (batch, steps, ..)."""
        drawn = [self._drawn() for _ in range(self._config.batch)]
        features = features_of(np.stack([one.rows for one in drawn]))
        targets, weights = (np.stack([getattr(one, n) for one in drawn]) for n in ("targets", "weights"))
        return torch.from_numpy(features), torch.from_numpy(targets), torch.from_numpy(weights)

    def _drawn(self) -> _Drawn:
        rng, config = self._rng, self._config
        moving = rng.random() < self._clip_share
        rows, flags = self._under(moving)
        if self._clips and rng.random() < config.over_share:
            over, also = self._restless.drawn(rng, config.length)
            rows, flags = rows + np.float32(rng.uniform(*config.over)) * over, np.maximum(flags, 0.5 * also)
        if rng.random() < config.distracted:
            distract(rows, flags, rng, config.distractions, self._units_of_regions)
        added, events = self._put_in(self._clips if moving and rng.random() < 0.5 else self._stills)
        rows = rows + added
        rows[:, :POSITIONS] += rng.normal(0, rng.uniform(0, 0.05), (len(rows), POSITIONS)).astype(np.float32)
        if rng.random() < 0.5:
            rows = mirrored(rows)
        return _Drawn(rows, *targets_of(events, flags, config))

    def _under(self, moving: bool) -> tuple[F32, F32]:
        """A face in which nothing was put, and its flags."""
        if moving:
            return self._restless.drawn(self._rng, self._config.length)
        return there_or_back(*a_part(self._stills, self._rng, self._config.length), self._rng)

    def _put_in(self, items: Sequence[Item]) -> tuple[F32, NDArray[np.float64]]:
        """Movements of one of the items, some stronger or weaker, and what is true of them."""
        rng, length = self._rng, self._config.length
        item = items[int(rng.integers(len(items)))]
        at = int(rng.integers(max(len(item.base) - length, 0) + 1))
        stronger = rng.uniform(0.7, 1.3)
        events = item.events - np.array([at, at, at, 0, 0])
        events[:, 3] *= stronger
        return np.float32(stronger) * cut(item.added, at, length), events


def targets_of(events: NDArray[np.float64], flags: F32, config: FitConfig) -> tuple[F32, F32]:
    """Targets (steps, OUTPUTS) and the weight of each."""
    length = config.length
    steps = np.arange(length)
    targets = np.zeros((length, LOGITS + EVIDENCE), np.float32)
    weights = np.zeros_like(targets)
    weights[config.warm :, :LOGITS] = 1
    targets[:, SPEECH:LOGITS] = flags
    for onset, apex, offset, size, kind in events:
        inside = (steps >= onset) & (steps <= offset)
        if kind == 2:
            targets[inside, BLINK] = 1
            continue
        if kind == 1:
            continue
        near = (steps >= onset) & (steps <= offset + 2 * LAG_STEPS)
        if size < config.faint_px:
            continue
        if size < config.clear_px:
            weights[near, :EVIDENCE] = 0
            continue
        for which, at in enumerate((onset, apex, offset)):
            bump = np.exp(-0.5 * ((steps - at - LAG_STEPS) / config.spread) ** 2)
            targets[:, which] = np.maximum(targets[:, which], bump)
        close = np.abs(steps - offset - LAG_STEPS) <= 2 * config.spread
        targets[close, LOGITS:] = (steps[close, None] - np.array([onset, apex, offset])) / 5
        weights[close & (steps >= config.warm), LOGITS:] = 1
    return targets, weights


def loss_of(said: Tensor, targets: Tensor, weights: Tensor, config: FitConfig) -> Tensor:
    ask, weigh = targets[..., :LOGITS], weights[..., :LOGITS]
    emphasis = 1 + (config.positive - 1) * ask
    share = torch.ones(LOGITS)
    share[SPEECH:] = 0.05
    share[:2] = 0.3
    focal = (torch.sigmoid(said[..., :LOGITS].detach()) - ask).abs()
    cross = functional.binary_cross_entropy_with_logits(said[..., :LOGITS], ask, reduction="none")
    evidence = (cross * focal * emphasis * weigh * share).sum() / weigh.sum()
    off = functional.smooth_l1_loss(said[..., LOGITS:], targets[..., LOGITS:], reduction="none")
    return 30 * evidence + (off * weights[..., LOGITS:]).sum() / weights[..., LOGITS:].sum().clamp(min=1)


Log = Callable[[int, float, SpotNet], None]


def fit(
    items: Sequence[Item],
    shapes: Shapes,
    config: FitConfig,
    seed: int,
    log: Log | None = None,
    start: SpotNet | None = None,
) -> SpotNet:
    """A network trained on what a `Mixer` draws from the items; `log` hears of every 200 steps.

    It begins as a copy of `start`, if there is one, else at random.
    """
    torch.manual_seed(seed)
    net = SpotNet() if start is None else deepcopy(start).train()
    mixer = Mixer(items, shapes, config, seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=config.rate, weight_decay=config.decay)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.rate, total_steps=config.steps)
    running = 0.0
    for step in range(config.steps):
        features, targets, weights = mixer.batch()
        said, _ = net(features, net.start(len(features)))
        loss = loss_of(said, targets, weights, config)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        pace.step()
        running += 0.02 * (loss.item() - running)
        if log is not None and step % 200 == 199:
            log(step, running, net)
    return net.eval()
