"""One fold: what is kept of it, and when the released habit stops it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.causalnet import CausalNetConfig
from train.augment import NOTHING
from train.folds import FoldTask, chosen_epoch, load_result, run_fold
from train.loso import main
from train.prior.made_up import PriorConfig
from train.recipe import Recipe
from train.splits import Fold

QUICK = Recipe(
    model=CausalNetConfig(dim=24, repeats=(1, 1, 1), attention_heads=4),
    prior=PriorConfig(steps=0),
    augment=NOTHING,
    epochs=40,
    batch=8,
    learning_rate=2e-3,
    by_update=True,
)


def result_of(small, folder, **changes):
    rows = np.arange(len(small))
    fold = Fold("one", rows[::2], rows[1::2])
    return load_result(run_fold(FoldTask(small, fold, replace(QUICK, **changes), 0, folder / "one.npz")))


def test_predictions_are_kept_after_every_update(small, tmp_path):
    result = result_of(small, tmp_path)
    assert result.history.shape == (40, len(result.rows), 3)
    assert chosen_epoch(result, small.labels[result.rows], "honest") == 39


def test_the_released_habit_stops_when_the_subject_is_right(small, tmp_path):
    result = result_of(small, tmp_path, stop_when_right=True)
    right = (result.history.argmax(axis=2) == small.labels[result.rows]).all(axis=1)
    assert len(result.history) < 40 and right.tolist() == [False] * (len(right) - 1) + [True]
    assert chosen_epoch(result, small.labels[result.rows], "paper") == len(right) - 1


def test_a_recipe_that_peeks_is_not_honest(tmp_path, capsys):
    command = [
        "--data",
        str(tmp_path),
        "--protocol",
        "honest",
        "--model",
        "compact-chosen",
        "--out",
        str(tmp_path),
    ]
    assert main(command) == 2
    assert "give --protocol paper" in capsys.readouterr().err
