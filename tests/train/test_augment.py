"""Augmentations do what they would do to a face, and nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from engine.errors import ConfigError
from realtime.maps import direction_map, flow_map
from train.augment import (
    NOTHING,
    AugmentConfig,
    augment,
    complete,
    mirror,
    mix_phases,
    move_face,
    reverse,
    stretch,
)
from train.features import read_features


@pytest.fixture
def flows(small):
    return torch.from_numpy(small.maps_u8[:, :2]).float()


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def smooth_flow(seed: int) -> np.ndarray:
    """(112, 112, 2) px: a soft bump of motion."""
    y, x = np.mgrid[:112, :112] / 112.0
    a, b, c, d = np.random.default_rng(seed).uniform(0.2, 0.8, 4)
    bump = np.exp(-((x - a) ** 2 + (y - b) ** 2) / 0.03)
    return np.stack([(c - 0.3) * bump + 0.2 * x * y, (d - 0.9) * bump], axis=-1).astype(np.float32)


def maps_of(first: np.ndarray, second: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack([flow_map(first), flow_map(second)]))[None].float()


def test_mirror_is_the_map_of_the_mirrored_flow():
    flow = smooth_flow(0)
    turned = flow[:, ::-1] * np.array([-1, 1], np.float32)
    mirrored = mirror(maps_of(flow, flow))
    assert (mirrored - maps_of(turned, turned)).abs().max() <= 1


def test_reverse_is_the_map_of_time_reversed_flow():
    first, second = smooth_flow(1), smooth_flow(2)
    assert (reverse(maps_of(first, second)) - maps_of(-second, -first)).abs().max() <= 1


@pytest.mark.parametrize("turn", [mirror, reverse])
def test_twice_is_nothing(flows, turn):
    kept = flows.clone()
    torch.testing.assert_close(turn(turn(flows)), flows)
    torch.testing.assert_close(flows, kept)


def test_directions_are_recomputed_exactly_as_published(data_dir):
    maps = read_features(data_dir / "causalnet-cde").maps_u8[:40]
    completed = complete(torch.from_numpy(maps[:, :2]).float())
    assert np.abs(completed.numpy() - maps).max() <= 1
    np.testing.assert_array_equal(completed[:, 2:].numpy(), direction_map(maps[:, :2]))


def test_completing_rounds_and_looks_up():
    flow = torch.full((1, 2, 28, 28, 3), 99.6)
    completed = complete(flow)
    assert completed.shape == (1, 4, 28, 28, 3)
    assert (completed[:, :2] == 100.0).all()
    assert completed[0, 2, 0, 0].tolist() == direction_map(np.array([100, 100, 100], np.uint8)).tolist()


def test_moving_shifts_by_no_more_than_asked(rng):
    spot = torch.zeros(64, 2, 28, 28, 3)
    spot[:, :, 13:15, 13:15] = 255.0
    moved = move_face(spot, shift=1.5, scale=0.0, rng=rng)
    rows = torch.arange(28.0)
    for axis in (2, 3):
        weight = (
            moved[:, 0, :, :, 0].sum(dim=3 - (axis - 1)) if axis == 2 else moved[:, 0, :, :, 0].sum(dim=1)
        )
        centre = (weight * rows).sum(dim=1) / weight.sum(dim=1)
        assert (centre - 13.5).abs().max() <= 1.51
        assert (centre - 13.5).abs().max() > 1.0
    torch.testing.assert_close(moved[:, 0], moved[:, 1])


def test_scaling_keeps_the_middle_and_changes_the_size(rng):
    square = torch.zeros(64, 2, 28, 28, 3)
    square[:, :, 9:19, 9:19] = 1.0
    area = move_face(square, shift=0.0, scale=0.1, rng=rng)[:, 0, :, :, 0].sum(dim=(1, 2)) / 100.0
    assert 0.8 < area.min() < 0.95 and 1.05 < area.max() < 1.25


def test_nothing_moves_with_zero_ranges(flows, rng):
    torch.testing.assert_close(move_face(flows, 0.0, 0.0, rng), flows, atol=1e-3, rtol=0)


def test_stretch_is_affine_per_channel_and_reaches_no_further_than_the_range(flows, rng):
    stretched = stretch(flows, rng)
    assert stretched.min() >= -1e-3 and stretched.max() <= 255.001
    before, after = flows[0, 1, :, :, 2].flatten(), stretched[0, 1, :, :, 2].flatten()
    slope = (after.max() - after.min()) / (before.max() - before.min())
    torch.testing.assert_close(after - after.min(), (before - before.min()) * slope, atol=1e-2, rtol=0)
    assert slope >= 1.0


def test_mixed_phases_come_from_the_same_class(flows, small, rng):
    labels = torch.from_numpy(small.labels)
    marked = flows.clone()
    marked[:, 1] = torch.arange(len(labels)).float()[:, None, None, None]
    mixed = mix_phases(marked, labels, 1.0, rng)
    partner = mixed[:, 1, 0, 0, 0].long()
    assert (labels[partner] == labels).all()
    assert (partner != torch.arange(len(labels))).any()
    torch.testing.assert_close(mixed[:, 0], flows[:, 0])


def test_nothing_changes_nothing(flows, small, rng):
    torch.testing.assert_close(augment(flows, torch.from_numpy(small.labels), NOTHING, rng), flows)


@pytest.mark.parametrize("name", ["mirror", "reverse", "shift", "scale", "noise", "mix", "stretch"])
def test_each_by_itself_changes_something(flows, small, rng, name):
    only = dataclasses.replace(NOTHING, **{name: 0.5})
    changed = augment(flows, torch.from_numpy(small.labels), only, rng)
    assert (changed - flows).abs().max() > 1.0


def test_everything_at_once_stays_in_range_and_is_repeatable(flows, small):
    labels, every = torch.from_numpy(small.labels), AugmentConfig(noise=9.0, mix=0.5, stretch=0.5)
    first, again, other = (
        augment(flows, labels, every, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert first.min() >= 0.0 and first.max() <= 255.0 and first.shape == flows.shape
    torch.testing.assert_close(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("wrong", [{"mirror": 1.5}, {"mix": -0.1}, {"shift": -1.0}, {"scale": 1.0}])
def test_impossible_configs(wrong):
    with pytest.raises(ConfigError):
        dataclasses.replace(NOTHING, **wrong)
