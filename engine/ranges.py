"""Activation ranges of one network, as `calibration.int8` measures them and `engine.quantise` uses them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.card import ModelCard, sha256
from engine.errors import EngineMismatch

RANGES_FOLDER = Path(__file__).parent / "ranges"


@dataclass(frozen=True, slots=True)
class ActivationRanges:
    """What INT8 needs to know beyond the weights."""

    weights_sha256: str  # of the network they were measured on
    magnitudes: Mapping[str, float]  # activation -> the magnitude that becomes 127
    keep: tuple[str, ...]  # layers that stay float32
    figures: Mapping[str, Any] = field(default_factory=dict)  # what was measured, on what


def ranges_path(card: ModelCard) -> Path:
    return RANGES_FOLDER / f"{card.name}.json"


def write_ranges(path: Path, ranges: ActivationRanges) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(ranges), indent=1) + "\n", encoding="utf-8")


def read_ranges(card: ModelCard, path: Path | None = None) -> tuple[ActivationRanges, str]:
    """The ranges of the card's network and the SHA-256 of their file.

    Raises: EngineMismatch if there are none, or they belong to other weights.
    """
    path = path or ranges_path(card)
    again = f"run python -m calibration.int8 --weights {card.name}"
    try:
        content = path.read_bytes()
        table = json.loads(content)
        ranges = ActivationRanges(**{**table, "keep": tuple(table["keep"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineMismatch(
            f"no activation ranges for {card.name} at {path} ({error!r}); {again}"
        ) from error
    if ranges.weights_sha256 != card.weights.sha256:
        raise EngineMismatch(f"activation ranges {path}: weights_sha256 is of other weights; {again}")
    return ranges, sha256(content)
