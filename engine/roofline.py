"""The two numbers before any optimisation: bytes that must be read and operations that must be done.

Neither can be undercut: an inference takes at least the larger of bytes / bandwidth and operations / rate
(Williams, Waterman, Patterson 2009), both measured on this machine in the same minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from onnx import shape_inference

from engine import graph
from engine.quantise import layers_of

_BUFFER = 1 << 30  # bytes; larger than any cache, those of servers too
_MATRIX = 2048  # rows of the product that measures the rate
_REPEATS = 5


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine reaches with the given number of threads, best of a few runs."""

    read_bytes_per_s: float
    float32_operations_per_s: float


@dataclass(frozen=True, slots=True)
class Work:
    """What one inference cannot avoid."""

    read_bytes: int  # every constant once
    operations: int  # two per multiplication and addition of the matrix products and convolutions

    def least_ms(self, machine: Machine) -> float:
        """The larger of both times."""
        seconds = (
            self.read_bytes / machine.read_bytes_per_s,
            self.operations / machine.float32_operations_per_s,
        )
        return 1e3 * max(seconds)


def machine(buffer_bytes: int = _BUFFER) -> Machine:
    """Measured with torch on its threads: a product that reads a large array once, and one of matrices."""
    values, square = torch.ones(buffer_bytes // 4), torch.ones(_MATRIX, _MATRIX)
    return Machine(
        read_bytes_per_s=buffer_bytes / _best_s(lambda: torch.dot(values, values)),
        float32_operations_per_s=2 * _MATRIX**3 / _best_s(lambda: square @ square),
    )


def work_of(content: bytes, bytes_per_value: float = 4.0) -> Work:
    """Of an ONNX graph; `bytes_per_value` of a constant as it will be held: 4 float32, 2 half, 1 int8."""
    model = graph.load(content)
    constants = graph.constants_of(model)
    values = sum(
        int(np.prod(tensor.dims))
        for tensor in constants.values()
        if tensor.data_type != onnx.TensorProto.INT64
    )
    shapes = _output_shapes(model)
    operations = 0
    for layer in layers_of(model):
        rows = int(np.prod(shapes[layer.name])) // _channels(constants, layer.weight, layer.axis)
        operations += 2 * rows * layer.values
    return Work(int(values * bytes_per_value), operations)


def _channels(constants: dict[str, onnx.TensorProto], weight: str, axis: int) -> int:
    return int(constants[weight].dims[axis])


def _output_shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Node -> its first output's shape; weights are left out, which shape inference need not see."""
    inferred = shape_inference.infer_shapes(model, data_prop=True)
    known = {value.name: value for value in [*inferred.graph.value_info, *inferred.graph.output]}
    return {
        node.name: tuple(axis.dim_value for axis in known[node.output[0]].type.tensor_type.shape.dim)
        for node in model.graph.node
        if node.output[0] in known
    }


def _best_s(call: Callable[[], object]) -> float:
    """The shortest of a few runs: what the machine can do when nothing else takes its time."""
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)
