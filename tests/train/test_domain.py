"""The domain check: the shipped network knows the plainest movements."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from realtime.maps import direction_map
from realtime.recognition import open_recogniser
from realtime.types import Flow, MotionMaps
from train import domain
from train.known import conditions as known_conditions
from train.known import score
from train.known.conditions import CROPS, FITTED, MOVEMENTS


def test_chances_are_those_of_the_recogniser():
    maps = np.random.default_rng(0).integers(0, 255, (3, 4, 28, 28, 3)).astype(np.uint8)
    maps[:, 2:] = direction_map(maps[:, :2])
    runner, recogniser = open_recogniser()
    flow = Flow(None, np.zeros((2, 128, 128, 2), np.float32))
    with runner:
        found = domain.probabilities(maps, runner)
        for chances, one in zip(found, maps, strict=True):
            said_of_it = recogniser.recognise(MotionMaps(flow, one))
            np.testing.assert_allclose(chances, said_of_it.probabilities, atol=1e-5)


def test_one_person_through_the_whole_chain(data_dir, tmp_path, monkeypatch, capsys):
    for module in (domain, score, known_conditions):
        monkeypatch.setattr(module, "AMPLITUDES_PX", (1.5,))
    for module in (score, known_conditions):
        monkeypatch.setattr(module, "MOVEMENTS", [MOVEMENTS[0], MOVEMENTS[2], MOVEMENTS[6]])
    monkeypatch.setattr(known_conditions, "CODECS", ())
    monkeypatch.setattr(known_conditions, "KEY_FRAME_ERRORS", ())
    command = ["--faces", str(data_dir / "faces" / "stills"), "--people", "1", "--jobs", "1"]
    command += ["--data", str(data_dir / "causalnet-cde"), "--json", str(tmp_path / "o" / "d.json")]
    command += ["--picture", str(tmp_path / "p" / "means.png")]
    assert domain.main(command) == 0
    report = json.loads((tmp_path / "o" / "d.json").read_text())
    assert cv2.imread(str(tmp_path / "p" / "means.png")).std() > 10
    assert len(report["people"]) == 1 and len(report["weights_sha256"]) == 64
    assert report["right"][FITTED]["plain"] >= 0.8
    assert set(report["right"]) == {
        FITTED,
        "fitted, 1.5 px",
        *CROPS,
        "0.5 px",
        "one side",
        "head motion",
        score.SHRUNK,
    }
    assert report["agreement"]["positive"]["v"] > 0.5, "where a smile moves, it does in the published maps"
    assert report["live"]["v"]["spread"] > 0 and "named rightly" in capsys.readouterr().out


@pytest.mark.parametrize(("people", "step"), [(1, 10), (5, 2), (0, 1), (99, 1)])
def test_people_are_spread_over_the_folder(tmp_path, people, step):
    for i in range(10):
        (tmp_path / f"{i}.jpg").touch()
    assert [int(path.stem) for path in domain._stills(tmp_path, people)] == list(range(0, 10, step))


@pytest.mark.parametrize("flags", [(), ("--data", "nowhere")])
def test_wrong_folders_are_one_line(tmp_path, flags, capsys):
    if flags:
        (tmp_path / "a.jpg").touch()
    assert domain.main(["--faces", str(tmp_path), *flags]) == 2
    assert capsys.readouterr().err.count("\n") == 1
