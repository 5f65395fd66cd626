"""ONNX graphs as the engines want them: constants in place, and half precision written into the graph.

TensorRT is strongly typed: what a layer computes in is what the graph says. So precision is decided here,
once, and the same file goes to every backend.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

# Squares of hundreds of channels, exponentials and their sums: these stay float32 in a half precision graph.
KEPT_WHOLE = frozenset({"LayerNormalization", "Softmax", "LogSoftmax", "ReduceLogSumExp", "ReduceSum"})

Array = NDArray[np.generic]


def load(content: bytes) -> onnx.ModelProto:
    """The graph with its constants as initialisers under one name each.

    Casts and copies of constants, which make a shipped file small, are carried out.
    """
    model = onnx.load_from_string(content)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    renamed: dict[str, str] = {}
    kept = []
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        if node.op_type == "Constant":
            constants[node.output[0]] = _named(node.attribute[0].t, node.output[0])
        elif node.op_type == "Identity" and node.input[0] in constants:
            renamed[node.output[0]] = node.input[0]
        elif node.op_type == "Cast" and node.input[0] in constants:
            values = numpy_helper.to_array(constants[node.input[0]])
            to = helper.tensor_dtype_to_np_dtype(node.attribute[0].i)
            constants[node.output[0]] = numpy_helper.from_array(values.astype(to), node.output[0])
        else:
            kept.append(node)
    return rebuilt(model, kept, constants)


def rebuilt(
    model: onnx.ModelProto, nodes: list[NodeProto], constants: dict[str, TensorProto]
) -> onnx.ModelProto:
    """The model with these nodes, in an order that runs, and those constants that they read."""
    wanted = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        model.graph.name,
        list(model.graph.input),
        list(model.graph.output),
        [tensor for name, tensor in constants.items() if name in wanted],
    )
    opsets = [helper.make_opsetid(entry.domain, entry.version) for entry in model.opset_import]
    return helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version)


def constants_of(model: onnx.ModelProto) -> dict[str, TensorProto]:
    return {tensor.name: tensor for tensor in model.graph.initializer}


def shapes(model: onnx.ModelProto) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The graph's one input's and one output's shape."""
    taken, given = model.graph.input[0], model.graph.output[0]
    return _shape(taken), _shape(given)


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """A strongly typed float16 copy of a `load`ed float32 model; its input and output stay float32.

    `KEPT_WHOLE` operations compute in float32 between two casts.
    """
    constants = {name: _half(tensor) for name, tensor in constants_of(model).items()}
    taken, given = model.graph.input[0].name, model.graph.output[0].name
    nodes = [helper.make_node("Cast", [taken], ["half_input"], "half_input", to=TensorProto.FLOAT16)]
    for node in model.graph.node:
        node = _copy(node, {taken: "half_input", given: "half_output"})
        if node.op_type == "Cast" and node.attribute[0].i == TensorProto.FLOAT:
            node.attribute[0].i = TensorProto.FLOAT16
        nodes += _in_float32(node) if node.op_type in KEPT_WHOLE else [node]
    nodes.append(helper.make_node("Cast", ["half_output"], [given], "whole_output", to=TensorProto.FLOAT))
    return rebuilt(model, nodes, constants)


def _in_float32(node: NodeProto) -> Iterator[NodeProto]:
    """The node between casts; float inputs only, which holds for every operation in KEPT_WHOLE but axes."""
    floats = node.input[:1] if node.op_type.startswith("Reduce") else node.input
    whole = {name: f"{node.output[0]}_whole_{i}" for i, name in enumerate(floats)}
    for name, cast in whole.items():
        yield helper.make_node("Cast", [name], [cast], cast, to=TensorProto.FLOAT)
    result = f"{node.output[0]}_whole"
    yield _copy(node, {**whole, node.output[0]: result})
    yield helper.make_node("Cast", [result], [node.output[0]], f"{result}_to_half", to=TensorProto.FLOAT16)


def _copy(node: NodeProto, renamed: dict[str, str]) -> NodeProto:
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [renamed.get(name, name) for name in node.input]
    copy.output[:] = [renamed.get(name, name) for name in node.output]
    return copy


def _half(tensor: TensorProto) -> TensorProto:
    if tensor.data_type != TensorProto.FLOAT:
        return tensor
    return numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name)


def _named(tensor: TensorProto, name: str) -> TensorProto:
    copy = TensorProto()
    copy.CopyFrom(tensor)
    copy.name = name
    return copy


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)
