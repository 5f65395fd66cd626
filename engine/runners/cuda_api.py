"""The few CUDA calls that a TensorRT runner needs, each return checked; over NVIDIA's own `cuda-bindings`."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineFault

Handle = Any  # streams, graphs and graph executables of cuda-bindings


@dataclass(frozen=True, slots=True, eq=False)
class Buffer:
    """One tensor twice: page-locked memory that the CPU writes and reads, and memory of the GPU."""

    name: str
    host: NDArray[np.float32]  # a view of the page-locked memory
    host_pointer: int
    device_pointer: int

    @property
    def size(self) -> int:
        return self.host.nbytes


class Cuda:
    """A device's memory, streams and graphs. `runtime` is `cuda.bindings.runtime`, or a fake."""

    def __init__(self, runtime: Any = None) -> None:
        """Raises: ImportError if cuda-bindings is not installed."""
        self._rt = runtime if runtime is not None else import_module("cuda.bindings.runtime")

    def compute_capability(self) -> str:
        """Of the current device, such as "8.9". Raises: EngineFault if there is no usable GPU."""
        device = self._call("cudaGetDevice")
        names = self._rt.cudaDeviceAttr
        major = self._call("cudaDeviceGetAttribute", names.cudaDevAttrComputeCapabilityMajor, device)
        minor = self._call("cudaDeviceGetAttribute", names.cudaDevAttrComputeCapabilityMinor, device)
        return f"{major}.{minor}"

    def buffer(self, name: str, shape: tuple[int, ...]) -> Buffer:
        """Room for a float32 tensor."""
        size = int(np.prod(shape)) * 4
        device = int(self._call("cudaMalloc", size, about=name))
        try:
            host = int(self._call("cudaMallocHost", size, about=name))
        except EngineFault:
            self._call("cudaFree", device, about=name)
            raise
        memory = (ctypes.c_float * (size // 4)).from_address(host)
        return Buffer(name, np.ctypeslib.as_array(memory).reshape(shape), host, device)

    def free(self, buffer: Buffer) -> None:
        self._call("cudaFree", buffer.device_pointer, about=buffer.name)
        self._call("cudaFreeHost", buffer.host_pointer, about=buffer.name)

    def stream(self) -> Handle:
        return self._call("cudaStreamCreate")

    def synchronise(self, stream: Handle) -> None:
        self._call("cudaStreamSynchronize", stream)

    def destroy_stream(self, stream: Handle) -> None:
        self._call("cudaStreamDestroy", stream)

    def to_device(self, buffer: Buffer, stream: Handle) -> None:
        kind = self._rt.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._copy(buffer.device_pointer, buffer.host_pointer, buffer, kind, stream)

    def to_host(self, buffer: Buffer, stream: Handle) -> None:
        kind = self._rt.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._copy(buffer.host_pointer, buffer.device_pointer, buffer, kind, stream)

    def capture(self, stream: Handle, work: Callable[[], None]) -> Handle:
        """An executable graph of everything `work` puts into the stream.

        Thread-local mode: what other threads of this process do on the GPU meanwhile neither joins the graph
        nor breaks it. The capture is ended even if `work` fails, or the stream would stay unusable.
        """
        self._call(
            "cudaStreamBeginCapture", stream, self._rt.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        )
        try:
            work()
        except EngineFault:
            self._rt.cudaStreamEndCapture(stream)  # its own error only repeats why the work failed
            raise
        graph = self._call("cudaStreamEndCapture", stream)
        try:
            return self._call("cudaGraphInstantiate", graph, 0)
        finally:
            self._call("cudaGraphDestroy", graph)

    def launch(self, executable: Handle, stream: Handle) -> None:
        self._call("cudaGraphLaunch", executable, stream)

    def destroy_graph(self, executable: Handle) -> None:
        self._call("cudaGraphExecDestroy", executable)

    def _copy(self, to: int, of: int, buffer: Buffer, kind: Any, stream: Handle) -> None:
        self._call("cudaMemcpyAsync", to, of, buffer.size, kind, stream, about=buffer.name)

    def _call(self, name: str, *arguments: Any, about: str = "") -> Any:
        """The call's value, None if it has none. Raises: EngineFault naming call, tensor and CUDA's error."""
        error, *values = getattr(self._rt, name)(*arguments)
        if int(error) != 0:
            tensor = f" for tensor {about}" if about else ""
            raise EngineFault(f"{name} failed{tensor}: {getattr(error, 'name', error)}; see nvidia-smi")
        return values[0] if values else None
