"""python -m engine.export: the folded network as ONNX of one static batch size, from the shipped safetensors.

Weights that float16 holds exactly, all but the merged ones, are stored so with a cast behind them: half
the bytes, the same numbers.
"""

from __future__ import annotations

import io
import logging
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from engine.card import DEFAULT_MODEL, MOL, ModelCard, read_card, sha256
from engine.ensemble import Network, folded
from engine.errors import FlinchError
from engine.flags import Parser, at_least
from engine.runners.base import SAMPLE_SHAPE
from engine.weights import load_mol, load_network

OPSET = 17
INPUT, FRAMES, OUTPUT = "maps", "frames", "logits"
_SMALL = 256  # values under which a cast node costs more than it saves


def export(net: Network, batch: int = 1) -> bytes:
    """The ONNX file of a trained, unfolded network: input (batch, 4, 28, 28, 3), output (batch, classes)."""
    return exported(folded(net), torch.zeros(batch, *SAMPLE_SHAPE), INPUT)


def export_card(card: ModelCard, batch: int = 1) -> bytes:
    """The ONNX file of any card's network; of MOL the recognition, whose input is (batch, 8, 128, 128).

    Raises: ModelFileError if the weights are missing, damaged or do not fit the card.
    """
    if card.network == MOL:
        return exported(load_mol(card), torch.zeros(batch, *card.sample_shape), FRAMES)
    return export(load_network(card), batch)


def exported(net: nn.Module, example: Tensor, name: str) -> bytes:
    """The ONNX file of a module with one input and logits."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter announces its successor on every call
        torch.onnx.export(
            net,
            (example,),
            stream,  # type: ignore[arg-type]  # the tracing exporter writes to streams too
            input_names=[name],
            output_names=[OUTPUT],
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(stream.getvalue())
    _halve(model.graph)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def main(argv: list[str] | None = None) -> int:
    parser = Parser(prog="python -m engine.export", description="Export a model to ONNX.")
    parser.add_argument("--weights", default=DEFAULT_MODEL, help="a shipped model's name or a card's path")
    parser.add_argument("--batch", type=at_least(1), default=1, help="samples at once")
    parser.add_argument("--out", type=Path, help="file to write; by default only the checksum is compared")
    args = parser.parse_args(argv)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        card = read_card(args.weights)
        content = export_card(card, args.batch)
        if args.out is not None:
            args.out.write_bytes(content)
    except (FlinchError, OSError) as error:
        print(f"engine.export: {error}", file=sys.stderr)
        return 2
    shipped = card.graphs.get(args.batch)
    same = "as shipped" if shipped and sha256(content) == shipped.sha256 else "differs from the shipped file"
    print(f"{card.name}: {len(content)} bytes, opset {OPSET}, sha256 {sha256(content)} ({same})")
    return 0


def _halve(graph: onnx.GraphProto) -> None:
    """Store each large float32 initialiser as float16 plus a cast, where that loses nothing."""
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _SMALL:
            continue
        half = values.astype(np.float16)
        if np.array_equal(half.astype(np.float32), values):
            name, stored = tensor.name, f"{tensor.name}_half"
            tensor.CopyFrom(numpy_helper.from_array(half, stored))
            casts.append(helper.make_node("Cast", [stored], [name], to=onnx.TensorProto.FLOAT))
    kept = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + kept)


if __name__ == "__main__":
    sys.exit(main())
