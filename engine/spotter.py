"""The learned spotter's network as the live path runs it: ONNX Runtime, one thread, one step at a time.

The state (`past`) is handed in and comes back, so one session serves every face.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.card import WEIGHTS_FOLDER, ModelFile, checked_bytes
from engine.errors import ModelFileError
from engine.onnx_session import open_session

F32 = NDArray[np.float32]

SPOTTER_FOLDER = WEIGHTS_FOLDER / "spotting"
DEFAULT_SPOTTER = "spotter-small"
FEATURES_IN, PAST_IN, SAID_OUT, PAST_OUT = "features", "past", "said", "past_out"


@dataclass(frozen=True, slots=True)
class SpotterCard:
    """What the shipped network is; the card for people lies beside it as .md."""

    name: str
    onnx: ModelFile
    weights: ModelFile  # safetensors, as trained
    templates: ModelFile  # .npy: fields of the action units on the spotter's tiles
    features: int
    outputs: tuple[str, ...]
    past: tuple[int, ...]  # shape of the state
    threshold: float  # of the evidence of an offset; train/SPOTTING.md says how it was chosen


def read_spotter_card(model: str | Path = DEFAULT_SPOTTER) -> SpotterCard:
    """The card of a shipped spotter's name, or of a .json file anywhere. Raises: ModelFileError."""
    path = Path(model) if str(model).endswith(".json") else SPOTTER_FOLDER / f"{model}.json"
    try:
        return _card(json.loads(path.read_text(encoding="utf-8")), path.parent)
    except OSError as error:
        raise ModelFileError(
            f"no spotter card {path} ({error.strerror}); use --spotter rules, or restore it from the release"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(
            f"spotter card {path} is damaged ({error!r}); restore it from the release"
        ) from error


class SpotterNet:
    """Features of a step in, evidence and the next state out. Not thread-safe: it lives on `analyse`."""

    def __init__(self, card: SpotterCard) -> None:
        """Raises: ModelFileError."""
        self.card = card
        self._session = open_session(checked_bytes(card.onnx), card.onnx.path, threads=1)
        self._check_shapes()
        self.templates = _templates(card)

    def start(self) -> F32:
        """The state before the first step."""
        return np.zeros(self.card.past, np.float32)

    def step(self, features: F32, past: F32) -> tuple[F32, F32]:
        """(features,) and the state -> (outputs,) with probabilities for logits, and the next state."""
        said, after = self._session.run(
            [SAID_OUT, PAST_OUT], {FEATURES_IN: features[None, None], PAST_IN: past}
        )
        return said[0, 0], after

    def _check_shapes(self) -> None:
        taken = {each.name: list(each.shape) for each in self._session.get_inputs()}
        given = {each.name: list(each.shape) for each in self._session.get_outputs()}
        past = list(self.card.past)
        if taken != {FEATURES_IN: [1, 1, self.card.features], PAST_IN: past} or given != {
            SAID_OUT: [1, 1, len(self.card.outputs)],
            PAST_OUT: past,
        }:
            raise ModelFileError(
                f"{self.card.onnx.path} takes {taken} and gives {given}, which is not what its card says; "
                f"restore both from the release, or write both again by train.spotting_learn"
            )


def _templates(card: SpotterCard) -> F32:
    """(units, 2 sides, tiles, 2) displacement fields."""
    path = card.templates.path
    try:
        fields = np.load(io.BytesIO(checked_bytes(card.templates)), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelFileError(f"{path} is no .npy file ({error}); restore it from the release") from error
    if fields.ndim != 4 or fields.shape[1::2] != (2, 2) or not np.issubdtype(fields.dtype, np.floating):
        raise ModelFileError(
            f"{path} holds {fields.dtype} {fields.shape}, no fields (units, 2, tiles, 2); "
            f"restore it from the release"
        )
    return np.asarray(fields, np.float32)


def _card(table: Mapping[str, Any], folder: Path) -> SpotterCard:
    files = {
        name: ModelFile(folder / str(table[name]["file"]), str(table[name]["sha256"]))
        for name in ("onnx", "weights", "templates")
    }
    return SpotterCard(
        name=str(table["name"]),
        onnx=files["onnx"],
        weights=files["weights"],
        templates=files["templates"],
        features=int(table["features"]),
        outputs=tuple(table["outputs"]),
        past=tuple(int(size) for size in table["past"]),
        threshold=float(table["threshold"]),
    )
