"""The shipped files of the learned spotter: safetensors, ONNX of one step, and the card beside them."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from engine.card import checked_bytes, sha256
from engine.errors import ModelFileError
from engine.spotter import FEATURES_IN, PAST_IN, PAST_OUT, SAID_OUT, SpotterCard
from realtime.spotting.evidence import FEATURES
from realtime.spotting.outputs import LOGITS, OUTPUTS
from train.spotting.net import SpotNet

OPSET = 17


class Together(nn.Module):
    """Several networks that answer as one: the mean of their probabilities and of their times."""

    def __init__(self, members: Sequence[SpotNet]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def past_shape(self) -> tuple[int, int, int]:
        first = self.members[0]
        assert isinstance(first, SpotNet)
        return len(self.members), first.channels, first.reach

    def forward(self, features: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """(1, steps, FEATURES), (members, channels, reach) -> (1, steps, OUTPUTS), the new past."""
        said, kept = [], []
        for index, member in enumerate(self.members):
            one, after = member(features, past[index : index + 1])
            said.append(torch.cat([torch.sigmoid(one[..., :LOGITS]), one[..., LOGITS:]], dim=2))
            kept.append(after)
        return torch.stack(said).mean(dim=0), torch.cat(kept)


def exported(net: Together) -> bytes:
    """ONNX of one step."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter announces its successor on every call
        torch.onnx.export(
            net.eval(),
            (torch.zeros(1, 1, FEATURES), torch.zeros(net.past_shape)),
            stream,  # type: ignore[arg-type]  # the tracing exporter writes to streams too
            input_names=[FEATURES_IN, PAST_IN],
            output_names=[SAID_OUT, PAST_OUT],
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(stream.getvalue())
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def write_spotter(
    members: Sequence[SpotNet],
    templates: NDArray[np.float32],
    stem: Path,
    threshold: float,
    more: Mapping[str, Any],
) -> None:
    """Weights, graph, fields of the action units and card beside each other."""
    net = Together(members).eval()
    stem.parent.mkdir(parents=True, exist_ok=True)
    fields = io.BytesIO()
    np.save(fields, templates)
    contents = {"weights": save(net.state_dict()), "onnx": exported(net), "templates": fields.getvalue()}
    files = {}
    for name, suffix in (("weights", ".safetensors"), ("onnx", ".onnx"), ("templates", ".npy")):
        path = stem.parent / f"{stem.name}{suffix}"
        path.write_bytes(contents[name])
        files[name] = {"file": path.name, "sha256": sha256(contents[name])}
    card = {
        "name": stem.name, **files, "opset": OPSET, "features": FEATURES, "outputs": list(OUTPUTS),
        "past": list(net.past_shape), "threshold": threshold, **more,
    }  # fmt: skip
    (stem.parent / f"{stem.name}.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def read_spotter(card: SpotterCard) -> Together:
    """The trained networks of a card. Raises: ModelFileError."""
    return Together(_members(checked_bytes(card.weights)))


def read_members(weights: Path) -> list[SpotNet]:
    """The networks of a spotter's safetensors file, to train on. Raises: OSError, ModelFileError."""
    try:
        return _members(weights.read_bytes())
    except (SafetensorError, RuntimeError, LookupError, TypeError) as error:
        line = str(error).splitlines()[0]
        raise ModelFileError(f"{weights} holds no networks of a learned spotter of today ({line})") from error


def _members(weights: bytes) -> list[SpotNet]:
    tensors = load(weights)
    net = Together([_of_its_size(tensors, index) for index in sorted({n.split(".")[1] for n in tensors})])
    net.load_state_dict(tensors)
    return [member for member in net.eval().members if isinstance(member, SpotNet)]


def _of_its_size(tensors: Mapping[str, Tensor], index: str) -> SpotNet:
    """An untrained network as wide and as deep as that member."""
    member = f"members.{index}."
    layers = {name.split(".")[3] for name in tensors if name.startswith(f"{member}layers.")}
    return SpotNet(len(tensors[f"{member}enter.bias"]), tuple(2**depth for depth in range(len(layers))))
