"""The command: protocols, resuming after a kill, reports, refusals."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from train import folds
from train.features import LIST_NAME
from train.loso import main
from train.report import Run, ensemble, pool

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


def test_every_fold_of_a_seed_begins_with_the_same_made_up_start(command, tmp_path):
    prior = TINY.replace("steps = 0", "steps = 2\nsamples = 12\nfaces = 1")
    (tmp_path / "tiny.toml").write_text(prior)
    assert command("--groups", "2") == 0
    start = tmp_path / "out" / "folds" / "seed0" / "start.safetensors"
    made = start.stat().st_mtime_ns
    next(start.parent.glob("group*.npz")).unlink()
    assert command("--groups", "2") == 0
    assert start.stat().st_mtime_ns == made


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
    with (tmp_path / "out" / "ensemble.csv").open() as stream:
        assert [row["seed"] for row in csv.DictReader(stream)] == ["all"] * len(small)
    right = np.mean([row["label"] == row["predicted"] for row in rows])
    assert right == pytest.approx(report["composite"]["acc"])
    chances = [float(rows[0][f"p_{name}"]) for name in ("negative", "positive", "surprise")]
    assert sum(chances) == pytest.approx(1)
    assert "composite" in capsys.readouterr().out


def test_paper_says_what_it_does_and_never_scores_lower(command, tmp_path, capsys):
    assert command(out="honest") == command(protocol="paper", out="paper") == 0
    paper, honest = report_of(tmp_path / "paper"), report_of(tmp_path / "honest")
    assert paper["chosen"] == "epoch chosen on the test subject"
    assert "chosen on the test subject" in capsys.readouterr().out.replace("\n", " ")
    assert paper["composite"]["acc"] >= honest["composite"]["acc"]
    assert paper["epochs_mean"] <= 2


def test_both_protocols_read_the_same_folds(command, tmp_path, monkeypatch):
    kept = ("--folds", str(tmp_path / "kept"))
    assert command(*kept, out="honest") == 0
    monkeypatch.setattr(folds, "run_fold", lambda task: pytest.fail("trained again"))
    assert command(*kept, protocol="paper", out="paper") == 0
    paper, honest = report_of(tmp_path / "paper"), report_of(tmp_path / "honest")
    assert (paper["protocol"], paper["folds_trained_now"]) == ("paper", 0)
    assert (honest["protocol"], honest["folds_trained_now"]) == ("honest", 6)


def test_honest_takes_the_last_epoch_and_paper_the_first_best():
    labels = np.array([0, 1])
    history = np.zeros((4, 2, 3), np.float32)
    history[1, [0, 1], [0, 1]] = history[2, [0, 1], [0, 1]] = 1.0  # both right after epochs 1 and 2
    history[3, :, 2] = 1.0
    result = folds.FoldResult(np.arange(2), history, np.zeros((2, 1), np.float32), 0.0)
    assert folds.chosen_epoch(result, labels, "honest") == 3
    assert folds.chosen_epoch(result, labels, "paper") == 1


def test_in_a_fold_of_several_people_each_has_an_own_best_epoch(small):
    rows = np.array([0, 4])  # the first clips of two people
    history = np.zeros((3, 2, 5), np.float32)  # a head of five classes
    history[1, 0, small.labels[0]] = history[0, 1, small.labels[4]] = 1.0
    history[..., (small.labels[0] + 1) % 3] += 0.5
    result = folds.FoldResult(rows, history, np.zeros((2, 1), np.float32), 1.0)
    paper = pool(0, [result], small, "paper")
    assert paper.epochs == pytest.approx((2 + 1) / 2)
    assert paper.logits.shape == (len(small), 3)
    np.testing.assert_array_equal(paper.logits[rows].argmax(axis=1), small.labels[rows])
    assert pool(0, [result], small, "honest").epochs == 3


def test_seeds_as_one_are_their_mean_probabilities(small):
    logits = np.log([[[0.8, 0.1, 0.1]], [[0.2, 0.5, 0.3]]]).astype(np.float32)
    together = ensemble([Run(seed, one + seed, 1.0, 2.0) for seed, one in enumerate(logits)])
    np.testing.assert_allclose(np.exp(together.logits), [[0.5, 0.3, 0.2]], atol=1e-6)
    assert together.seed == "all" and together.fold_s == 2.0


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


def test_other_data_of_the_same_length_does_not_mix_either(command, published, capsys):
    assert command("--groups", "2") == 0
    table = published / LIST_NAME
    first, *others = table.read_text().splitlines(keepends=True)[1:]
    header = table.read_text().splitlines(keepends=True)[0]
    table.write_text(header + "".join([*others, first]))  # the same samples in another order
    assert command("--groups", "2") == 2
    assert "folds of another run" in capsys.readouterr().err


def test_a_damaged_marker_is_one_line(command, tmp_path, capsys):
    (tmp_path / "out" / "folds").mkdir(parents=True)
    (tmp_path / "out" / "folds" / "run.json").write_text('{"finger')
    assert command("--groups", "2") == 2
    error = capsys.readouterr().err
    assert "run.json is damaged" in error and error.count("\n") == 1


def test_an_out_that_is_a_file_is_one_line(command, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert command("--groups", "2", out="file") == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_jobs_side_by_side(command, tmp_path):
    assert command("--groups", "2", "--jobs", "2") == 0
    assert report_of(tmp_path / "out")["folds"] == 2


@pytest.mark.parametrize("flags", [("--model", "huge"), ("--groups", "99")])
def test_wrong_flags_are_one_line(command, flags, capsys):
    assert command(*flags) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_missing_data_is_one_line(tmp_path, capsys):
    assert (
        main(["--data", str(tmp_path), "--protocol", "honest", "--out", str(tmp_path / "o"), "--jobs", "1"])
        == 2
    )
    assert "give the causalnet-cde folder" in capsys.readouterr().err
