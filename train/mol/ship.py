"""MOL's files as the engine reads them: safetensors of all heads, ONNX of the recognition, the card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.card import MOL, ModelCard, read_card, sha256
from engine.export import OPSET, export_card
from engine.mol import Mol
from engine.weights import save_mol
from realtime.types import LABELS


def write_mol(net: Mol, stem: Path, said: Mapping[str, Any]) -> ModelCard:
    """STEM.safetensors, STEM.onnx and STEM.json; the graph is made of the weights as written, rounded.

    `said` goes onto the card: temperature, unclear_below, metrics and whatever else.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    weights_path, onnx_path, card_path = (
        stem.parent / f"{stem.name}.{suffix}" for suffix in ("safetensors", "onnx", "json")
    )
    weights = {"file": weights_path.name, "sha256": sha256(save_mol(net, weights_path))}
    graph = {"file": onnx_path.name, "sha256": "", "opset": OPSET}
    card = {
        "name": stem.name,
        "network": MOL,
        "sample_shape": [net.config.frames, net.config.size, net.config.size],
        "architecture": asdict(net.config),
        "labels": list(LABELS),
        "temperature": 1.0,
        "unclear_below": 0.0,
        **said,
    }
    _write(card_path, {**card, "weights": weights, "onnx": graph})
    content = export_card(read_card(card_path))
    onnx_path.write_bytes(content)
    _write(card_path, {**card, "weights": weights, "onnx": graph | {"sha256": sha256(content)}})
    return read_card(card_path)


def amend(card_path: Path, said: Mapping[str, Any]) -> ModelCard:
    """More on a card that stands, or something else. Raises: ModelFileError if there is none."""
    read_card(card_path)
    table = json.loads(card_path.read_text(encoding="utf-8"))
    _write(card_path, {**table, **said})
    return read_card(card_path)


def _write(path: Path, table: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
