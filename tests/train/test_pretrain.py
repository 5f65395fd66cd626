"""The start from made-up movements."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from engine.causalnet import CausalNet, CausalNetConfig
from train.fit import fit, predict
from train.pretrain import pretrained
from train.prior.made_up import PriorConfig, made_up_maps
from train.recipe import RECIPES, Recipe

SMALL = Recipe(
    model=CausalNetConfig(dim=24, repeats=(1, 1, 1), attention_heads=4),
    prior=PriorConfig(steps=60, samples=300, faces=2, head=0.2, fine=0.1, coarse=0.1),
    epochs=1,
)


@pytest.fixture(scope="module")
def start():
    return pretrained(SMALL, 0)


def test_a_network_learns_the_classes_of_faces_it_was_not_shown(start):
    net = CausalNet(SMALL.model)
    net.load_state_dict(start)
    flows, labels = made_up_maps(SMALL.prior, 99)
    from realtime.maps import direction_map

    maps = torch.cat([torch.from_numpy(flows), torch.from_numpy(direction_map(flows))], dim=1).numpy()
    right = (predict(net.eval(), maps, symmetries=False).argmax(axis=1) == labels).mean()
    assert right > 0.75


def test_the_same_start_again(start):
    again = pretrained(SMALL, 0)
    assert all(torch.equal(start[name], again[name]) for name in start)


def test_training_goes_on_from_the_start(start, small):
    still = dataclasses.replace(SMALL, learning_rate=1e-12, weight_decay=0.0, one_cycle=False)
    net = fit(small, still, seed=0, start=start)
    for name, weights in net.state_dict().items():
        assert torch.allclose(weights, start[name], atol=1e-6), name


def test_the_published_recipe_starts_from_random_weights():
    assert pretrained(RECIPES["published"], 0) is None
