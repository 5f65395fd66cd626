"""OpenVINO on the CPU, one thread, in full precision."""

from __future__ import annotations

from typing import Any

from engine.card import checked_bytes
from engine.errors import ModelFileError
from engine.openvino_quiet import import_openvino
from engine.runners.base import Logits, Maps, Runner

openvino = import_openvino()

PROPERTIES = {
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_PRECISION_HINT": "f32",  # newer CPUs would otherwise round to bfloat16
    "ENABLE_CPU_PINNING": False,  # the analyse thread moves; a pinned one would fight with it
}


class OpenVinoRunner(Runner):
    """Runs the exported graph with OpenVINO."""

    backend = "openvino"
    version = str(openvino.__version__)
    _request: Any = None

    def _load(self) -> None:
        file = self.metadata.card.onnx
        content = checked_bytes(file)
        try:
            core = openvino.Core()
            model = core.read_model(model=content)
            compiled = core.compile_model(model, "CPU", PROPERTIES)
        except RuntimeError as error:
            line = str(error).splitlines()[0]
            raise ModelFileError(f"OpenVINO cannot load {file.path}: {line}") from error
        self._check_shapes(tuple(compiled.input(0).shape), tuple(compiled.output(0).shape))
        self._request = compiled.create_infer_request()

    def _infer_one(self, maps_f32: Maps) -> Logits:
        # copied by the caller before the next inference writes the same memory
        logits: Logits = self._request.infer({0: maps_f32}, share_inputs=True, share_outputs=True)[0]
        return logits

    def _free(self) -> None:
        self._request = None
