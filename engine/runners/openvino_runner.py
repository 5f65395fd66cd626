"""OpenVINO on the CPU. What is not int8 in the graph is computed in full precision."""

from __future__ import annotations

from typing import Any

from engine.errors import ModelFileError
from engine.openvino_quiet import import_openvino, openvino_core
from engine.runners.base import GraphFile, Logits, Maps, Runner

openvino = import_openvino()

PROPERTIES = {
    "NUM_STREAMS": 1,
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_PRECISION_HINT": "f32",  # newer CPUs would otherwise round to bfloat16
    "ENABLE_CPU_PINNING": False,  # the analyse thread moves; a pinned one would fight with it
}


class OpenVinoRunner(Runner):
    """Runs the exported graph with OpenVINO."""

    backend = "openvino"
    version = str(openvino.__version__)
    _requests: dict[int, Any]

    def _load(self) -> None:
        self._requests = {batch: self._request(batch, file) for batch, file in self.files.items()}

    def _request(self, batch: int, file: GraphFile) -> Any:
        content = file.read()
        try:
            core = openvino_core()
            model = core.read_model(model=content)
            compiled = core.compile_model(model, "CPU", {**PROPERTIES, "INFERENCE_NUM_THREADS": self.threads})
        except RuntimeError as error:
            line = str(error).splitlines()[0]
            raise ModelFileError(f"OpenVINO cannot load {file.path}: {line}") from error
        self._check_shapes(batch, tuple(compiled.input(0).shape), tuple(compiled.output(0).shape))
        return compiled.create_infer_request()

    def _infer_one(self, maps_f32: Maps) -> Logits:
        # copied by the caller before the next inference writes the same memory
        request = self._requests[len(maps_f32)]
        logits: Logits = request.infer({0: maps_f32}, share_inputs=True, share_outputs=True)[0]
        return logits

    def _free(self) -> None:
        self._requests = {}
