"""What is shipped comes from the honest run of the very same recipe."""

from __future__ import annotations

import json

import pytest

from calibration.confidence import main as confidence
from engine.card import read_card
from engine.runners import open_runner
from tests.engine.test_causalnet import random_maps
from tests.train.test_loso import TINY
from train.loso import main as loso
from train.ship import main as ship


@pytest.fixture
def flags(published, tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    run = ["--protocol", "honest", "--seeds", "2", "--jobs", "1"]
    common = ["--data", str(published), "--config", str(tmp_path / "tiny.toml")]
    assert loso([*common, *run, "--out", str(tmp_path / "loso")]) == 0
    assert confidence([str(tmp_path / "loso/ensemble.csv"), "--json", str(tmp_path / "c.json")]) == 0
    made = ["--loso", str(tmp_path / "loso"), "--confidence", str(tmp_path / "c.json")]
    return [*common, *made, "--members", "2", "--name", "tiny", "--out", str(tmp_path / "w")]


def test_ships_files_that_run_and_a_card_with_the_figures(flags, tmp_path):
    assert ship(flags) == 0
    card = read_card(tmp_path / "w" / "tiny.json")
    report = json.loads((tmp_path / "loso" / "report.json").read_text())
    assert card.metrics["composite"] == report["composite"]
    assert card.metrics["ensemble"] == report["ensemble"]
    assert (card.members, card.symmetries) == (2, True)
    assert card.temperature == pytest.approx(
        json.loads((tmp_path / "c.json").read_text())["temperature"], abs=1e-4
    )
    with open_runner("onnxruntime", tmp_path / "w" / "tiny.json") as runner:
        assert runner.infer(random_maps(1)).shape == (1, 3)


def test_refuses_figures_of_another_recipe(flags, tmp_path, capsys):
    (tmp_path / "tiny.toml").write_text(TINY.replace("epochs = 2", "epochs = 3"))
    assert ship(flags) == 2
    assert "no honest run of this recipe" in capsys.readouterr().err
    assert not (tmp_path / "w").exists()


def test_refuses_figures_chosen_on_test_subjects(flags, tmp_path, capsys):
    path = tmp_path / "loso" / "report.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"protocol": "paper"}))
    assert ship(flags) == 2
    assert "no honest run" in capsys.readouterr().err


def test_members_beyond_the_seeds_measured_are_refused(flags, tmp_path, capsys):
    assert ship([*flags, "--members", "3"]) == 2
    assert "--members 3" in capsys.readouterr().err
    assert not (tmp_path / "w").exists()


def test_missing_report_is_one_line(flags, tmp_path, capsys):
    (tmp_path / "loso" / "report.json").unlink()
    assert ship(flags) == 2
    assert capsys.readouterr().err.count("\n") == 1
