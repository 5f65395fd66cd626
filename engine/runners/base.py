"""One contract for everything that turns motion maps into logits."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from engine.cache import Engine
from engine.card import MAPS_SHAPE, ModelCard, checked_bytes
from engine.errors import EngineInputError, EngineMismatch

SAMPLE_SHAPE = MAPS_SHAPE

_LARGE = 1 << 25  # bytes of weights from which a second thread is worth waiting for

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
    precision: str = "fp32"  # of the multiplications
    batches: tuple[int, ...] = (1,)  # sizes the backend takes at once; others are made up of them


@dataclass(frozen=True, slots=True)
class GraphFile:
    """A graph or an engine of one static batch size; `read` checks what it gives."""

    path: Path
    read: Callable[[], bytes]


class Runner(ABC):
    """activate, metadata, infer, close; or `with runner:`.

    Made cheaply: files are read and engines built by `activate`. Lives on one thread, which also closes it.
    """

    backend: str
    version: str

    def __init__(self, card: ModelCard, engine: Engine | None = None) -> None:
        """Without an engine the graphs shipped with the card run, in float32."""
        self.files = _built(engine) if engine else _shipped(card)
        self.metadata = RunnerMetadata(
            self.backend,
            self.version,
            card,
            card.sample_shape,
            len(card.labels),
            engine.manifest.precision if engine else "fp32",
            tuple(self.files),
        )
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

        Of a network that takes frames: (batch, frames, height, width). `metadata.sample_shape` says which.
        Raises: EngineInputError if they are not of that shape and dtype, or the runner is not active.
        """
        if not self._active:
            raise EngineInputError(f"runner {self.backend} is not active; use it inside `with`")
        if maps_f32.dtype != np.float32 or maps_f32.shape[1:] != self.metadata.sample_shape:
            shape = ", ".join(map(str, self.metadata.sample_shape))
            raise EngineInputError(
                f"runner {self.backend} takes float32 (batch, {shape}), not {maps_f32.dtype} {maps_f32.shape}"
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

    @property
    def threads(self) -> int:
        """One for a small network, which would only wait for the second; all cores for a large one."""
        size = max(
            (file.path.stat().st_size for file in self.files.values() if file.path.exists()), default=0
        )
        return (os.cpu_count() or 1) if size > _LARGE else 1

    def _infer_batch(self, maps_f32: Maps) -> Logits:
        """Blocks of the sizes that the engine has, the largest that fits first. A fresh array."""
        logits = np.empty((len(maps_f32), self.metadata.classes), dtype=np.float32)
        row = 0
        while row < len(maps_f32):
            size = max(batch for batch in self.metadata.batches if batch <= len(maps_f32) - row)
            block = np.ascontiguousarray(maps_f32[row : row + size])
            logits[row : row + size] = self._infer_one(block)
            row += size
        return logits

    def _check_shapes(self, batch: int, taken: tuple[int, ...], given: tuple[int, ...]) -> None:
        """For backends that read the shapes from the model itself."""
        wanted = (batch, *self.metadata.sample_shape), (batch, self.metadata.classes)
        if (taken, given) != wanted:
            path = self.files[batch].path
            raise EngineMismatch(
                f"{path} maps {taken} to {given}, not {wanted[0]} to {wanted[1]}; export it again"
            )

    @abstractmethod
    def _load(self) -> None:
        """Read the model's files and make the engine ready."""

    @abstractmethod
    def _infer_one(self, maps_f32: Maps) -> Logits:
        """Logits (batch, classes) of one contiguous block (batch, 4, 28, 28, 3), batch one of `batches`."""

    @abstractmethod
    def _free(self) -> None:
        """Let go of everything `_load` made."""


def _shipped(card: ModelCard) -> Mapping[int, GraphFile]:
    return {batch: GraphFile(file.path, partial(checked_bytes, file)) for batch, file in card.graphs.items()}


def _built(engine: Engine) -> Mapping[int, GraphFile]:
    return {batch: GraphFile(engine.path(batch), partial(engine.read, batch)) for batch in engine.batches}
