"""Parts of single systems that a learning test would not miss."""

from __future__ import annotations

import math

import pytest
import torch

from train.baselines import SYSTEMS, BaselineConfig
from train.baselines.base import flow_image
from train.baselines.edmdbn import SIDE, from_windows, to_windows
from train.baselines.mmnet import ContinuousAttention
from train.baselines.off_tanet import position_codes
from train.baselines.sgcn import GRID, PATCH, grid_centres, patches_at
from train.baselines.srmcl import Memory


def test_flow_image_takes_the_named_channels_of_the_phase():
    maps = torch.zeros(2, 4, 28, 28, 3)
    maps[:, 1, 5, 7, 2] = 255.0
    image = flow_image(maps, phase=1, channels=[2])
    assert image.shape == (2, 1, 28, 28) and image[0, 0, 5, 7] == 1.0
    assert image[0, 0, 7, 5] == -1.0 and flow_image(maps).max() == -1.0


@pytest.mark.parametrize("shift", [0, 2])
def test_windows_there_and_back(shift):
    x = torch.randn(3, SIDE, SIDE, 5)
    windows = to_windows(x, shift)
    assert windows.shape == (3 * 4, 16, 5)
    torch.testing.assert_close(from_windows(windows, SIDE, shift), x)
    torch.testing.assert_close(windows[0, 0], x[0, shift, shift])


def test_patches_are_the_pixels_of_the_grid():
    images = torch.arange(28.0 * 28.0).reshape(1, 1, 28, 28)
    patches = patches_at(images, grid_centres())
    assert patches.shape == (1, GRID * GRID, PATCH * PATCH)
    torch.testing.assert_close(patches[0, 0], images[0, 0, :PATCH, :PATCH].flatten(), atol=1e-2, rtol=0)
    torch.testing.assert_close(patches[0, -1], images[0, 0, -PATCH:, -PATCH:].flatten(), atol=1e-2, rtol=0)
    assert patches[0, 1, 0] == pytest.approx(4 * 28, abs=1e-2), "the second patch is four rows lower"


def test_graph_is_drawn_anew_in_training_only():
    net, maps = SYSTEMS["sgcn"](BaselineConfig("sgcn")), 255.0 * torch.rand(2, 4, 28, 28, 3)
    assert not torch.equal(net.features(maps), net.features(maps))
    net.eval()
    torch.testing.assert_close(net.features(maps), net.features(maps))


def test_prototypes_follow_their_class_and_stay_on_the_sphere():
    torch.manual_seed(0)
    memory, features = Memory(3), torch.randn(6, 64)
    labels = torch.tensor([0, 0, 0, 2, 2, 2])
    before = memory.prototypes.clone()
    first = memory(features, labels)
    assert torch.equal(memory.prototypes[1], before[1]), "no sample of class 1"
    torch.testing.assert_close(memory.prototypes.norm(dim=1), torch.ones(3))
    assert memory(features, labels) < first


def test_attention_is_weighed_by_the_block_before():
    block = ContinuousAttention(4, 8, stride=2).eval()
    x = torch.randn(2, 4, 14, 14)
    _, free = block(x, None)
    _, closed = block(x, torch.zeros(2, 1, 14, 14))
    assert free.shape == (2, 1, 7, 7) and free.min() > 0 and closed.max() == 0


def test_position_codes_alternate_sine_and_cosine():
    codes = position_codes(4)
    assert codes[0, 0] == pytest.approx(2 * math.sin(1.0))
    assert codes[1, 2] == pytest.approx(math.cos(1.0) + math.sin(10000**-0.25), abs=1e-6)
