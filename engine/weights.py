"""Networks to and from safetensors. No pickle anywhere: a weights file can hold numbers only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from engine.card import MOL, ModelCard, checked_bytes
from engine.causalnet import CausalNet, CausalNetConfig
from engine.ensemble import Network, as_one, folded
from engine.errors import ConfigError, ModelFileError
from engine.mol import Mol, MolConfig

Module = TypeVar("Module", bound=nn.Module)


def save_network(net: Network, path: Path) -> bytes:
    """Write the weights as float16 and return the bytes written.

    The encoder's queries and keys, which nothing reads, are written as zeros: they compress to nothing.
    """
    tensors = {
        name: (torch.zeros_like(tensor) if "query_key" in name else tensor).half().contiguous()
        for name, tensor in net.state_dict().items()
    }
    return _written(tensors, path)


def save_mol(net: Mol, path: Path) -> bytes:
    """Write the weights of all three heads as float16 and return the bytes written."""
    return _written({name: tensor.half().contiguous() for name, tensor in net.state_dict().items()}, path)


def load_network(card: ModelCard) -> Network:
    """The card's CausalNet in float32, ready to run.

    Raises: ModelFileError if the file is missing, damaged or does not fit the card's architecture.
    """
    return _loaded(card, lambda: as_one(_members(card)))


def load_mol(card: ModelCard) -> Mol:
    """The card's MOL in float32, ready to run. Raises: as `load_network`."""
    return _loaded(card, lambda: Mol(MolConfig(**card.architecture)))


def runnable(card: ModelCard) -> nn.Module:
    """What turns the card's input into logits: MOL as it is, CausalNet folded. Raises: as `load_network`."""
    return load_mol(card) if card.network == MOL else folded(load_network(card))


def _loaded(card: ModelCard, untrained: Callable[[], Module]) -> Module:
    content = checked_bytes(card.weights)
    try:
        tensors = load(content)
        net = untrained()
        net.load_state_dict(tensors)
    except (SafetensorError, RuntimeError, ConfigError, TypeError) as error:
        line = str(error).splitlines()[0]
        raise ModelFileError(f"model file {card.weights.path} does not fit its card: {line}") from error
    return net.eval()


def _written(tensors: dict[str, Tensor], path: Path) -> bytes:
    content = save(tensors)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(content)
    unfinished.replace(path)
    return content


def _members(card: ModelCard) -> list[CausalNet]:
    config = architecture(card.architecture)
    return [CausalNet(config) for _ in range(card.members)]


def architecture(table: Mapping[str, Any]) -> CausalNetConfig:
    """A card's table as a config; JSON knows no tuples."""
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    return CausalNetConfig(**values)
