"""Every compared system: its size as documented, gradients everywhere, and that it learns."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from engine.errors import ConfigError
from engine.fold import parameter_count
from train.augment import NOTHING
from train.baselines import SYSTEMS, BaselineConfig, OwnLoss
from train.fit import fit, head_features, predict, untrained
from train.prior.made_up import PriorConfig
from train.recipe import RECIPES, Recipe
from train.report import CLASSES

NAMES = sorted(SYSTEMS)


def quick(name: str, **changes) -> Recipe:
    settings = {"augment": NOTHING, "epochs": 20, "batch": 8, "learning_rate": 3e-3, **changes}
    return Recipe(model=BaselineConfig(name), prior=PriorConfig(steps=0), **settings)


def loss_of(net, data) -> float:
    logits = torch.from_numpy(predict(net, data.maps_u8, symmetries=False))
    return float(F.cross_entropy(logits, torch.from_numpy(data.labels)))


@pytest.mark.parametrize("name", NAMES)
def test_learns_a_plain_difference(name, small):
    torch.manual_seed(0)
    before = loss_of(untrained(quick(name)).eval(), small)
    net = fit(small, quick(name), seed=0)
    right = predict(net, small.maps_u8, symmetries=False).argmax(axis=1) == small.labels
    assert loss_of(net, small) < 0.7 * before
    assert right.mean() >= 0.9


@pytest.mark.parametrize("name", NAMES)
def test_size_is_the_documented_one(name):
    net = untrained(quick(name))
    about = " ".join((sys.modules[type(net).__module__].__doc__ or "").split())
    assert f"{parameter_count(net):,} parameters for three classes" in about
    assert "arXiv" in about or "doi" in about or "openreview" in about


@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_five_classes(name, small):
    recipe = Recipe(model=BaselineConfig(name, classes=5), prior=PriorConfig(steps=0))
    net = untrained(recipe).eval()
    maps = torch.from_numpy(small.maps_u8[:3]).float()
    with torch.inference_mode():
        features = net.features(maps)
        assert net(maps).shape == (3, 5) and features.ndim == 2
        torch.testing.assert_close(net(maps)[1:2], net(maps[1:2]), atol=1e-4, rtol=1e-3)
    assert head_features(net, small.maps_u8[:3]).shape == tuple(features.shape)


@pytest.mark.parametrize("name", NAMES)
def test_every_weight_takes_part(name, small):
    net = untrained(quick(name)).train()
    maps, labels = torch.from_numpy(small.maps_u8[:8]).float(), torch.from_numpy(small.labels[:8])
    if isinstance(net, OwnLoss):
        loss = net.training_loss(maps, labels, F.cross_entropy)
    else:
        loss = F.cross_entropy(net(maps), labels)
    loss.backward()
    idle = [n for n, p in net.named_parameters() if p.grad is None and "query_key" not in n]
    assert idle == []


@pytest.mark.parametrize("name", NAMES)
def test_recipe_of_that_name(name):
    recipe = RECIPES[name]
    assert recipe.model == BaselineConfig(name, classes=len(CLASSES)) and recipe.prior.steps == 0


def test_same_seed_same_network(small):
    recipe = quick("srmcl", epochs=1)
    first, again = (predict(fit(small, recipe, 3), small.maps_u8, False) for _ in range(2))
    np.testing.assert_allclose(first, again, atol=1e-5)


def test_refusals():
    with pytest.raises(ConfigError, match="unknown system 'resnet'"):
        untrained(quick("resnet"))
    with pytest.raises(ConfigError, match="at least 2"):
        BaselineConfig("htnet", classes=1)
