"""A runner for tests of everything around the network: says what it was told to, counts what it saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.card import ModelCard, ModelFile
from engine.runners.base import Logits, Maps, Runner

FAKE_CARD = ModelCard(
    name="fake",
    weights=ModelFile(Path("fake.safetensors"), ""),
    onnx=ModelFile(Path("fake.onnx"), ""),
    opset=17,
    architecture={},
    labels=("negative", "positive", "surprise"),
    temperature=1.0,
    unclear_below=0.5,
)


class FakeRunner(Runner):
    """Gives the same logits for every sample."""

    backend = "fake"
    version = "0"

    def __init__(self, card: ModelCard = FAKE_CARD, logits: tuple[float, ...] = (2.0, 0.0, -1.0)) -> None:
        super().__init__(card)
        self._logits = np.array([logits], dtype=np.float32)
        self.seen = 0  # samples inferred so far

    def _load(self) -> None:
        self.seen = 0

    def _infer_one(self, maps_f32: Maps) -> Logits:
        self.seen += len(maps_f32)
        return np.repeat(self._logits, len(maps_f32), axis=0)

    def _free(self) -> None:
        """Nothing was loaded."""
