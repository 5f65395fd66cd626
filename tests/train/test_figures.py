"""Pictures of a run: drawn from what train.loso leaves, showing what the report says."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from tests.train.conftest import made_up
from train import loso
from train.figures import confusion_figure, draw_run, in_the_plane, main, read_embedded
from train.folds import FoldResult, save_result
from train.report import Run, write_predictions


@pytest.fixture
def run(tmp_path):
    """A run of two folds whose network says positive, always; sample i has the feature i."""
    data = made_up(subjects=6, clips=2)
    samples = len(data)
    logits = np.tile(np.float32([0, 1, 0]), (samples, 1))
    for fold, rows in enumerate((np.arange(0, samples, 2), np.arange(1, samples, 2))):
        features = np.outer(rows, np.ones(6)).astype(np.float32)
        result = FoldResult(rows, logits[rows][None], features, 1.0)
        save_result(tmp_path / "folds" / "seed0" / f"{fold}.npz", result)
    write_predictions(tmp_path / "predictions.csv", data, [Run(0, logits, 1.0, 1.0)])
    report = {"protocol": "honest", "chosen": "nothing", "confusion": [[0, 4, 0], [0, 4, 0], [0, 4, 0]]}
    (tmp_path / "report.json").write_text(json.dumps(report))
    return tmp_path


def test_command_draws_two_pictures(run, capsys):
    assert main(["--run", str(run)]) == 0
    names = capsys.readouterr().out.split()
    assert names == [str(run / "confusion.png"), str(run / "features.png")]
    for name in names:
        picture = cv2.imread(name)
        assert picture.shape[0] > 500 and picture.std() > 10


def test_train_loso_draws_them_at_its_end(published, tmp_path, capsys):
    settings = "epochs = 1\nbatch = 8\n[model]\ndim = 24\nattention_heads = 4\n[prior]\nsteps = 0\n"
    (tmp_path / "tiny.toml").write_text(settings)
    command = ["--data", str(published), "--protocol", "honest", "--config", str(tmp_path / "tiny.toml")]
    command += ["--groups", "2", "--jobs", "1", "--out", str(tmp_path / "o"), "--folds", str(tmp_path / "f")]
    assert loso.main(command) == 0
    assert {path.name for path in (tmp_path / "o").glob("*.png")} == {"confusion.png", "features.png"}
    assert capsys.readouterr().out.count("drawn: ") == 2


def test_folds_may_lie_elsewhere(run):
    (run / "folds").rename(run / "kept")
    assert len(draw_run(run, run / "kept")) == 2


def test_features_meet_the_predictions_of_the_same_sample(run):
    found, data = read_embedded(run / "predictions.csv", run / "folds" / "seed0"), made_up(6, 2)
    order = found.features[:, 0].astype(int)
    np.testing.assert_array_equal(found.labels, data.labels[order])
    np.testing.assert_array_equal(found.right, data.labels[order] == 1)
    assert list(found.datasets) == [data.datasets[i] for i in order]


def test_confusion_writes_shares_of_the_true_class():
    figure = confusion_figure(np.array([[3, 1, 0], [0, 2, 2], [0, 0, 0]]), "honest")
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words[:2] == ["75%\n3", "25%\n1"] and words[4] == "50%\n2" and words[8] == "0%\n0"


def test_groups_stay_apart_in_the_plane():
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(at, 1.0, (30, 20)) for at in (0.0, 8.0)]).astype(np.float32)
    points = in_the_plane(features)
    np.testing.assert_array_equal(points, in_the_plane(features))
    first, second = points[:30], points[30:]
    apart = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert apart > 2 * max(first.std(axis=0).max(), second.std(axis=0).max())


@pytest.mark.parametrize("missing", ["report.json", "predictions.csv", "folds/seed0/0.npz"])
def test_an_unfinished_run_is_one_line(run, missing, capsys):
    (run / missing).unlink()
    if missing.startswith("folds"):
        (run / "folds" / "seed0" / "1.npz").unlink()
    assert main(["--run", str(run)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
