"""Trains the learned spotter's network on tracks (train.spotting_tracks)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import lfilter
from torch import Tensor
from torch.nn import functional

from realtime.clock import NS_PER_S
from realtime.movement.model import MovementKind
from realtime.spotting.chain import ROW_PARTS
from realtime.spotting.evidence import (
    BASELINE_S,
    FIRST_NOISE_PX,
    NOISE_S,
    POSITIONS,
    STEP_S,
    Grid,
    compressed,
    gain,
    powers,
)
from realtime.spotting.outputs import EVIDENCE, LAG_STEPS, LOGITS
from realtime.spotting.regions import REGIONS
from train.spotting_distract import bent, distract
from train.spotting_net import SpotNet
from train.spotting_tracks import Track

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
    distractions: float = 4.0  # of one sequence
    positive: float = 8.0  # weight of a target


class Item(NamedTuple):
    """One track on the grid."""

    clip: bool
    base: F32  # (steps, ROW_SIZE) with nothing put in
    added: F32  # what putting in changed
    events: NDArray[
        np.float64
    ]  # (n, 5) onset, apex, offset in grid steps; amplitude px; 0 micro 1 macro 2 blink
    flags: F32  # (steps, 3) speech, blink, head motion


def gridded(t_s: NDArray[np.float64], rows: F32) -> F32:
    grid, out = Grid(), []
    for t, row in zip(t_s, rows, strict=True):
        out += [mean for _, mean in grid.add(round(t * NS_PER_S), row)]
    return np.stack(out)


def item_of(track: Track, base_rows: F32, flags: Sequence[Sequence[str]], clip: bool) -> Item:
    base = gridded(track.t_s, base_rows)
    added = gridded(track.t_s, track.rows) - base
    start = track.t_s[0]
    kinds = {MovementKind.MICRO: 0, MovementKind.MACRO: 1, MovementKind.BLINK: 2}
    events = [
        [*((np.array([m.onset_s, m.apex_s, m.offset_s]) - start) / STEP_S - 1), size, kinds[m.kind]]
        for m, size in zip(track.movements, track.amplitudes_px, strict=True)
    ]
    named = np.array(
        [[name in one for name in ("speech", "blink", "head_motion")] for one in flags], np.float32
    )
    at = np.searchsorted(track.t_s, start + (np.arange(len(base)) + 1) * STEP_S).clip(max=len(flags) - 1)
    return Item(clip, base, added, np.array(events).reshape(-1, 5), named[at])


def features_of(rows: F32) -> F32:
    """(batch, steps, ROW_SIZE) -> (batch, steps, FEATURES): realtime.spotting.evidence on whole sequences."""
    positions = rows[..., :POSITIONS].astype(np.float64)
    baseline = _followed(positions, BASELINE_S, positions[:, 0])
    slow = (positions - baseline).astype(np.float32)
    fast = np.diff(positions, axis=1, prepend=positions[:, :1]).astype(np.float32)
    power = powers(slow).astype(np.float64)
    first = np.full(power[:, 0].shape, FIRST_NOISE_PX**2)
    usual = _followed(power, NOISE_S, first)
    usual = np.concatenate([first[:, None], usual[:, :-1]], axis=1).astype(np.float32)
    return compressed(slow, fast, usual, np.maximum(rows[..., POSITIONS:], 0))


def _followed(x: NDArray[np.float64], memory_s: float, first: NDArray[np.float64]) -> NDArray[np.float64]:
    weight = float(gain(memory_s))
    state = (1 - weight) * first[:, None]
    out, _ = lfilter([weight], [1, weight - 1], x, axis=1, zi=state)
    return np.asarray(out)


_SIDES = [
    REGIONS.index(n.replace("left", "@").replace("right", "left").replace("@", "right")) for n in REGIONS
]


def mirrored(rows: F32) -> F32:
    """The same face seen in a mirror."""
    out = rows.copy()
    n = ROW_PARTS["regions"]
    regions = rows[..., :n].reshape(*rows.shape[:-1], -1, 2)[..., _SIDES, :] * np.array([-1, 1], np.float32)
    out[..., :n] = regions.reshape(*rows.shape[:-1], -1)
    out[..., n : n + 6] *= np.array([1, -1, -1, -1, 1, 1], np.float32)  # a b x; c d y
    p = n + 6
    out[..., p : p + 4] *= np.array([-1, 1, 1, -1], np.float32)
    m = p + 4
    out[..., m + 3 : m + 7] = rows[..., [m + 4, m + 3, m + 6, m + 5]]
    out[..., m + 7] *= -1
    return out


class Mixer:
    """Draws sequences: one track's nuisance stronger or weaker, another's on top, in the mirror or not."""

    def __init__(self, items: Sequence[Item], config: FitConfig, seed: int, clip_share: float = 0.7) -> None:
        self._config = config
        self._rng = np.random.default_rng(seed)
        self._clips = [item for item in items if item.clip]
        self._stills = [item for item in items if not item.clip]
        self._clip_share = clip_share

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """(features, targets, weights), each (batch, steps, ..)."""
        drawn = [self._drawn() for _ in range(self._config.batch)]
        features = features_of(np.stack([rows for rows, _, _ in drawn]))
        targets, weights = (np.stack([one[i] for one in drawn]) for i in (1, 2))
        return torch.from_numpy(features), torch.from_numpy(targets), torch.from_numpy(weights)

    def _drawn(self) -> tuple[F32, F32, F32]:
        rng, length = self._rng, self._config.length
        talking = rng.random() < self._clip_share and self._clips
        if talking and rng.random() < 0.5:
            # what was put into a still, on top of a clip's own movement
            own, at = self._part(self._stills if self._stills else self._clips)
            under, there = self._part(self._clips)
            base = _cut(under.base, there, length) + np.float32(rng.uniform(0, 0.5)) * _cut(
                own.base, at, length
            )
            flags = np.maximum(_cut(under.flags, there, length), _cut(own.flags, at, length))
        else:
            own, at = self._part(self._clips if talking else self._stills)
            base, flags = _cut(own.base, at, length), _cut(own.flags, at, length)
        scale = np.exp(rng.uniform(-2.3, 0.4)) if talking else 1.0
        rows = np.float32(scale) * (bent(base, rng) if talking else base)
        flags = flags.copy()
        if rng.random() < 0.3 and self._clips:
            over, there = self._part(self._clips)
            rows = rows + np.float32(rng.uniform(0.05, 0.6)) * bent(_cut(over.base, there, length), rng)
            flags = np.maximum(flags, _cut(over.flags, there, length) * np.float32(0.5))
        if rng.random() < 0.7:
            distract(rows, flags, rng, self._config.distractions)
        stronger = rng.uniform(0.7, 1.3)
        rows = rows + np.float32(stronger) * _cut(own.added, at, length)
        rows[:, :POSITIONS] += rng.normal(0, rng.uniform(0, 0.05), (length, POSITIONS)).astype(np.float32)
        events = own.events - np.array([at, at, at, 0, 0])
        events[:, 3] *= stronger
        if rng.random() < 0.5:
            rows = mirrored(rows)
        targets, weights = targets_of(events, flags, self._config)
        return rows, targets, weights

    def _part(self, items: Sequence[Item]) -> tuple[Item, int]:
        item = items[int(self._rng.integers(len(items)))]
        return item, int(self._rng.integers(max(len(item.base) - self._config.length, 0) + 1))


def _cut(x: F32, at: int, length: int) -> F32:
    """`length` steps from `at`; what is missing at the end is the last step again."""
    part = x[at : at + length]
    return (
        np.concatenate([part, np.repeat(part[-1:], length - len(part), axis=0)])
        if len(part) < length
        else part
    )


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
    items: Sequence[Item], config: FitConfig, seed: int, clip_share: float = 0.7, log: Log | None = None
) -> SpotNet:
    """A network trained on what a `Mixer` draws from the items; `log` hears of every 200 steps."""
    torch.manual_seed(seed)
    net = SpotNet()
    mixer = Mixer(items, config, seed, clip_share)
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
