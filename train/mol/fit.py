"""MOL's three tasks learnt together: class, optical flow and landmarks.

    loss = NLL + 10 mean squared flow error (px^2) + 0.1 mean landmark error / pupil distance

The weights are the paper's. Ours: one cycle of the learning rate up to `learning_rate` (the paper keeps 1e-4
for 1000 steps of 32), mirroring, some more noise, in each step the flow of one pair of a few samples only,
which is the same in the mean and costs a fraction.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.errors import ConfigError
from engine.mol import Joint, Mol, MolConfig
from train.mol.data import Samples
from train.mol.landmarks import EYES_68, MIRROR_68

FLOW_WEIGHT, LANDMARK_WEIGHT = 10.0, 0.1
RISE = 0.15  # of the training with a rising learning rate
SAY_EVERY = 25  # steps


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How long and how fast."""

    steps: int = 600
    batch: int = 16
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    flow_clips: int = 4  # samples of a batch whose flow is looked at
    noise: float = 1.0  # gray levels, added in every step
    seed: int = 0
    minutes: float | None = None  # end by then, the learning rate brought down in time; else after `steps`

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.flow_clips) < 1 or self.learning_rate <= 0:
            raise ConfigError("steps, batch and flow clips must be at least 1, the learning rate above 0")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of samples as tensors; flow of some pairs only."""

    frames: Tensor  # (n, 8, size, size) gray levels
    flow: Tensor  # (flow clips, chosen pairs, 2, size, size), of the first rows
    landmarks: Tensor  # (n, 7, 68, 2) of the later frames
    labels: Tensor  # (n,)


@dataclass(frozen=True, slots=True)
class Losses:
    """Each without its weight."""

    label: Tensor
    flow: Tensor
    landmark: Tensor

    @property
    def total(self) -> Tensor:
        return self.label + FLOW_WEIGHT * self.flow + LANDMARK_WEIGHT * self.landmark

    def __str__(self) -> str:
        return f"label {self.label:.3f}, flow {self.flow:.4f} px^2, landmarks {self.landmark:.4f}"


def fit(
    samples: Samples,
    model: MolConfig,
    config: FitConfig,
    say: Callable[[str], None] = print,
    start: Mol | None = None,
) -> Mol:
    """A trained network, ready to run; `start` is one of the same size to go on from."""
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    net = Mol(model).train()
    if start is not None:
        net.load_state_dict(start.state_dict())
    optimiser = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    began, kept = time.perf_counter(), list[list[float]]()
    order = _shuffled(samples, config, rng)
    for step in range(config.steps):
        done = progress(step, time.perf_counter() - began, config)
        if done >= 1.0:
            break
        optimiser.param_groups[0]["lr"] = config.learning_rate * one_cycle(done)
        pair = rng.integers(model.pairs, size=1)
        batch = _varied(batch_of(samples, order[step], pair, config.flow_clips), config.noise, rng)
        found = losses(net.joint(batch.frames, torch.from_numpy(pair), config.flow_clips), batch)
        optimiser.zero_grad()
        found.total.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        kept.append([float(each.detach()) for each in (found.label, found.flow, found.landmark)])
        if (step + 1) % SAY_EVERY == 0 or step + 1 == config.steps:
            say(_line(step + 1, config, time.perf_counter() - began, kept[-SAY_EVERY:]))
    say(_line(len(kept), config, time.perf_counter() - began, kept[-SAY_EVERY:]))
    return net.eval()


def _line(step: int, config: FitConfig, seconds: float, kept: list[list[float]]) -> str:
    """Where the training is, with the mean of the losses `kept`."""
    mean = Losses(*(torch.tensor(each) for each in np.mean(kept or [[np.nan] * 3], axis=0)))
    return f"{seconds:6.0f} s, step {step} of {config.steps}: {mean}"


def progress(step: int, seconds: float, config: FitConfig) -> float:
    """Share of the training that is over, by steps or by the clock, whichever is ahead."""
    by_clock = 0.0 if config.minutes is None else seconds / (60 * config.minutes)
    return max(step / config.steps, by_clock)


def one_cycle(done: float) -> float:
    """Share of the highest learning rate: up in a straight line, down along a cosine."""
    if done < RISE:
        return 0.04 + 0.96 * done / RISE
    return 0.5 + 0.5 * float(np.cos(np.pi * (done - RISE) / (1 - RISE)))


def batch_of(samples: Samples, rows: np.ndarray, pairs: np.ndarray, flow_clips: int | None = None) -> Batch:
    """The samples at `rows`; flow of some of their pairs, and of the first `flow_clips` only."""
    flow = np.stack([samples.flow_px[row][pairs] for row in rows[:flow_clips]]).astype(np.float32)
    return Batch(
        torch.from_numpy(samples.frames_u8[rows].astype(np.float32)),
        torch.from_numpy(flow),
        torch.from_numpy(np.array(samples.landmarks_px[rows][:, 1:])),
        torch.from_numpy(np.array(samples.labels[rows])),
    )


def losses(said: Joint, batch: Batch) -> Losses:
    """Landmarks that are unknown do not count."""
    known = ~batch.landmarks.isnan()
    wanted = batch.landmarks.nan_to_num()
    middles = [wanted[:, :, eye].mean(dim=2) for eye in EYES_68]
    pupils = (middles[0] - middles[1]).norm(dim=-1).clamp(min=1.0)[..., None, None]
    off = (said.landmarks_px - wanted).abs() / pupils
    return Losses(
        F.cross_entropy(said.logits, batch.labels),
        F.mse_loss(said.flow_px, batch.flow),
        (off * known).sum() / known.sum().clamp(min=1),
    )


def mirrored(batch: Batch) -> Batch:
    """The same people seen in a mirror: a class stays what it is."""
    size = batch.frames.shape[-1]
    sign = torch.tensor([-1.0, 1.0])
    landmarks = batch.landmarks[:, :, list(MIRROR_68)] * sign + torch.tensor([size - 1.0, 0.0])
    flow = batch.flow.flip(-1) * sign[:, None, None]
    return Batch(batch.frames.flip(-1), flow, landmarks, batch.labels)


def _varied(batch: Batch, noise: float, rng: np.random.Generator) -> Batch:
    """Half of the batches mirrored, all with a little noise of its own strength."""
    if rng.random() < 0.5:
        batch = mirrored(batch)
    frames = batch.frames + noise * float(rng.uniform(0, 1)) * torch.randn_like(batch.frames)
    return Batch(frames, batch.flow, batch.landmarks, batch.labels)


def _shuffled(samples: Samples, config: FitConfig, rng: np.random.Generator) -> np.ndarray:
    """(steps, batch) rows: one permutation of all samples after another."""
    wanted = config.steps * config.batch
    rounds = -(-wanted // len(samples))
    rows = np.concatenate([rng.permutation(len(samples)) for _ in range(rounds)])
    return rows[:wanted].reshape(config.steps, config.batch)
