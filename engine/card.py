"""Model cards: what a shipped network is, which files hold it, and how far its word goes.

Reading a card needs neither torch nor onnx, so the live path can. Every file is named with its SHA-256 and
is read once, checked, before any library sees it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import ModelFileError

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
DEFAULT_MODEL = "causalnet-compact"
CAUSALNET, MOL = "causalnet", "mol"
MAPS_SHAPE = (4, 28, 28, 3)  # flow 1, flow 2, direction 1, direction 2


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file beside its card."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The machine-readable card; the one for people lies beside it as .md."""

    name: str
    weights: ModelFile  # safetensors, as trained
    onnx: ModelFile  # folded, one sample at a time
    opset: int
    architecture: Mapping[str, Any]  # the fields of `CausalNetConfig` or `MolConfig`
    labels: tuple[str, ...]
    temperature: float  # logits are divided by it before the softmax
    unclear_below: float  # highest probability under which the label is "unclear"
    members: int = 1  # networks that answer as one, see `engine.ensemble`
    symmetries: bool = False  # answers are to be averaged over mirrored and time-reversed maps
    metrics: Mapping[str, Any] = field(default_factory=dict)
    onnx_batches: Mapping[int, ModelFile] = field(default_factory=dict)  # the same for more samples at once
    network: str = CAUSALNET  # or MOL
    sample_shape: tuple[int, ...] = MAPS_SHAPE  # of one input, float32, values 0..255; frames for MOL

    def __post_init__(self) -> None:
        if self.network not in (CAUSALNET, MOL):
            raise ModelFileError(f"card of {self.name}: unknown network {self.network!r}")
        if self.temperature <= 0.0 or not 0.0 <= self.unclear_below <= 1.0 or self.members < 1:
            raise ModelFileError(f"card of {self.name}: temperature, unclear_below or members out of range")

    @property
    def graphs(self) -> Mapping[int, ModelFile]:
        """Every shipped graph by its static batch size."""
        return {1: self.onnx, **self.onnx_batches}


def read_card(model: str | Path = DEFAULT_MODEL) -> ModelCard:
    """The card of a shipped model's name, or of a .json file anywhere.

    Raises: ModelFileError if there is none, or it is incomplete.
    """
    path = Path(model) if str(model).endswith(".json") else WEIGHTS_FOLDER / f"{model}.json"
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return _card(table, path.parent)
    except OSError as error:
        raise ModelFileError(f"no model card {path} ({error.strerror}); {_shipped()}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(
            f"model card {path} is damaged ({error!r}); restore it from the release"
        ) from error


def checked_bytes(file: ModelFile) -> bytes:
    """The file's content.

    Raises: ModelFileError if it is missing or not the one the card describes.
    """
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise ModelFileError(
            f"model file {file.path}: {error.strerror}; restore it from the release"
        ) from error
    if sha256(content) != file.sha256:
        raise ModelFileError(
            f"model file {file.path} is not the one its card describes; restore both together"
        )
    return content


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _card(table: Mapping[str, Any], folder: Path) -> ModelCard:
    return ModelCard(
        name=str(table["name"]),
        weights=_file(table["weights"], folder),
        onnx=_file(table["onnx"], folder),
        opset=int(table["onnx"]["opset"]),
        architecture=dict(table["architecture"]),
        labels=tuple(table["labels"]),
        temperature=float(table["temperature"]),
        unclear_below=float(table["unclear_below"]),
        members=int(table.get("members", 1)),
        symmetries=bool(table.get("symmetries", False)),
        metrics=dict(table.get("metrics", {})),
        onnx_batches={
            int(size): _file(entry, folder) for size, entry in table.get("onnx_batches", {}).items()
        },
        network=str(table.get("network", CAUSALNET)),
        sample_shape=tuple(int(side) for side in table.get("sample_shape", MAPS_SHAPE)),
    )


def _file(entry: Mapping[str, Any], folder: Path) -> ModelFile:
    return ModelFile(folder / str(entry["file"]), str(entry["sha256"]))


def _shipped() -> str:
    names = sorted(path.stem for path in WEIGHTS_FOLDER.glob("*.json"))
    return f"shipped models: {', '.join(names) or 'none'}"
