"""Recipes judged half against half."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.conftest import made_up
from train.choose import halves_of, main, nll

TINY = "epochs = 1\nbatch = 8\n[model]\ndim = 24\nattention_heads = 4\n[prior]\nsteps = 0\n"


def test_halves_share_no_subject_and_leave_nobody_out():
    data = made_up(subjects=12)
    first, second = halves_of(data)
    assert sorted([*first, *second]) == list(range(len(data)))
    assert not {data.subjects[i] for i in first} & {data.subjects[i] for i in second}


def test_likelihood_is_of_the_right_class():
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], np.float32))
    assert nll(logits, np.array([0, 2])) == pytest.approx(-np.log([0.5, 0.8]).mean(), abs=1e-6)


def test_both_halves_prefer_something_and_a_second_call_trains_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("train.choose.read_features", lambda folder: made_up(subjects=30, clips=2))
    (tmp_path / "tiny.toml").write_text(TINY)
    (tmp_path / "tinier.toml").write_text(TINY.replace("epochs = 1", "epochs = 2"))
    arguments = [str(tmp_path / "tiny.toml"), str(tmp_path / "tinier.toml"), "--data", "there"]
    arguments += ["--out", str(tmp_path / "out"), "--jobs", "1", "--seeds", "1"]
    monkeypatch.setattr("train.choose.load_recipe", tiny_recipe)
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "half A prefers" in said and "half B prefers" in said and "tinier" in said
    kept = sorted((tmp_path / "out").rglob("*.npz"))
    assert len(kept) == 30  # three recipes, two halves, five groups
    made = [path.stat().st_mtime_ns for path in kept]
    assert main(arguments) == 0
    assert [path.stat().st_mtime_ns for path in kept] == made


def tiny_recipe(name, path=None):
    from train.recipe import RECIPES, overridden

    table = {"epochs": 1, "batch": 8} if path is None or path.stem == "tiny" else {"epochs": 2, "batch": 8}
    small = {"model": {"dim": 24, "attention_heads": 4}, "prior": {"steps": 0}}
    return overridden(RECIPES["compact"], {**table, **small}, "test")


def test_refusals_are_one_line(tmp_path, capsys):
    assert main(["--data", str(tmp_path), "--seeds", "0"]) == 2
    assert "train.choose: --seeds" in capsys.readouterr().err
