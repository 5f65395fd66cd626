"""The loop learns what can be learnt, repeatably, with the recipe's weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.causalnet import CausalNet, CausalNetConfig
from realtime.symmetry import symmetric_views
from train.augment import NOTHING, AugmentConfig
from train.fit import class_weights, fit, head_features, predict
from train.recipe import Recipe

TINY = CausalNetConfig(dim=24, repeats=(1, 1, 1), attention_heads=4)
QUICK = Recipe(model=TINY, augment=NOTHING, epochs=12, batch=8, learning_rate=2e-3)


def test_learns_a_plain_difference(small):
    net = fit(small, QUICK, seed=0)
    logits = predict(net, small.maps_u8, symmetries=False)
    assert (logits.argmax(axis=1) == small.labels).mean() > 0.9
    assert logits.shape == (24, 3) and head_features(net, small.maps_u8).shape == (24, 12 * 24)


def test_same_seed_same_network(small):
    one_epoch = Recipe(model=TINY, epochs=1, batch=8)
    first, again, other = (predict(fit(small, one_epoch, seed), small.maps_u8, False) for seed in (1, 1, 2))
    np.testing.assert_allclose(first, again, atol=1e-5)
    assert np.abs(first - other).max() > 1e-3


def test_hook_sees_every_epoch_and_changes_nothing(small):
    seen = []
    watched = fit(small, QUICK, 0, lambda net: seen.append((net.training, predict(net, small.maps_u8, True))))
    assert len(seen) == QUICK.epochs and not any(training for training, _ in seen)
    assert np.abs(seen[0][1] - seen[-1][1]).max() > 1e-3
    alone = predict(fit(small, QUICK, 0), small.maps_u8, True)
    np.testing.assert_allclose(alone, predict(watched, small.maps_u8, True), atol=1e-4)


@torch.inference_mode()
def test_symmetric_prediction_is_the_mean_over_the_views_and_the_same_for_each(small):
    torch.manual_seed(0)
    net, views = CausalNet(TINY).eval(), symmetric_views(small.maps_u8)
    chances = [net(torch.from_numpy(view).float()).softmax(dim=1).numpy() for view in views]
    logits = predict(net, small.maps_u8, symmetries=True)
    np.testing.assert_allclose(np.exp(logits), np.mean(chances, axis=0), atol=1e-5)
    np.testing.assert_allclose(logits, predict(net, views[3], symmetries=True), atol=1e-4)


def test_an_epoch_of_one_update_and_a_hook_that_stops(small):
    seen = []
    fit(
        small,
        replace(QUICK, epochs=7, by_update=True),
        0,
        lambda net: seen.append(predict(net, small.maps_u8, False)),
    )
    assert len(seen) == 7, "three batches a pass, cut after seven"
    assert all(np.abs(one - next_one).max() > 0 for one, next_one in zip(seen, seen[1:], strict=False))
    stopped = []
    fit(small, QUICK, 0, lambda net: bool(stopped.append(1)) or len(stopped) == 3)
    assert len(stopped) == 3


def test_full_batch_and_constant_rate(small):
    recipe = Recipe(model=TINY, augment=NOTHING, epochs=2, batch=0, one_cycle=False)
    assert predict(fit(small, recipe, 0), small.maps_u8, False).shape == (24, 3)


@pytest.mark.parametrize(
    "changed",
    [{"augment": AugmentConfig()}, {"augment": replace(NOTHING, noise=20.0)}, {"label_smoothing": 0.0}],
)
def test_what_the_recipe_says_of_samples_and_labels_reaches_the_network(small, changed):
    """One update on all samples, so that nothing else can differ."""
    recipe = replace(QUICK, epochs=1, batch=0, one_cycle=False)
    as_it_is, other = (
        predict(fit(small, one, 0), small.maps_u8, False) for one in (recipe, replace(recipe, **changed))
    )
    assert np.abs(as_it_is - other).max() > 1e-3


@pytest.mark.parametrize(("power", "ratio"), [(0.0, 1.0), (0.5, 2.0), (1.0, 4.0)])
def test_rare_classes_weigh_more(power, ratio):
    labels = np.array([0] * 16 + [1] * 4)
    weights = class_weights(labels, power, 2)
    assert weights[1] / weights[0] == pytest.approx(ratio)
    assert weights[torch.from_numpy(labels)].mean() == pytest.approx(1.0)


def test_an_absent_class_weighs_nothing():
    assert class_weights(np.array([0, 2]), 0.5, 3)[1] == 0.0
