"""Networks to and from safetensors. No pickle anywhere: a weights file can hold numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from engine.card import ModelCard, checked_bytes
from engine.causalnet import CausalNet, CausalNetConfig
from engine.ensemble import Network, as_one
from engine.errors import ConfigError, ModelFileError


def save_network(net: Network, path: Path) -> bytes:
    """Write the weights as float16 and return the bytes written.

    The encoder's queries and keys, which nothing reads, are written as zeros: they compress to nothing.
    """
    tensors = {
        name: (torch.zeros_like(tensor) if "query_key" in name else tensor).half().contiguous()
        for name, tensor in net.state_dict().items()
    }
    content = save(tensors)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(content)
    unfinished.replace(path)
    return content


def load_network(card: ModelCard) -> Network:
    """The card's network in float32, ready to run.

    Raises: ModelFileError if the file is missing, damaged or does not fit the card's architecture.
    """
    content = checked_bytes(card.weights)
    try:
        tensors = load(content)
        net = _untrained(card)
        net.load_state_dict(tensors)
    except (SafetensorError, RuntimeError, ConfigError, TypeError) as error:
        line = str(error).splitlines()[0]
        raise ModelFileError(f"model file {card.weights.path} does not fit its card: {line}") from error
    return net.eval()


def _untrained(card: ModelCard) -> Network:
    config = architecture(card.architecture)
    return as_one([CausalNet(config) for _ in range(card.members)])


def architecture(table: Mapping[str, Any]) -> CausalNetConfig:
    """A card's table as a config; JSON knows no tuples."""
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    return CausalNetConfig(**values)
