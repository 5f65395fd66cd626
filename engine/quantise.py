"""INT8 written into the graph: Q/DQ around what is multiplied, one scale per output channel of a weight.

Symmetric, zero point 0, as TensorRT wants it; ONNX Runtime and OpenVINO read the same file. Which layers can
take it is measured, one by one, and those that move the logits most stay as they were (Jacob et al. 2018 for
the arithmetic; the order by measured sensitivity is the habit of TensorRT's and OpenVINO's own tools).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from engine import graph
from engine.errors import EngineInputError

LIMIT = 127  # of a symmetric int8
CLIP = 0.9999  # share of an activation's values inside its range; the rest is cut off
_RANKED_ON = 16  # samples that put the layers in order; whether decisions agree is asked of all

Maps = NDArray[np.float32]
Logits = NDArray[np.float32]
Ranges = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Layer:
    """A multiplication by constants: MatMul, Gemm or Conv."""

    name: str  # of the node
    activation: str  # its input tensor
    weight: str  # its constant
    axis: int  # of the weight's output channels
    values: int  # in the weight


def layers_of(model: onnx.ModelProto) -> tuple[Layer, ...]:
    """Every multiplication by constants of a `graph.load`ed model, in the order of the graph."""
    constants = graph.constants_of(model)
    found = []
    for node in model.graph.node:
        if node.op_type in ("MatMul", "Gemm", "Conv") and node.input[1] in constants:
            dims = constants[node.input[1]].dims
            axis = len(dims) - 1 if node.op_type == "MatMul" or not _transposed(node) else 0
            found.append(Layer(node.name, node.input[0], node.input[1], axis, int(np.prod(dims))))
    return tuple(found)


def collect_ranges(model: onnx.ModelProto, maps_f32: Maps, clip: float = CLIP) -> dict[str, float]:
    """Activation -> the magnitude that `clip` of its values stay under, over real maps (n, 4, 28, 28, 3).

    Raises: EngineInputError if there is no map.
    """
    if not len(maps_f32):
        raise EngineInputError("activation ranges need at least one sample of motion maps")
    names = sorted({layer.activation for layer in layers_of(model)})
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    own = {value.name for value in [*model.graph.input, *model.graph.output]}
    watched.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names if name not in own
    )
    asked = [name for name in names if name != model.graph.input[0].name]
    session, taken = _session_of(watched), model.graph.input[0].name
    highest = dict.fromkeys(names, 0.0)
    for sample in _blocks(model, maps_f32):
        heard = session.run(asked, {taken: sample}) if asked else []  # asked for nothing it would give all
        values = dict(zip(asked, heard, strict=True), **{taken: sample})
        for name in names:
            reached = float(np.quantile(np.abs(values[name]), clip, method="higher"))
            highest[name] = max(highest[name], reached)
    return highest


def quantised(model: onnx.ModelProto, ranges: Ranges, keep: frozenset[str] = frozenset()) -> onnx.ModelProto:
    """The Q/DQ copy of a `graph.load`ed float32 model; layers named in `keep` stay float32.

    Weights that several layers share are stored once; so are the scales of shared activations.
    """
    constants = graph.constants_of(model)
    chosen = {layer.name: layer for layer in layers_of(model) if layer.name not in keep}
    nodes: list[NodeProto] = []
    done: set[str] = set()
    for node in model.graph.node:
        layer = chosen.get(node.name)
        if layer is not None:
            for name, made in (
                (layer.activation, _activation(layer, ranges, constants)),
                (layer.weight, _weight(layer, constants)),
            ):
                if name not in done:
                    nodes += made
                    done.add(name)
            copy = NodeProto()
            copy.CopyFrom(node)
            copy.input[0], copy.input[1] = f"{layer.activation}_dq", f"{layer.weight}_dq"
            node = copy
        nodes.append(node)
    return graph.rebuilt(model, nodes, constants)


def sensitivity(model: onnx.ModelProto, ranges: Ranges, maps_f32: Maps) -> list[tuple[str, float]]:
    """(layer, largest change of a logit when it alone is int8), most sensitive first."""
    wanted, everything = logits_of(model, maps_f32), {layer.name for layer in layers_of(model)}
    moved = [
        (
            name,
            float(
                np.abs(
                    logits_of(quantised(model, ranges, frozenset(everything - {name})), maps_f32) - wanted
                ).max()
            ),
        )
        for name in sorted(everything)
    ]
    return sorted(moved, key=lambda pair: -pair[1])


def keep_by_measurement(
    model: onnx.ModelProto, ranges: Ranges, maps_f32: Maps, agreement: float
) -> frozenset[str]:
    """The fewest of the most sensitive layers, by doubling, without which decisions agree this often."""
    spread = maps_f32[:: max(1, len(maps_f32) // _RANKED_ON)]
    order = [name for name, _ in sensitivity(model, ranges, spread)]
    wanted = logits_of(model, maps_f32).argmax(axis=1)
    kept = 0
    while kept < len(order):
        decided = logits_of(quantised(model, ranges, frozenset(order[:kept])), maps_f32).argmax(axis=1)
        if (decided == wanted).mean() >= agreement:
            break
        kept = max(1, 2 * kept)
    return frozenset(order[:kept])


def logits_of(model: onnx.ModelProto, maps_f32: Maps) -> Logits:
    """(n, classes) of maps (n, 4, 28, 28, 3), with ONNX Runtime on one thread."""
    session, taken = _session_of(model), model.graph.input[0].name
    rows = [session.run(None, {taken: block})[0] for block in _blocks(model, maps_f32)]
    return np.concatenate(rows)[: len(maps_f32)]


def _session_of(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _blocks(model: onnx.ModelProto, maps_f32: Maps) -> Iterator[Maps]:
    """The maps as the graph's static batch takes them; the last block repeats its last sample."""
    batch = graph.shapes(model)[0][0]
    for start in range(0, len(maps_f32), batch):
        block = maps_f32[start : start + batch]
        yield (
            block
            if len(block) == batch
            else np.concatenate([block, np.repeat(block[-1:], batch - len(block), axis=0)])
        )


