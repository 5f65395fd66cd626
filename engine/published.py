"""The published size, 276.6 M parameters, with random weights: for shapes and speed, never for a label.

No trained weights of that size are released, so none are shipped; a seed makes the same ones everywhere.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch

from engine.card import ModelCard, read_card, sha256
from engine.causalnet import PUBLISHED, CausalNet
from engine.errors import ModelFileError
from engine.export import OPSET, export
from engine.weights import load_network, save_network

NAME = "published"
SEED = 2025  # the release's


def published_card(root: Path) -> ModelCard:
    """The card of the random published size under `root`, made there if it is not: minutes, 1 GB of disk."""
    folder = root / "models"
    path = folder / f"{NAME}.json"
    try:
        return read_card(path)
    except ModelFileError:
        folder.mkdir(mode=0o700, exist_ok=True)
    torch.manual_seed(SEED)
    weights, onnx = folder / f"{NAME}.safetensors", folder / f"{NAME}.onnx"
    card = {
        "name": NAME,
        "architecture": dataclasses.asdict(PUBLISHED),
        "labels": ["negative", "positive", "surprise"],
        "temperature": 1.0,
        "unclear_below": 1.0,
        "weights": {"file": weights.name, "sha256": sha256(save_network(CausalNet(PUBLISHED), weights))},
        "onnx": {"file": onnx.name, "sha256": "", "opset": OPSET},
    }
    unfinished = path.with_suffix(".unfinished.json")
    unfinished.write_text(json.dumps(card), encoding="utf-8")
    content = export(load_network(read_card(unfinished)))
    onnx.write_bytes(content)
    card["onnx"] = {"file": onnx.name, "sha256": sha256(content), "opset": OPSET}
    unfinished.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)
    return read_card(path)
