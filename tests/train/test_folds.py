"""One fold: what is kept of it, and when the released habit stops it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.causalnet import CausalNetConfig
from train.augment import NOTHING
from train.fit import fit
from train.folds import FoldTask, chosen_epoch, load_result, run_fold, save_result
from train.loso import main
from train.prior.made_up import PriorConfig
from train.recipe import Recipe
from train.splits import Fold, leave_one_subject_out

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


def test_a_network_learns_from_everybody_but_the_people_it_is_tested_on(small, tmp_path, monkeypatch):
    given = []

    def watched(data, *others, **named):
        given.append(data)
        return fit(data, *others, **named)

    monkeypatch.setattr("train.folds.fit", watched)
    fold = leave_one_subject_out(small.subjects)[2]
    kept = run_fold(FoldTask(small, fold, replace(QUICK, epochs=1), 0, tmp_path / "one.npz"))
    (learnt,) = given
    assert learnt.digest == small.take(fold.train).digest and len(learnt) == 20
    assert not set(learnt.subjects) & {small.subjects[row] for row in fold.test}
    assert load_result(kept).rows.tolist() == fold.test.tolist() == [8, 9, 10, 11]


def test_predictions_are_kept_after_every_update(small, tmp_path):
    result = result_of(small, tmp_path)
    assert result.history.shape == (40, len(result.rows), 3)
    assert chosen_epoch(result, small.labels[result.rows], "honest") == 39


def test_the_released_habit_stops_when_the_subject_is_right(small, tmp_path):
    result = result_of(small, tmp_path, stop_when_right=True)
    right = (result.history.argmax(axis=2) == small.labels[result.rows]).all(axis=1)
    assert len(result.history) < 40 and right.tolist() == [False] * (len(right) - 1) + [True]
    assert chosen_epoch(result, small.labels[result.rows], "paper") == len(right) - 1


def test_a_result_appears_whole_or_not_at_all(small, tmp_path, monkeypatch):
    result = result_of(small, tmp_path, epochs=1)

    def killed(stream, **arrays):
        stream.write(b"half of it")
        raise KeyboardInterrupt

    path = tmp_path / "another.npz"
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("train.folds.np.savez", killed)
        save_result(path, result)
    assert not path.exists()
    save_result(path, result)
    assert load_result(path).history.tolist() == result.history.tolist()
    assert {found.name for found in tmp_path.iterdir()} == {"one.npz", "another.npz"}


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