def _transposed(node: NodeProto) -> bool:
    """Whether the output channels come first: always in a Conv, in a Gemm if it says so."""
    return node.op_type == "Conv" or any(a.name == "transB" and a.i for a in node.attribute)


def _activation(layer: Layer, ranges: Ranges, constants: dict[str, TensorProto]) -> Sequence[NodeProto]:
    """Quantise and dequantise what goes into the layer, one scale."""
    name = layer.activation
    scale = np.float32(max(ranges[name], 1e-6) / LIMIT)
    _constant(constants, f"{name}_scale", scale)
    _constant(constants, f"{name}_zero", np.int8(0))
    scaling = [f"{name}_scale", f"{name}_zero"]
    return (
        helper.make_node("QuantizeLinear", [name, *scaling], [f"{name}_q"], f"{name}_q"),
        helper.make_node("DequantizeLinear", [f"{name}_q", *scaling], [f"{name}_dq"], f"{name}_dq"),
    )


def _weight(layer: Layer, constants: dict[str, TensorProto]) -> Sequence[NodeProto]:
    """The weight as int8 with a scale per output channel, and the node that gives it back."""
    name = layer.weight
    values = numpy_helper.to_array(constants[name]).astype(np.float32)
    others = tuple(i for i in range(values.ndim) if i != layer.axis)
    scale = np.maximum(np.abs(values).max(axis=others, keepdims=True), 1e-12) / LIMIT
    _constant(constants, f"{name}_int8", np.rint(values / scale).astype(np.int8))
    _constant(constants, f"{name}_scale", scale.ravel().astype(np.float32))
    _constant(constants, f"{name}_zero", np.zeros(scale.size, np.int8))
    read = [f"{name}_int8", f"{name}_scale", f"{name}_zero"]
    return (helper.make_node("DequantizeLinear", read, [f"{name}_dq"], f"{name}_dq", axis=layer.axis),)


def _constant(constants: dict[str, TensorProto], name: str, values: NDArray | np.generic) -> None:
    constants[name] = numpy_helper.from_array(np.asarray(values), name)
