"""Ranges for a small network: from published maps, from what the live chain spots, kept where they belong."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from calibration import int8
from engine import graph
from engine.card import ModelCard, checked_bytes, read_card
from engine.causalnet import CausalNet, CausalNetConfig
from engine.parity import realistic_maps
from engine.quantise import layers_of, logits_of, quantised
from engine.ranges import read_ranges
from train.ship import write_model

SMALL = CausalNetConfig(dim=8, repeats=(1, 1, 1), encoder_heads=2, attention_heads=2)
MAPS = realistic_maps(8)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    torch.set_num_threads(1)
    torch.manual_seed(3)
    folder = tmp_path_factory.mktemp("weights")
    table = {
        "name": "tiny",
        "architecture": json.loads(json.dumps(dataclasses.asdict(SMALL))),
        "labels": ["negative", "positive", "surprise"],
        "temperature": 1.0,
        "unclear_below": 0.4,
    }
    write_model(CausalNet(SMALL), folder / "tiny", table)
    return read_card(folder / "tiny.json")


def test_every_set_is_judged_and_decisions_agree_as_often_as_asked(card: ModelCard) -> None:
    content = checked_bytes(card.onnx)
    sets = {"published": MAPS[:5], "live": MAPS[5:]}
    ranges = int8.measure(content, card.weights.sha256, sets, agreement=1.0)
    model = graph.load(content)
    small = quantised(model, ranges.magnitudes, frozenset(ranges.keep))
    np.testing.assert_array_equal(logits_of(small, MAPS).argmax(1), logits_of(model, MAPS).argmax(1))
    assert ranges.figures["layers"] == len(layers_of(model)) > ranges.figures["kept"] == len(ranges.keep)
    assert ranges.figures["published"]["shipped"] == {
        **ranges.figures["published"]["shipped"],
        "samples": 5,
        "agreement": 1.0,
    }
    unseen = ranges.figures["realistic, not calibrated on"]["shipped"]
    assert unseen["samples"] == 1000 and unseen["max_abs_logit_diff"] < 0.5


def test_an_empty_set_is_left_out(card: ModelCard) -> None:
    sets = {"published": MAPS[:2], "live": MAPS[:0]}
    ranges = int8.measure(checked_bytes(card.onnx), card.weights.sha256, sets, agreement=0.0)
    assert "live" not in ranges.figures and ranges.keep == ()


def test_live_maps_are_the_first_of_each_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {Path("a"): MAPS[:3].astype(np.uint8), Path("b"): MAPS[3:4].astype(np.uint8)}
    monkeypatch.setattr(int8, "_maps_of_clip", lambda clip: iter(made[clip]))
    np.testing.assert_array_equal(int8.live_maps([Path("a"), Path("b")], of_each=2), MAPS[[0, 1, 3]])
    assert int8.live_maps([], of_each=2).shape == (0, 4, 28, 28, 3)


def test_the_command_writes_what_the_builder_reads(
    card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(int8, "published_maps", lambda folder: MAPS)
    out, onnx = tmp_path / "tiny.json", tmp_path / "tiny.onnx"
    flags = ["--weights", str(card.onnx.path.with_suffix(".json")), "--clips", "--json", str(out)]
    assert int8.main([*flags, "--onnx", str(onnx), "--agreement", "0.9"]) == 0
    assert f"written: {out}" in capsys.readouterr().out
    ranges, digest = read_ranges(card, out)
    assert ranges.weights_sha256 == card.weights.sha256 and len(digest) == 64
    assert b"_int8" in onnx.read_bytes()


def test_a_users_error_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert int8.main(["--agreement", "0"]) == 2
    assert int8.main(["--data", str(tmp_path), "--clips"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "--agreement 0.0" in said[0] and "no sample list" in said[1]
