"""The command: protocols, resuming after a kill, reports, refusals."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from train import folds
from train.loso import main

TINY = """
epochs = 2
batch = 8
[model]
dim = 24
attention_heads = 4
"""


@pytest.fixture
def command(published, tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)

    def call(*extra, protocol="honest", out="out"):
        return main(
            ["--data", str(published), "--protocol", protocol, "--config", str(tmp_path / "tiny.toml")]
            + ["--out", str(tmp_path / out), "--jobs", "1", *extra]
        )

    return call


def report_of(folder):
    return json.loads((folder / "report.json").read_text())


def test_report_and_predictions(command, tmp_path, small, capsys):
    assert command("--seeds", "2") == 0
    report = report_of(tmp_path / "out")
    assert report["protocol"] == "honest" and report["seeds"] == 2 and report["model"] == "compact"
    assert report["wall_s"] > 0 and "fixed beforehand" in report["chosen"]
    for part in ("composite", "smic", "casme2", "samm"):
        assert set(report[part]) == {"uf1", "uar", "acc", "uf1_std"}
    assert np.sum(report["confusion"]) == 2 * len(small)
    with (tmp_path / "out" / "predictions.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * len(small)
    right = np.mean([row["label"] == row["predicted"] for row in rows])
    assert right == pytest.approx(report["composite"]["acc"])
    assert sum(float(rows[0][f"p_{name}"]) for name in ("negative", "positive", "surprise")) == pytest.approx(
        1
    )
    assert "composite" in capsys.readouterr().out


def test_paper_says_what_it_does_and_never_scores_lower(command, tmp_path, capsys):
    assert command(out="honest") == command(protocol="paper", out="paper") == 0
    paper, honest = report_of(tmp_path / "paper"), report_of(tmp_path / "honest")
    assert paper["chosen"] == "epoch chosen on the test subject"
    assert "chosen on the test subject" in capsys.readouterr().out.replace("\n", " ")
    assert paper["composite"]["acc"] >= honest["composite"]["acc"]
    assert paper["epochs_mean"] <= 2


def test_continues_after_a_kill_with_the_same_result(command, tmp_path, monkeypatch):
    assert command(out="whole") == 0
    trained = []

    def killed_at_third(task):
        if len(trained) == 2:
            raise KeyboardInterrupt
        trained.append(task.fold.name)
        return real(task)

    real = folds.run_fold
    monkeypatch.setattr(folds, "run_fold", killed_at_third)
    assert command(out="broken") == 130
    assert not (tmp_path / "broken" / "report.json").exists()
    monkeypatch.setattr(folds, "run_fold", lambda task: trained.append(task.fold.name) or real(task))
    assert command(out="broken") == 0
    assert len(trained) == len(set(trained)) == 6, "no fold is trained twice"
    assert report_of(tmp_path / "broken")["confusion"] == report_of(tmp_path / "whole")["confusion"]


def test_another_recipe_does_not_mix_into_the_same_folder(command, tmp_path, capsys):
    assert command("--groups", "2") == 0
    assert command("--groups", "3") == 2
    assert "holds folds of another run" in capsys.readouterr().err


def test_jobs_side_by_side(command, tmp_path):
    assert command("--groups", "2", "--jobs", "2") == 0
    assert report_of(tmp_path / "out")["folds"] == 2


@pytest.mark.parametrize(
    "flags", [("--seeds", "0"), ("--jobs", "0"), ("--model", "huge"), ("--groups", "99")]
)
def test_wrong_flags_are_one_line(command, flags, capsys):
    assert command(*flags) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_missing_data_is_one_line(tmp_path, capsys):
    assert (
        main(["--data", str(tmp_path), "--protocol", "honest", "--out", str(tmp_path / "o"), "--jobs", "1"])
        == 2
    )
    assert "give the causalnet-cde folder" in capsys.readouterr().err
