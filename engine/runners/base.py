"""One contract for everything that turns motion maps into logits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from engine.card import ModelCard
from engine.errors import EngineInputError, EngineMismatch

SAMPLE_SHAPE = (4, 28, 28, 3)  # flow 1, flow 2, direction 1, direction 2

Maps = NDArray[np.float32]
Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RunnerMetadata:
    """What a runner takes and gives."""

    backend: str  # "openvino", "onnxruntime", "torch"
    version: str  # of the backend
    card: ModelCard
    sample_shape: tuple[int, ...]  # of one input, without the batch axis; float32, values 0..255
    classes: int


class Runner(ABC):
    """activate, metadata, infer, close; or `with runner:`.

    Made cheaply: files are read and engines built by `activate`. Lives on one thread, which also closes it.
    """

    backend: str
    version: str

    def __init__(self, card: ModelCard) -> None:
        self.metadata = RunnerMetadata(self.backend, self.version, card, SAMPLE_SHAPE, len(card.labels))
        self._active = False

    def activate(self) -> None:
        """Load and build; a second call does nothing.

        Raises: ModelFileError if the model's files are missing or damaged, EngineMismatch if they hold
            another network than the card says.
        """
        if not self._active:
            self._load()
            self._active = True

    def infer(self, maps_f32: Maps) -> Logits:
        """Logits (batch, classes) float32, a fresh array, of maps (batch, 4, 28, 28, 3) float32, 0..255.

        Raises: EngineInputError if the maps are not of that shape and dtype, or the runner is not active.
        """
        if not self._active:
            raise EngineInputError(f"runner {self.backend} is not active; use it inside `with`")
        if maps_f32.dtype != np.float32 or maps_f32.shape[1:] != self.metadata.sample_shape:
            raise EngineInputError(
                f"runner {self.backend} takes float32 (batch, 4, 28, 28, 3), "
                f"not {maps_f32.dtype} {maps_f32.shape}"
            )
        if len(maps_f32) == 0:
            return np.empty((0, self.metadata.classes), dtype=np.float32)
        return self._infer_batch(maps_f32)

    def close(self) -> None:
        """Free the engine; safe to call twice. `activate` builds it again."""
        if self._active:
            self._free()
            self._active = False

    def __enter__(self) -> Runner:
        self.activate()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _infer_batch(self, maps_f32: Maps) -> Logits:
        """One sample after the other: exported graphs take one at a time. A fresh array."""
        logits = np.empty((len(maps_f32), self.metadata.classes), dtype=np.float32)
        for row in range(len(maps_f32)):
            logits[row] = self._infer_one(np.ascontiguousarray(maps_f32[row : row + 1]))
        return logits

    def _check_shapes(self, taken: tuple[int, ...], given: tuple[int, ...]) -> None:
        """For backends that read the shapes from the model itself."""
        wanted = (1, *self.metadata.sample_shape), (1, self.metadata.classes)
        if (taken, given) != wanted:
            path = self.metadata.card.onnx.path
            raise EngineMismatch(
                f"{path} maps {taken} to {given}, not {wanted[0]} to {wanted[1]}; export it again"
            )

    @abstractmethod
    def _load(self) -> None:
        """Read the model's files and make the engine ready."""

    @abstractmethod
    def _infer_one(self, maps_f32: Maps) -> Logits:
        """Logits (1, classes) or (classes,) of contiguous (1, 4, 28, 28, 3)."""

    @abstractmethod
    def _free(self) -> None:
        """Let go of everything `_load` made."""
