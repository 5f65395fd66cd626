"""INT8 beside float32 in leave-one-subject-out, on made-up subjects."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.ranges import ActivationRanges
from train import loso_int8
from train.folds import load_result
from train.loso_int8 import compared, main

TINY = """
epochs = 2
batch = 8
[model]
dim = 24
attention_heads = 4
[prior]
steps = 0
"""


@pytest.fixture
def command(published, tmp_path, monkeypatch):
    ranges = ActivationRanges("", {}, ("/head/Gemm",))
    monkeypatch.setattr(loso_int8, "read_ranges", lambda card: (ranges, ""))
    (tmp_path / "tiny.toml").write_text(TINY)
    flags = ["--data", str(published), "--config", str(tmp_path / "tiny.toml"), "--groups", "2"]
    return lambda: main([*flags, "--out", str(tmp_path / "out")])


def test_both_are_scored_on_every_sample_and_a_second_run_trains_nothing(
    command, tmp_path, small, monkeypatch
):
    assert command() == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["samples"] == len(small) and report["folds"] == 2 and report["kept"]
    assert {"uf1", "uar", "acc"} == set(report["fp32"]) == set(report["int8"])
    assert 0 < report["logits_within"] < 1.0 and report["same_decision"] > 0.5
    monkeypatch.setattr(loso_int8, "fit", None)
    assert command() == 0


def test_scores_are_of_the_pooled_rows(command, tmp_path, small):
    assert command() == 0
    results = [load_result(path) for path in sorted((tmp_path / "out" / "folds").glob("*.npz"))]
    rows = np.concatenate([result.rows for result in results])
    assert sorted(rows) == list(range(len(small)))
    assert all(result.history.shape[0] == 2 for result in results)
    hits = sum((r.history[0].argmax(1) == small.labels[r.rows]).sum() for r in results)
    assert compared(small, results)["fp32"]["acc"] == pytest.approx(hits / len(small))


def test_a_kept_layer_that_does_not_exist_is_one_line(command, monkeypatch, capsys):
    monkeypatch.setattr(loso_int8, "layers_of", lambda model: ())
    assert command() == 2
    assert "has no layer" in capsys.readouterr().err
