"""Figures and their baselines, on samples whose answers are known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.mol import Mol
from engine.runners.fake import FakeRunner
from tests.train.mol.test_fit import TINY
from train.mol.__main__ import main
from train.mol.confidence import calibration_error, fit_confidence, said_of
from train.mol.data import Samples, by_people
from train.mol.score import (
    answers,
    figures,
    flow_baselines,
    landmark_errors,
    mean_face_errors,
    recognition,
)
from train.mol.ship import write_mol


def test_landmark_errors_are_in_pupil_distances(samples: Samples) -> None:
    wanted = samples.landmarks_px[:, 1:]
    np.testing.assert_allclose(landmark_errors(wanted + (6.0, 8.0), wanted), 10 / 60.8, rtol=0.1)


def test_the_mean_face_is_laid_on_the_eyes(samples: Samples) -> None:
    face = samples.landmarks_px[0, 1]
    turned = 0.5 * face @ np.array([[0.0, 1.0], [-1.0, 0.0]]) + 30
    np.testing.assert_allclose(mean_face_errors(turned.astype(np.float32), samples)[0, 0], 0.0, atol=1e-5)


def test_no_flow_errs_by_the_flow(samples: Samples) -> None:
    zero, dis = flow_baselines(samples)
    size = np.linalg.norm(samples.flow_px.astype(np.float32), axis=2)
    assert zero == pytest.approx((size.mean(), size[size > 0.1].mean()), rel=1e-3)
    assert 0 < dis[1]


def test_recognition_is_told_by_amplitude(samples: Samples) -> None:
    perfect = recognition(np.eye(3, dtype=np.float32)[samples.labels], samples)
    assert perfect["acc"] == perfect["uar"] == 1.0
    parts = [each["samples"] for name, each in perfect.items() if name.endswith("px")]
    assert sum(parts) == len(samples)


def test_the_temperature_makes_chances_true() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 3))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(3, p=row) for row in chances])
    found = fit_confidence((3 * logits).astype(np.float32), labels, 0.8)
    assert found.temperature == pytest.approx(3.0, rel=0.1)
    said = said_of((3 * logits).astype(np.float32), labels, found)
    assert said["calibration_error"] < 0.03
    assert said["right_where_named"] == pytest.approx(0.8, abs=0.01) and 0.3 < said["named"] < 1.0


def test_calibration_error_of_a_boaster() -> None:
    assert calibration_error(np.full(10, 0.95), np.arange(10) < 5) == pytest.approx(0.45)


def test_everything_that_is_reported_can_be_written(samples: Samples) -> None:
    with FakeRunner() as runner:
        table = figures(answers(Mol(TINY).eval(), samples), samples, samples.landmarks_px[0, 0], runner)
    assert set(table["recognition"]) >= {"mol", "most frequent class", "causalnet, true key frames"}
    assert json.dumps(table)


def test_parts_share_no_people(samples: Samples) -> None:
    parts = by_people(samples)
    people = [set(part.people) for part in parts]
    assert [len(each) for each in people] == [4, 1, 1]
    assert set.union(*people) == set(samples.people)


def test_bench_says_one_line_a_runner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.mol.bench.BACKENDS", ("onnxruntime", "tensorrt"))
    write_mol(Mol(TINY).eval(), tmp_path / "tiny", {})
    assert main(["bench", "--out", str(tmp_path), "--name", "tiny", "--seconds", "0.05"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[:2] for line in lines[1::2]] == [
        ["causalnet-compact", "onnxruntime"],
        ["tiny", "onnxruntime"],
    ]
    assert all("not here" in line for line in lines[2::2])


def test_no_prepared_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "--out", str(tmp_path), "--data", str(tmp_path)]) == 2
    assert "is not prepared" in capsys.readouterr().err


def test_samples_of_the_synth_are_made_once(
    face: object, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.mol.__main__.read_faces", lambda *args: [face])
    arguments = ["make", "--out", str(tmp_path), "--clips", "20"]
    assert main(arguments) == 0
    made = np.load(tmp_path / "training-20" / "frames_u8.npy")
    shutil.rmtree(tmp_path / "tuning-3")
    assert main(arguments) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "training-20" / "frames_u8.npy"), made)
    assert len(np.load(tmp_path / "tuning-3" / "labels.npy")) == 3
