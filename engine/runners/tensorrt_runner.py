"""TensorRT on an NVIDIA GPU: engines from the cache, one context per thread, a CUDA graph per batch size."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import numpy as np

from engine.cache import Engine
from engine.card import ModelCard
from engine.errors import EngineFault, EngineInputError, EngineMismatch
from engine.runners.base import GraphFile, Logits, Maps, Runner
from engine.runners.cuda_api import Buffer, Cuda, Handle
from engine.runners.trt_api import import_tensorrt, inspect, messages, version_of

trt = import_tensorrt()


class Block:
    """One engine of one batch size: its context, its buffers, and its work as a CUDA graph."""

    def __init__(self, engine: Any, cuda: Cuda, stream: Handle, wanted: tuple[tuple[int, ...], ...]) -> None:
        """`wanted` are the shapes of input and output. Raises: EngineMismatch, EngineFault."""
        self._cuda, self._stream = cuda, stream
        self._buffers: list[Buffer] = []
        self._graph: Handle = None
        self.why_no_graph = ""
        self._engine = engine  # it must outlive its context
        self._context = engine.create_execution_context()
        if self._context is None:
            raise EngineFault("TensorRT made no execution context: GPU memory may be full; see nvidia-smi")
        try:
            self._input, self._output = self._bind(wanted)
            self._warm_up()
        except Exception:
            self.close()
            raise

    def infer(self, maps_f32: Maps) -> Logits:
        """A view of the output's host memory: valid until the next call."""
        np.copyto(self._input.host, maps_f32)
        if self._graph is not None:
            self._cuda.launch(self._graph, self._stream)
        else:
            self._enqueue()
        self._cuda.synchronise(self._stream)
        return self._output.host

    def layers(self) -> list[dict[str, Any]]:
        return inspect(trt, self._engine)

    def close(self) -> None:
        """Graph, context, buffers: in the order in which they need each other."""
        if self._graph is not None:
            self._cuda.destroy_graph(self._graph)
        self._graph = self._context = self._engine = None
        while self._buffers:
            self._cuda.free(self._buffers.pop())

    def _bind(self, wanted: tuple[tuple[int, ...], ...]) -> tuple[Buffer, Buffer]:
        """Buffers at fixed addresses, as a CUDA graph needs them."""
        modes = (trt.TensorIOMode.INPUT, trt.TensorIOMode.OUTPUT)
        names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        bound = []
        for mode, shape in zip(modes, wanted, strict=True):
            mine = [name for name in names if self._engine.get_tensor_mode(name) == mode]
            if len(mine) != 1:
                raise EngineMismatch(f"engine has {len(mine)} tensors of mode {mode.name}, not one: {mine}")
            bound.append(self._bind_one(mine[0], shape))
        return bound[0], bound[1]

    def _bind_one(self, name: str, shape: tuple[int, ...]) -> Buffer:
        found, dtype = tuple(self._engine.get_tensor_shape(name)), self._engine.get_tensor_dtype(name)
        if found != shape or dtype != trt.float32:
            raise EngineMismatch(f"engine tensor {name} is {dtype} {found}, not float32 {shape}; build again")
        buffer = self._cuda.buffer(name, shape)
        self._buffers.append(buffer)
        if not self._context.set_tensor_address(name, buffer.device_pointer):
            raise EngineFault(f"TensorRT refused the address of tensor {name}")
        return buffer

    def _warm_up(self) -> None:
        """Once without a graph, since the first run allocates; then captured, where TensorRT allows it."""
        self._input.host[...] = 0.0
        self._enqueue()
        self._cuda.synchronise(self._stream)
        capturable = getattr(
            self._context, "is_stream_capturable", None
        )  # tensorrt-rtx alone asks to be asked
        if capturable is not None and not capturable(int(self._stream)):
            self.why_no_graph = "TensorRT says that this stream cannot be captured"
            return
        try:
            self._graph = self._cuda.capture(self._stream, self._enqueue)
        except EngineFault as error:
            self.why_no_graph = str(error)

    def _enqueue(self) -> None:
        self._cuda.to_device(self._input, self._stream)
        if not self._context.execute_async_v3(int(self._stream)):
            raise EngineFault(f"TensorRT could not enqueue from tensor {self._input.name}")
        self._cuda.to_host(self._output, self._stream)


class TensorRtRunner(Runner):
    """Runs engines built by `engine.build`; `infer` belongs to the thread that activated it."""

    backend = "tensorrt"
    version = version_of(trt)

    def __init__(self, card: ModelCard, engine: Engine | None = None, cuda: Cuda | None = None) -> None:
        """Raises: EngineMismatch without an engine, or if it was built for another GPU than `cuda`'s."""
        if engine is None:
            raise EngineMismatch(
                "TensorRT needs a built engine; run python -m engine.build --backend tensorrt"
            )
        self._cuda = cuda if cuda is not None else Cuda()
        here, built = self._cuda.compute_capability(), engine.manifest.compute_capability
        if here != built:
            raise EngineMismatch(
                f"engine {engine.folder}: compute_capability {built} was built, {here} is here; build again"
            )
        super().__init__(card, engine)
        self._blocks: dict[int, Block] = {}
        self._thread = 0
        self._stream: Handle = None

    def layers(self, batch: int) -> list[dict[str, Any]]:
        """What TensorRT's inspector says of the engine's layers; the runner must be active.

        Raises: EngineFault if it says nothing that can be read.
        """
        return self._blocks[batch].layers()

    def _load(self) -> None:
        self._thread = threading.get_ident()
        self._messages = messages(trt)
        self._runtime = trt.Runtime(self._messages.logger)
        if self._runtime is None:
            raise EngineFault(f"TensorRT made no runtime: {self._messages.last()}")
        self._stream = self._cuda.stream()
        try:
            for batch, file in self.files.items():
                shapes = (batch, *self.metadata.sample_shape), (batch, self.metadata.classes)
                self._blocks[batch] = Block(self._deserialised(file), self._cuda, self._stream, shapes)
        except Exception:
            self._free()
            raise

    def _deserialised(self, file: GraphFile) -> Any:
        content = file.read()  # refuses a changed file before TensorRT sees it
        engine = self._runtime.deserialize_cuda_engine(content)
        if engine is None:
            raise EngineMismatch(f"TensorRT cannot load {file.path}: {self._messages.last()}")
        return engine

    def _infer_one(self, maps_f32: Maps) -> Logits:
        if threading.get_ident() != self._thread:
            raise EngineInputError("a TensorRT context lives on the thread that activated its runner")
        return self._blocks[len(maps_f32)].infer(maps_f32)

    def _free(self) -> None:
        while self._blocks:
            self._blocks.popitem()[1].close()
        if self._stream is not None:
            with suppress(EngineFault):  # a broken device has nothing left to free
                self._cuda.destroy_stream(self._stream)
        self._stream = self._runtime = None
