"""Half precision and int8 graphs against the float32 one, and against plain arithmetic."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine import graph
from engine.card import checked_bytes
from engine.errors import EngineInputError
from engine.parity import realistic_maps
from engine.quantise import collect_ranges, keep_by_measurement, layers_of, logits_of, quantised, sensitivity

MAPS = realistic_maps(6)


@pytest.fixture(scope="module")
def model(shipped):
    from engine.card import read_card

    return graph.load(checked_bytes(read_card(shipped).onnx))


@pytest.fixture(scope="module")
def ranges(model):
    return collect_ranges(model, MAPS)


def tiny(weight, transposed=False, batch=2):
    """x (batch, 3) times a constant, as MatMul or as a transposed Gemm."""
    shape = weight.shape[0 if transposed else 1]
    node = helper.make_node("Gemm" if transposed else "MatMul", ["x", "w"], ["y"], "product")
    if transposed:
        node.attribute.append(helper.make_attribute("transB", 1))
    made = helper.make_graph(
        [node],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, shape])],
        [numpy_helper.from_array(weight, "w")],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_the_input_may_be_all_that_is_multiplied():
    x = np.array([[1.0, -5.0, 2.0], [0.5, 3.0, 0.0]], np.float32)
    assert collect_ranges(tiny(np.eye(3, dtype=np.float32)), x, clip=1.0) == {"x": 5.0}


@pytest.mark.parametrize("transposed", [False, True])
def test_weights_get_one_scale_per_output_channel(transposed):
    weight = np.array([[1.0, 100.0], [-0.5, 50.0], [0.25, 3.0]], np.float32)
    model = quantised(tiny(weight.T.copy() if transposed else weight, transposed), {"x": 2.54})
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    np.testing.assert_allclose(constants["w_scale"], [1 / 127, 100 / 127], rtol=1e-6)
    small = constants["w_int8"].T if transposed else constants["w_int8"]
    np.testing.assert_array_equal(small, [[127, 127], [-64, 64], [32, 4]])
    assert constants["x_scale"] == np.float32(0.02) and "w" not in constants


def test_int8_computes_what_plain_rounding_gives():
    weight = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    x = np.array([[0.5, -1.0, 2.0], [0.013, 3.0, -3.0]], np.float32)  # 3 lies outside and is cut off
    model = quantised(tiny(weight), {"x": 2.54})
    scale = np.abs(weight).max(axis=0) / 127
    wanted = np.clip(np.rint(x / 0.02), -128, 127) * 0.02 @ (np.rint(weight / scale) * scale)
    np.testing.assert_allclose(logits_of(model, x), wanted, atol=1e-4)


def test_every_sample_has_its_row_and_padding_has_none():
    x = np.arange(15, dtype=np.float32).reshape(5, 3)
    np.testing.assert_array_equal(logits_of(tiny(np.eye(3, dtype=np.float32), batch=4), x), x)


def test_a_range_is_a_magnitude():
    x = np.array([[1.0, -5.0, 2.0], [0.0, 3.0, -4.0]], np.float32)
    model = tiny(np.eye(3, dtype=np.float32))
    model.graph.node[0].output[0] = "between"
    model.graph.node.append(helper.make_node("MatMul", ["between", "w"], ["y"], "second"))
    assert collect_ranges(model, x, clip=1.0) == {"x": 5.0, "between": 5.0}


def test_load_keeps_the_function(model, shipped):
    before = onnx.load_from_string(checked_bytes_of(shipped))
    np.testing.assert_array_equal(logits_of(model, MAPS), logits_of(before, MAPS))
    assert len(model.graph.node) < len(before.graph.node)


def checked_bytes_of(shipped):
    return shipped.with_suffix(".onnx").read_bytes()


def test_half_precision_is_in_the_graph_and_close(model):
    half = graph.to_half(model)
    onnx.checker.check_model(half, full_check=True)
    kinds = {tensor.data_type for tensor in half.graph.initializer}
    assert TensorProto.FLOAT not in kinds and TensorProto.FLOAT16 in kinds
    assert graph.shapes(half) == graph.shapes(model)
    difference = np.abs(logits_of(half, MAPS) - logits_of(model, MAPS)).max()
    assert 0 < difference < 2e-2


def test_every_layer_is_quantised_but_those_kept(model, ranges):
    names = [layer.name for layer in layers_of(model)]
    whole = quantised(model, ranges)
    onnx.checker.check_model(whole, full_check=True)
    kinds = [
        tensor.data_type
        for tensor in whole.graph.initializer
        if len(tensor.dims) > 1 and "int8" in tensor.name
    ]
    assert kinds and set(kinds) == {TensorProto.INT8}
    assert np.abs(logits_of(whole, MAPS) - logits_of(model, MAPS)).max() > 0
    kept = quantised(model, ranges, frozenset(names))
    np.testing.assert_array_equal(logits_of(kept, MAPS), logits_of(model, MAPS))


def test_sensitivity_is_sorted_and_measures_the_layer_alone(model, ranges):
    order = sensitivity(model, ranges, MAPS[:2])
    moved = [each for _, each in order]
    assert moved == sorted(moved, reverse=True) and len(order) == len(layers_of(model))
    everything = {name for name, _ in order}
    alone = quantised(model, ranges, frozenset(everything - {order[0][0]}))
    difference = np.abs(logits_of(alone, MAPS[:2]) - logits_of(model, MAPS[:2])).max()
    assert difference == pytest.approx(moved[0])


def test_layers_are_kept_until_decisions_agree(model, ranges):
    keep = keep_by_measurement(model, ranges, MAPS, agreement=1.0)
    decided = logits_of(quantised(model, ranges, keep), MAPS).argmax(axis=1)
    np.testing.assert_array_equal(decided, logits_of(model, MAPS).argmax(axis=1))
    assert keep_by_measurement(model, ranges, MAPS, agreement=0.0) == frozenset()


def test_no_maps_no_ranges(model):
    with pytest.raises(EngineInputError, match="at least one"):
        collect_ranges(model, MAPS[:0])
