"""ONNX Runtime, on the CPU or, where its CUDA build is installed, on an NVIDIA GPU."""

from __future__ import annotations

from typing import Any

import onnxruntime

from engine.cache import Engine
from engine.card import ModelCard
from engine.errors import EngineMismatch
from engine.onnx_session import CPU_PROVIDER, open_session
from engine.runners.base import GraphFile, Logits, Maps, Runner

_HIDES_INT8 = "MatMulAddFusion"  # makes a Gemm that is then computed from dequantised weights
_CUDA = "CUDAExecutionProvider"


class OnnxRuntimeRunner(Runner):
    """Runs the exported graph with ONNX Runtime."""

    backend = "onnxruntime"
    version = onnxruntime.__version__
    providers: tuple[Any, ...] = (CPU_PROVIDER,)
    _sessions: dict[int, onnxruntime.InferenceSession]

    def _load(self) -> None:
        self._sessions = {batch: self._session(batch, file) for batch, file in self.files.items()}

    def _session(self, batch: int, file: GraphFile) -> onnxruntime.InferenceSession:
        disabled = [_HIDES_INT8] if self.metadata.precision == "int8" else []
        session = open_session(
            file.read(), file.path, self.threads, providers=self.providers, disabled=disabled
        )
        taken, given = session.get_inputs()[0], session.get_outputs()[0]
        self._check_shapes(batch, tuple(taken.shape), tuple(given.shape))
        self._input, self._output = taken.name, given.name
        return session

    def _infer_one(self, maps_f32: Maps) -> Logits:
        session = self._sessions[len(maps_f32)]
        logits: Logits = session.run([self._output], {self._input: maps_f32})[0]
        return logits

    def _free(self) -> None:
        self._sessions = {}


class OnnxRuntimeCudaRunner(OnnxRuntimeRunner):
    """The same on the first NVIDIA GPU, without TF32 so that float32 stays float32."""

    backend = "onnxruntime-cuda"
    providers = ((_CUDA, {"device_id": 0, "use_tf32": 0}), CPU_PROVIDER)

    def __init__(self, card: ModelCard, engine: Engine | None = None) -> None:
        """Raises: EngineMismatch if this ONNX Runtime has no CUDA."""
        if _CUDA not in onnxruntime.get_available_providers():
            raise EngineMismatch("this onnxruntime has no CUDA; install onnxruntime-gpu instead of it")
        super().__init__(card, engine)

    def _session(self, batch: int, file: GraphFile) -> onnxruntime.InferenceSession:
        session = super()._session(batch, file)
        if _CUDA not in session.get_providers():  # it falls back to the CPU without a word
            raise EngineMismatch("ONNX Runtime found no usable NVIDIA GPU; see nvidia-smi")
        return session
