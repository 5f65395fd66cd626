"""Torch on the CPU: the reference the others are compared with. Needs the training requirements."""

from __future__ import annotations

import torch
from torch import nn

from engine.runners.base import Logits, Maps, Runner
from engine.weights import runnable


class TorchRunner(Runner):
    """Runs the safetensors weights, folded, with torch."""

    backend = "torch"
    version = torch.__version__
    _net: nn.Module | None = None

    def _load(self) -> None:
        self._net = runnable(self.metadata.card)

    def _infer_batch(self, maps_f32: Maps) -> Logits:
        return self._infer_one(maps_f32)  # torch takes the whole batch at once

    def _infer_one(self, maps_f32: Maps) -> Logits:
        assert self._net is not None  # infer has checked
        with torch.inference_mode():
            logits: Logits = self._net(torch.tensor(maps_f32)).numpy()
        return logits

    def _free(self) -> None:
        self._net = None
