"""Builds for the CPU backends: proved equal, repeated only when something changed."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from engine import build, cache, graph
from engine.build import Request, ensure, main, typed_graph
from engine.card import checked_bytes
from engine.errors import EngineMismatch
from engine.parity import realistic_maps
from engine.quantise import collect_ranges
from engine.ranges import ActivationRanges, write_ranges
from engine.runners import open_engine, open_runner
from tests.engine.test_causalnet import random_maps


@pytest.fixture
def request_(card, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "_REALISTIC", 5)
    return Request(card, "onnxruntime", "fp16", cache.cache_root(tmp_path / "c"), batches=(1, 2))


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_built_engine_says_what_the_reference_says(request_, backend, shipped):
    engine = ensure(dataclasses.replace(request_, backend=backend))
    maps = random_maps(3)  # a block of two and one alone
    with open_engine(engine, request_.card) as runner, open_runner("torch", shipped) as reference:
        assert runner.metadata.batches == (1, 2) and runner.metadata.precision == "fp16"
        np.testing.assert_allclose(runner.infer(maps), reference.infer(maps), atol=2e-2)
    assert engine.manifest.parity["realistic"]["samples"] == 5
    assert engine.manifest.parity["realistic"]["max_abs_logit_diff"] <= 2e-2


def test_a_second_build_does_nothing_and_says_so(request_, capsys):
    first = ensure(request_)
    capsys.readouterr()
    assert ensure(request_) == first
    assert "nothing to do" in capsys.readouterr().out


def test_a_rebuild_says_what_changed(request_, capsys):
    engine = ensure(request_)
    table = json.loads((engine.folder / "manifest.json").read_text())
    table["weights_sha256"] = "0" * 64
    (engine.folder / "manifest.json").write_text(json.dumps(table))
    engine.path(2).write_bytes(b"short")
    capsys.readouterr()
    ensure(request_)
    line = capsys.readouterr().out.splitlines()[0]
    assert "weights_sha256 000000000000... was built" in line and "files.2.sha256" in line


def test_a_build_that_is_interrupted_while_it_is_proved_leaves_no_engine(request_, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "parity_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensure(request_)
    assert list(request_.root.rglob("*.onnx")) and not list(request_.root.rglob("manifest.json"))


def test_an_engine_that_is_not_equal_is_not_kept(request_, monkeypatch):
    monkeypatch.setattr(build, "typed_graph", lambda card, precision, batch, ranges: other(card, batch))
    with pytest.raises(EngineMismatch, match="parity is not reached"):
        ensure(request_)
    assert not list(request_.root.rglob("manifest.json"))


def other(card, batch):
    """The card's graph with one number changed."""
    model = graph.load(typed_graph(card, "fp32", batch))
    for tensor in model.graph.initializer:
        if tensor.name == "head.bias":
            values = np.array([9.0, 0.0, 0.0], np.float32)
            tensor.raw_data = values.tobytes()
    return model.SerializeToString()


def test_int8_uses_the_measured_ranges_and_refuses_those_of_other_weights(request_, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.ranges.RANGES_FOLDER", tmp_path)
    wanted = dataclasses.replace(request_, precision="int8")
    with pytest.raises(EngineMismatch, match=r"no activation ranges.*calibration\.int8"):
        ensure(wanted)
    magnitudes = collect_ranges(graph.load(checked_bytes(request_.card.onnx)), realistic_maps(4))
    write_ranges(tmp_path / "small.json", ActivationRanges("other", magnitudes, ("/head/Gemm",)))
    with pytest.raises(EngineMismatch, match="weights_sha256"):
        ensure(wanted)
    ranges = ActivationRanges(request_.card.weights.sha256, magnitudes, ("/head/Gemm",))
    write_ranges(tmp_path / "small.json", ranges)
    engine = ensure(wanted)
    assert engine.manifest.kept == ("/head/Gemm",)
    assert engine.manifest.parity["realistic"]["agreement"] >= 0.8


def test_command(shipped, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(build, "_REALISTIC", 3)
    monkeypatch.setattr(build, "DATA", tmp_path / "none")
    flags = ["--weights", str(shipped), "--cache", str(tmp_path / "c")]
    assert main([*flags, "--batch", "1"]) == 0
    said = capsys.readouterr().out
    assert "published maps are not here" in said and "100.00% of decisions equal" in said
    assert main([*flags, "--data", str(tmp_path / "nowhere")]) == 2
    assert "nowhere: no such folder" in capsys.readouterr().err
    assert main(["--weights", "nothing-like-it", "--cache", str(tmp_path / "c")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
