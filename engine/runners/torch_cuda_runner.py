"""Torch on an NVIDIA GPU: the folded network as one CUDA graph per batch size, in float32."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from engine.cache import BATCHES, Engine
from engine.card import ModelCard
from engine.errors import EngineMismatch
from engine.runners.base import GraphFile, Logits, Maps, Runner
from engine.weights import runnable


class Replay:
    """The network recorded for one batch size: fixed input and output tensors, one launch."""

    def __init__(self, net: nn.Module, example: torch.Tensor) -> None:
        self._input = example
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side), torch.inference_mode():
            for _ in range(3):  # libraries choose and allocate outside the recording
                net(self._input)
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph), torch.inference_mode():
            self._output = net(self._input)

    def infer(self, maps_f32: Maps) -> Logits:
        self._input.copy_(torch.from_numpy(maps_f32.copy()))  # a read-only array is no tensor
        self._graph.replay()
        logits: Logits = self._output.float().cpu().numpy()
        return logits


class TorchCudaRunner(Runner):
    """Replays the safetensors weights, folded, on the first GPU; TF32 is off."""

    backend = "torch-cuda"
    version = torch.__version__
    dtype = torch.float32

    def __init__(self, card: ModelCard, engine: Engine | None = None) -> None:
        """Raises: EngineMismatch if torch sees no GPU."""
        if not torch.cuda.is_available():
            raise EngineMismatch("torch sees no NVIDIA GPU here; see nvidia-smi, and install torch with CUDA")
        super().__init__(card, engine)
        self.files = {batch: GraphFile(card.weights.path, bytes) for batch in BATCHES}
        self._replays: dict[int, Replay] = {}

    def _load(self) -> None:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        net = runnable(self.metadata.card).to("cuda", self.dtype)
        self._replays = {batch: self._record(net, batch) for batch in self.metadata.batches}

    def _record(self, net: nn.Module, batch: int) -> Any:
        shape = (batch, *self.metadata.sample_shape)
        return Replay(net, torch.zeros(shape, dtype=self.dtype, device="cuda"))

    def _infer_one(self, maps_f32: Maps) -> Logits:
        return self._replays[len(maps_f32)].infer(maps_f32)

    def _free(self) -> None:
        self._replays = {}
