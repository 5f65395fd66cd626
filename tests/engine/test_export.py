"""The shipped graph is the shipped network: same checksum chain, same logits on real maps."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from engine.card import checked_bytes, read_card
from engine.export import OPSET, export, main
from engine.runners import open_runner
from engine.weights import load_network
from tests.engine.test_causalnet import SMALL, network
from train.features import read_features


@pytest.fixture(scope="module")
def graph(shipped):
    return onnx.load_from_string(checked_bytes(read_card(shipped).onnx))


def test_static_input_and_stated_opset(graph):
    taken = graph.graph.input[0].type.tensor_type
    assert [axis.dim_value for axis in taken.shape.dim] == [1, 4, 28, 28, 3]
    assert [entry.version for entry in graph.opset_import if not entry.domain] == [OPSET]


def test_exactly_halved_weights_are_stored_as_half(graph):
    kinds = {tensor.data_type for tensor in graph.graph.initializer if np.prod(tensor.dims) >= 256}
    assert onnx.TensorProto.FLOAT16 in kinds


def test_weights_that_half_cannot_hold_stay_whole():
    unrounded = onnx.load_from_string(export(network(SMALL)))
    kinds = {tensor.data_type for tensor in unrounded.graph.initializer if np.prod(tensor.dims) >= 256}
    assert kinds == {onnx.TensorProto.FLOAT}


def test_export_is_repeatable(card):
    assert export(load_network(card)) == export(load_network(card))


def test_command_says_whether_it_is_the_shipped_file(shipped, tmp_path, capsys):
    assert main(["--weights", str(shipped), "--out", str(tmp_path / "x.onnx")]) == 0
    assert "as shipped" in capsys.readouterr().out
    assert (tmp_path / "x.onnx").read_bytes() == checked_bytes(read_card(shipped).onnx)


def test_command_on_a_missing_card(capsys):
    assert main(["--weights", "nothing-like-it"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_shipped_model_agrees_on_all_real_maps(data_dir):
    maps = read_features(data_dir / "causalnet-cde").maps_u8.astype(np.float32)
    with open_runner("torch") as reference:
        wanted = reference.infer(maps)
    assert len(wanted) == 442
    for backend in ("onnxruntime", "openvino"):
        with open_runner(backend) as runner:
            np.testing.assert_allclose(runner.infer(maps), wanted, atol=1e-4, rtol=0)
