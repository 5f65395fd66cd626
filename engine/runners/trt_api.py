"""TensorRT's three packages behind one import: `tensorrt` 10.x and 11.x, and `tensorrt_rtx`.

The calls used here are the same in all of them. Networks are strongly typed: precision and Q/DQ are in the
ONNX graph, and no builder flag changes what a layer computes in.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from engine.errors import EngineFault, ModelFileError

PACKAGES = ("tensorrt", "tensorrt_rtx")  # the full one first: it also knows data-centre GPUs
Say = Callable[[str], None]


def import_tensorrt() -> ModuleType:
    """Raises: ImportError if neither package is installed."""
    for name in PACKAGES:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise ImportError("neither tensorrt nor tensorrt-rtx is installed")


def version_of(trt: ModuleType) -> str:
    """Such as "tensorrt_rtx 1.7.1": engines of one package are nothing to the other."""
    return f"{trt.__name__} {trt.__version__}"


@dataclass(frozen=True, slots=True)
class Binding:
    """An input or output of a network or an engine."""

    name: str
    shape: tuple[int, ...]
    dtype: str  # TensorRT's word: FLOAT, HALF, INT8


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What TensorRT understood of a graph, before it compiles it."""

    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    layers: Mapping[str, int]  # count by kind
    multiplications: Mapping[str, int]  # count by the type they are computed in
    strongly_typed: bool


class Messages:
    """Collects what TensorRT logs, so that a failure can be told in its own words.

    TensorRT keeps the first logger it is given for the whole process: use `messages`.
    """

    def __init__(self, trt: ModuleType) -> None:
        self.lines: deque[str] = deque(maxlen=100)
        kept = self.lines
        worst = (trt.ILogger.Severity.INTERNAL_ERROR, trt.ILogger.Severity.ERROR)

        class Collector(trt.ILogger):  # type: ignore[name-defined]
            def __init__(self) -> None:
                trt.ILogger.__init__(self)

            def log(self, severity: Any, message: str) -> None:
                if severity in worst:
                    kept.append(message.splitlines()[0])

        self.logger = Collector()

    def last(self) -> str:
        return self.lines[-1] if self.lines else "it gave no reason"


@cache
def messages(trt: ModuleType) -> Messages:
    """The one of this process."""
    return Messages(trt)


class Network:
    """A parsed graph, ready to be described and built."""

    def __init__(self, trt: ModuleType, content: bytes, name: str) -> None:
        """Raises: ModelFileError with the parser's words if TensorRT cannot read the graph, EngineFault."""
        self._trt, self._name = trt, name
        self._messages = messages(trt)
        self._builder = self._made("builder", trt.Builder(self._messages.logger))
        network = self._builder.create_network(strongly_typed_flag(trt))
        self._network = self._made("network", network)
        self._parser = self._made("parser", trt.OnnxParser(self._network, self._messages.logger))
        if not self._parser.parse(content):
            errors = [self._parser.get_error(i).desc() for i in range(self._parser.num_errors)]
            reason = (errors or [self._messages.last()])[0]
            raise ModelFileError(f"{trt.__name__} cannot read {name}: {reason}")

    def _made(self, what: str, handle: Any) -> Any:
        if handle is None:
            raise EngineFault(f"{self._trt.__name__} made no {what}: {self._messages.last()}")
        return handle

    def facts(self) -> NetworkFacts:
        network = self._network
        layers = [network.get_layer(i) for i in range(network.num_layers)]
        products = [layer for layer in layers if layer.type.name in ("MATRIX_MULTIPLY", "CONVOLUTION")]
        int8 = {layer.get_output(0).name for layer in layers if layer.type.name == "DEQUANTIZE"}
        return NetworkFacts(
            inputs=tuple(_binding(network.get_input(i)) for i in range(network.num_inputs)),
            outputs=tuple(_binding(network.get_output(i)) for i in range(network.num_outputs)),
            layers=Counter(layer.type.name for layer in layers),
            multiplications=Counter(_computed_in(layer, int8) for layer in products),
            strongly_typed=_is_strongly_typed(self._trt, network),
        )

    def build(self, compute_capability: str | None = None, say: Say | None = None) -> bytes:
        """The serialised engine, for the GPU of this machine or for a named compute capability.

        Raises: EngineFault if TensorRT cannot build it, or not for that GPU.
        """
        config = self._made("builder configuration", self._builder.create_builder_config())
        config.profiling_verbosity = self._trt.ProfilingVerbosity.DETAILED
        config.clear_flag(self._trt.BuilderFlag.TF32)  # its 10 bits would break float32's parity
        if compute_capability is not None:
            _aim(self._trt, config, compute_capability)
        monitor = progress_monitor(self._trt, say) if say else None
        if monitor is not None:
            config.progress_monitor = monitor
        plan = self._builder.build_serialized_network(self._network, config)
        if plan is None:
            place = compute_capability or "this machine's GPU"
            raise EngineFault(
                f"{self._trt.__name__} cannot build {self._name} for {place}: {self._messages.last()}"
            )
        return bytes(plan)


def strongly_typed_flag(trt: ModuleType) -> int:
    """Creation flags: asked for in 10.x, the only kind there is where the flag has gone."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _is_strongly_typed(trt: ModuleType, network: Any) -> bool:
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return flag is None or bool(network.get_flag(flag))


def inspect(trt: ModuleType, engine: Any) -> list[dict[str, Any]]:
    """The engine's layers with their formats, from TensorRT's own inspector.

    Raises: EngineFault if there is no inspector, or it says nothing that can be read.
    """
    inspector = engine.create_engine_inspector()
    if inspector is None:
        raise EngineFault(f"{trt.__name__} made no engine inspector")
    text = inspector.get_engine_information(trt.LayerInformationFormat.JSON)
    try:
        layers: list[dict[str, Any]] = json.loads(text)["Layers"]
    except (ValueError, KeyError, TypeError) as error:
        raise EngineFault(f"the engine inspector gave no layers ({error!r})") from error
    return layers


def progress_monitor(trt: ModuleType, say: Say) -> Any:
    """Tells the outermost phases of a build as they begin."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[name-defined]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            if parent_phase is None:
                say(f"{phase_name} ({num_steps} steps)")

        def step_complete(self, phase_name: str, step: int) -> bool:
            return True  # go on

        def phase_finish(self, phase_name: str) -> None:
            """The next phase says that this one is over."""

    return Monitor()


def _aim(trt: ModuleType, config: Any, compute_capability: str) -> None:
    """Only tensorrt-rtx can build for a GPU that is not there."""
    known = getattr(trt, "ComputeCapability", None)
    name = f"SM{compute_capability.replace('.', '')}"
    if known is None or not hasattr(known, name):
        raise EngineFault(f"{trt.__name__} cannot build for compute capability {compute_capability}")
    config.num_compute_capabilities = 1
    if not config.set_compute_capability(getattr(known, name), 0):
        raise EngineFault(f"{trt.__name__} refused compute capability {compute_capability}")


def _binding(tensor: Any) -> Binding:
    return Binding(tensor.name, tuple(tensor.shape), tensor.dtype.name)


def _computed_in(layer: Any, dequantised: set[str]) -> str:
    """INT8 where the input comes out of a dequantiser, which TensorRT fuses; else the input's type."""
    tensor = layer.get_input(0)
    return "INT8" if tensor.name in dequantised else str(tensor.dtype.name)
