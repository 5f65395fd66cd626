"""A GPU and an engine in plain memory, so that the TensorRT runner runs where there is neither."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import numpy as np


class FakeCuda:
    """cuda.bindings.runtime in plain memory: remembers every call; `fails` names the one that is refused."""

    cudaDeviceAttr = SimpleNamespace(  # noqa: N815
        cudaDevAttrComputeCapabilityMajor=0, cudaDevAttrComputeCapabilityMinor=1
    )
    cudaMemcpyKind = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2)  # noqa: N815
    cudaStreamCaptureMode = SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)  # noqa: N815

    def __init__(self, capability=(8, 9), fails=""):
        self.capability, self.fails = capability, fails
        self.calls: list[str] = []
        self.memory: dict[int, object] = {}
        self.recorded: list | None = None

    def __getattr__(self, name):
        def call(*arguments):
            self.calls.append(name)
            if name == self.fails:
                return (Error(2),)
            return (Error(0), *getattr(self, f"_{name}", lambda *_: ())(*arguments))

        if name.startswith("_"):
            raise AttributeError(name)
        return call

    def _cudaGetDevice(self):  # noqa: N802
        return (0,)

    def _cudaDeviceGetAttribute(self, which, device):  # noqa: N802
        return (self.capability[which],)

    def _cudaMalloc(self, size):  # noqa: N802
        memory = (ctypes.c_char * size)()
        self.memory[ctypes.addressof(memory)] = memory
        return (ctypes.addressof(memory),)

    _cudaMallocHost = _cudaMalloc  # noqa: N815

    def _cudaFree(self, pointer):  # noqa: N802
        del self.memory[pointer]
        return ()

    _cudaFreeHost = _cudaFree  # noqa: N815

    def _cudaStreamCreate(self):  # noqa: N802
        return (7,)

    def _cudaMemcpyAsync(self, to, of, size, kind, stream):  # noqa: N802
        self.do(lambda: ctypes.memmove(to, of, size))
        return ()

    def do(self, work):
        """Now, or later if a graph is being recorded."""
        if self.recorded is None:
            work()
        else:
            self.recorded.append(work)

    def _cudaStreamBeginCapture(self, stream, mode):  # noqa: N802
        self.recorded = []
        return ()

    def _cudaStreamEndCapture(self, stream):  # noqa: N802
        recorded, self.recorded = self.recorded, None
        return (recorded,)

    def _cudaGraphInstantiate(self, recorded, flags):  # noqa: N802
        return (recorded,)

    def _cudaGraphLaunch(self, recorded, stream):  # noqa: N802
        for work in recorded:
            work()
        return ()


class Error(int):
    """A cudaError_t."""

    name = "cudaErrorFake"


class FakeEngine:
    """Adds 1 to the first classes values of every sample; its runtime hands out itself.

    `trt` is the TensorRT package whose types it speaks.
    """

    num_io_tensors = 2

    def __init__(self, trt, cuda, batch, capturable=True, dtype=None, address_ok=True, context_ok=True):
        self.trt, self.cuda, self.batch, self.capturable = trt, cuda, batch, capturable
        self.dtype, self.address_ok, self.context_ok = dtype or trt.float32, address_ok, context_ok
        self.addresses: dict[str, int] = {}

    def get_tensor_name(self, i):
        return ("maps", "logits")[i]

    def get_tensor_mode(self, name):
        mode = self.trt.TensorIOMode
        return mode.INPUT if name == "maps" else mode.OUTPUT

    def get_tensor_shape(self, name):
        return (self.batch, 4, 28, 28, 3) if name == "maps" else (self.batch, 3)

    def get_tensor_dtype(self, name):
        return self.dtype

    def create_execution_context(self):
        return self if self.context_ok else None

    def set_tensor_address(self, name, pointer):
        self.addresses[name] = pointer
        return self.address_ok

    def is_stream_capturable(self, stream):
        return self.capturable

    def execute_async_v3(self, stream):
        self.cuda.do(self.compute)
        return True

    def compute(self):
        maps = (ctypes.c_float * (self.batch * 9408)).from_address(self.addresses["maps"])
        logits = (ctypes.c_float * (self.batch * 3)).from_address(self.addresses["logits"])
        values = np.ctypeslib.as_array(maps).reshape(self.batch, -1)[:, :3] + 1
        np.ctypeslib.as_array(logits)[:] = values.ravel()
