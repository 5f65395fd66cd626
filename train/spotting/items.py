"""Tracks on the grid of time, and their features: what a spotter's network is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from realtime.clock import NS_PER_S
from realtime.movement.model import MovementKind
from realtime.spotting.evidence import (
    BASELINE_S,
    FIRST_NOISE_PX,
    NOISE_S,
    POSITIONS,
    STEP_S,
    Grid,
    gain,
    powers,
    scaled,
)
from train.spotting.tracks import Track

F32 = NDArray[np.float32]


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
    return scaled(slow, fast, usual, np.maximum(rows[..., POSITIONS:], 0))


def _followed(x: NDArray[np.float64], memory_s: float, first: NDArray[np.float64]) -> NDArray[np.float64]:
    weight = float(gain(memory_s))
    state = (1 - weight) * first[:, None]
    out, _ = lfilter([weight], [1, weight - 1], x, axis=1, zi=state)
    return np.asarray(out)
