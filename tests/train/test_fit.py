"""The loop learns what can be learnt, repeatably, with the recipe's weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.causalnet import CausalNetConfig
from train.augment import NOTHING
from train.fit import class_weights, fit, predict
from train.recipe import Recipe

TINY = CausalNetConfig(dim=24, repeats=(1, 1, 1), attention_heads=4)
QUICK = Recipe(model=TINY, augment=NOTHING, epochs=12, batch=8, learning_rate=2e-3)


def test_learns_a_plain_difference(small):
    logits, features = predict(fit(small, QUICK, seed=0), small.maps_u8)
    assert (logits.argmax(axis=1) == small.labels).mean() > 0.9
    assert logits.shape == (24, 3) and features.shape == (24, 12 * 24)


def test_same_seed_same_network(small):
    one_epoch = Recipe(model=TINY, epochs=1, batch=8)
    first, again, other = (predict(fit(small, one_epoch, seed), small.maps_u8)[0] for seed in (1, 1, 2))
    np.testing.assert_allclose(first, again, atol=1e-5)
    assert np.abs(first - other).max() > 1e-3


def test_hook_sees_every_epoch_and_can_stop(small):
    seen = []

    def stop_at_three(epoch, net):
        assert not net.training
        seen.append(epoch)
        return epoch == 3

    fit(small, QUICK, 0, stop_at_three)
    assert seen == [1, 2, 3]


def test_full_batch_and_constant_rate(small):
    recipe = Recipe(model=TINY, augment=NOTHING, epochs=2, batch=0, one_cycle=False)
    assert predict(fit(small, recipe, 0), small.maps_u8)[0].shape == (24, 3)


@pytest.mark.parametrize(("power", "ratio"), [(0.0, 1.0), (0.5, 2.0), (1.0, 4.0)])
def test_rare_classes_weigh_more(power, ratio):
    labels = np.array([0] * 16 + [1] * 4)
    weights = class_weights(labels, power, 2)
    assert weights[1] / weights[0] == pytest.approx(ratio)
    assert weights[torch.from_numpy(labels)].mean() == pytest.approx(1.0)


def test_an_absent_class_weighs_nothing():
    assert class_weights(np.array([0, 2]), 0.5, 3)[1] == 0.0
