"""Recipes judged half against half."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from engine.causalnet import CausalNetConfig
from tests.train.conftest import made_up
from train.choose import halves_of, main, nll
from train.folds import load_result
from train.prior.made_up import PriorConfig
from train.recipe import RECIPES, Recipe

TINY = Recipe(
    model=CausalNetConfig(dim=24, repeats=(1, 1, 1), attention_heads=4),
    prior=PriorConfig(steps=0),
    epochs=1,
    batch=8,
)


def test_halves_share_no_subject_and_leave_nobody_out():
    data = made_up(subjects=12)
    first, second = halves_of(data)
    assert sorted([*first, *second]) == list(range(len(data)))
    assert not {data.subjects[i] for i in first} & {data.subjects[i] for i in second}


def test_halves_are_alike_in_datasets_and_classes():
    """Each subject shows one class only, so that a deal that is blind to classes comes out uneven."""
    shown = np.arange(24) // 3 % 2  # four subjects of either class in each dataset
    data = replace(made_up(subjects=24), labels=np.repeat(shown, 4).astype(np.int64))
    halves = [data.take(rows) for rows in halves_of(data)]
    for half in halves:
        held = Counter(zip(half.datasets, half.labels.tolist(), strict=True))
        assert held == {(name, label): 8 for name in ("smic", "casme2", "samm") for label in (0, 1)}


def test_likelihood_is_of_the_right_class():
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], np.float32))
    assert nll(logits, np.array([0, 2])) == pytest.approx(-np.log([0.5, 0.8]).mean(), abs=1e-6)


def test_both_halves_prefer_something_and_a_second_call_trains_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("train.choose.read_features", lambda folder: made_up(subjects=30, clips=2))
    monkeypatch.setitem(RECIPES, "compact", TINY)
    (tmp_path / "longer.toml").write_text("epochs = 2")
    arguments = [str(tmp_path / "longer.toml"), "--data", "there", "--out", str(tmp_path / "out")]
    arguments += ["--jobs", "1", "--seeds", "1"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "half A prefers" in said and "half B prefers" in said and "longer" in said
    kept = sorted((tmp_path / "out").rglob("*.npz"))
    assert len(kept) == 20  # two recipes, two halves, five groups
    lengths = {path.relative_to(tmp_path / "out").parts[0]: len(load_result(path).history) for path in kept}
    assert lengths == {"base": 1, "longer": 2}
    made = [path.stat().st_mtime_ns for path in kept]
    assert main(arguments) == 0
    assert [path.stat().st_mtime_ns for path in kept] == made


def test_refusals_are_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("train.choose.read_features", lambda folder: made_up())
    (tmp_path / "base.toml").write_text("epochs = 2")
    assert main(["--data", str(tmp_path), "--out", str(tmp_path), str(tmp_path / "base.toml")]) == 2
    said = capsys.readouterr().err
    assert "one name" in said and said.count("\n") == 1
