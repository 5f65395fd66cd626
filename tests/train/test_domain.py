"""The domain check: counts what it says, and the shipped network knows the plainest movements."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.runners.fake import FakeRunner
from train import domain
from train.domain import Shown, right, statistics


def test_right_is_counted_by_condition_and_movement():
    maps = np.zeros((4, 28, 28, 3), np.uint8)
    shown = [
        Shown(condition, "+".join(map(str, known.units)), known.label, maps)
        for condition in domain.CROPS
        for known in domain.MOVEMENTS
    ]
    with FakeRunner(logits=(0.0, 1.0, 0.0)) as runner:  # says positive, always
        found = right(shown, runner)
    assert set(found) == set(domain.CROPS)
    assert found["rows"]["12"] == 1.0 and found["rows"]["4"] == 0.0
    assert found["fitted"]["plain"] == pytest.approx(1 / 4)
    assert found["fitted"]["all"] == pytest.approx(1 / 7)


def test_statistics_by_hand():
    maps = np.zeros((2, 4, 28, 28, 3), np.uint8)
    maps[:, :2, :14, :, 1] = 100
    maps[:, 2:] = 255  # direction maps do not count
    assert statistics(maps) == {
        "strain": {"mean": 0.0, "spread": 0.0},
        "v": {"mean": 50.0, "spread": 50.0},
        "u": {"mean": 0.0, "spread": 0.0},
    }


def test_plain_movements_on_two_people(data_dir, tmp_path, monkeypatch, capsys):
    for name in ("london_001_neutral.jpg", "london_012_neutral.jpg"):
        (tmp_path / name).symlink_to(data_dir / "faces" / "stills" / name)
    monkeypatch.setattr(domain, "AMPLITUDES_PX", (1.5,))
    monkeypatch.setattr(domain, "CROPS", {"fitted": domain.CROPS["fitted"]})
    assert domain.main(["--faces", str(tmp_path), "--json", str(tmp_path / "d.json")]) == 0
    report = json.loads((tmp_path / "d.json").read_text())
    assert report["people"] == 2
    assert report["right"]["fitted"]["plain"] >= 0.9
    assert "named rightly" in capsys.readouterr().out


def test_a_folder_without_stills_is_one_line(tmp_path, capsys):
    assert domain.main(["--faces", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
