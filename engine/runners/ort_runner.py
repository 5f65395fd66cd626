"""ONNX Runtime on the CPU, one thread."""

from __future__ import annotations

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

from engine.card import checked_bytes
from engine.errors import ModelFileError
from engine.runners.base import Logits, Maps, Runner

_LOADING = (
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.NotImplemented,
)


class OnnxRuntimeRunner(Runner):
    """Runs the exported graph with ONNX Runtime."""

    backend = "onnxruntime"
    version = onnxruntime.__version__
    _session: onnxruntime.InferenceSession | None = None

    def _load(self) -> None:
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        file = self.metadata.card.onnx
        try:
            session = onnxruntime.InferenceSession(
                checked_bytes(file), options, providers=["CPUExecutionProvider"]
            )
        except _LOADING as error:
            line = str(error).splitlines()[0]
            raise ModelFileError(f"ONNX Runtime cannot load {file.path}: {line}") from error
        taken, given = session.get_inputs()[0], session.get_outputs()[0]
        self._check_shapes(tuple(taken.shape), tuple(given.shape))
        self._session, self._input, self._output = session, taken.name, given.name

    def _infer_one(self, maps_f32: Maps) -> Logits:
        assert self._session is not None  # infer has checked
        logits: Logits = self._session.run([self._output], {self._input: maps_f32})[0]
        return logits

    def _free(self) -> None:
        self._session = None
