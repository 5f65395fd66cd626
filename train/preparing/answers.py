"""What each system says of maps, and how right it is: figures in which no answer is a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.card import DEFAULT_MODEL
from engine.errors import ConfigError
from engine.runners import open_runner
from train.domain import probabilities
from train.features import Features
from train.fit import fit, predict
from train.metrics import Scores, confusion
from train.pretrain import pretrained
from train.recipe import Recipe, load_recipe
from train.splits import leave_one_subject_out

Maps = NDArray[np.uint8]  # (n, 4, 28, 28, 3)
Rows = NDArray[np.int64]
System = Callable[[Maps, Rows], NDArray[np.int64]]  # maps of these samples -> (n,) classes

SHIPPED = "shipped"
NO_ANSWER = -1


def systems(
    names: Sequence[str], data: Features | None, seed: int = 0, *, left_out: bool = False
) -> dict[str, System]:
    """`shipped` is the product's model; every other name is a recipe, trained now on `data`.

    left_out: rows are those of `data`, and each is answered by a network that has not seen its subject.
    Raises: ConfigError for an unknown name.
    """
    recipes = {name: load_recipe(name) for name in names if name != SHIPPED}
    if recipes and data is None:
        raise ConfigError(f"{', '.join(recipes)}: nothing to train on")
    train = _trained_without if left_out else _trained
    return {
        name: train(data, recipes[name], seed) if name in recipes and data is not None else _shipped
        for name in names
    }


def score(truth: NDArray[np.int64], answers: NDArray[np.int64]) -> Scores:
    """UF1, UAR, ACC; where there is NO_ANSWER the sample counts as missed, and for no class as found."""
    said = answers != NO_ANSWER
    counts = confusion(truth[said], answers[said])
    hits, in_truth = np.diag(counts), np.bincount(truth, minlength=3)
    f1 = 2 * hits / np.maximum(in_truth + counts.sum(axis=0), 1)
    recall = hits[in_truth > 0] / in_truth[in_truth > 0]
    return Scores(float(f1.mean()), float(recall.mean()), float(hits.sum() / max(len(truth), 1)))


def ask(system: System, maps: Sequence[Maps | None]) -> NDArray[np.int64]:
    """(n,) answers; NO_ANSWER where there are no maps."""
    there = np.array([at for at, one in enumerate(maps) if one is not None], np.int64)
    answers = np.full(len(maps), NO_ANSWER, np.int64)
    if len(there):
        answers[there] = system(np.stack([one for one in maps if one is not None]), there)
    return answers


def _shipped(maps_u8: Maps, rows: Rows) -> NDArray[np.int64]:
    with open_runner("auto", DEFAULT_MODEL, say=lambda line: None) as runner:
        return probabilities(maps_u8, runner).argmax(axis=1)


def _trained(data: Features, recipe: Recipe, seed: int) -> System:
    net = fit(data, recipe, seed, start=pretrained(recipe, seed))
    return lambda maps_u8, rows: predict(net, maps_u8, recipe.symmetries).argmax(axis=1)


def _trained_without(data: Features, recipe: Recipe, seed: int) -> System:
    folds = leave_one_subject_out(data.subjects)
    start = pretrained(recipe, seed)
    nets = [fit(data.take(fold.train), recipe, seed, start=start) for fold in folds]

    def answer(maps_u8: Maps, rows: Rows) -> NDArray[np.int64]:
        answers = np.empty(len(rows), np.int64)
        for fold, net in zip(folds, nets, strict=True):
            mine = np.isin(rows, fold.test)
            if mine.any():
                answers[mine] = predict(net, maps_u8[mine], recipe.symmetries).argmax(axis=1)
        return answers

    return answer
