"""python -m train.ship: train on every subject with a recipe and write the shipped files.

Beside safetensors and ONNX this writes the machine card. The honest figures on it come from a `train.loso`
run with the very same recipe; temperature and limit from `calibration.confidence` on its predictions.csv or,
where several members answer with their mean, on its ensemble.csv.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.card import DEFAULT_MODEL, WEIGHTS_FOLDER, read_card, sha256
from engine.ensemble import Network, as_one
from engine.errors import ConfigError, FlinchError
from engine.export import OPSET, export
from engine.flags import Parser, at_least
from engine.weights import load_network, save_network
from train.errors import DatasetError
from train.features import DATASETS, read_features
from train.fit import fit
from train.pretrain import pretrained
from train.recipe import load_recipe, recipe_table
from train.report import CLASSES

VIEWS = 4  # of a sample, see `realtime.symmetry`
FIGURES = ("protocol", "chosen", "folds", "samples", "seeds", "composite", *DATASETS, "ensemble")


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        ship(args)
    except (FlinchError, OSError) as error:
        print(f"train.ship: {error}", file=sys.stderr)
        return 2
    return 0


def ship(args: argparse.Namespace) -> None:
    """Train, save, export, describe."""
    recipe = load_recipe(args.model, args.config)
    report, confidence = _read_json(args.loso / "report.json"), _read_json(args.confidence)
    if report["protocol"] != "honest" or report["recipe"] != recipe_table(recipe):
        raise ConfigError(f"{args.loso} is no honest run of this recipe; run train.loso with the same flags")
    if not 1 <= args.members <= report["seeds"]:
        raise ConfigError(
            f"--members {args.members} must lie between 1 and the run's {report['seeds']} seed(s)"
        )
    data = read_features(args.data)
    net = as_one([fit(data, recipe, seed, start=pretrained(recipe, seed)) for seed in range(args.members)])
    card = {
        "name": args.name,
        "architecture": recipe_table(recipe)["model"],
        "members": args.members,
        "symmetries": recipe.symmetries,
        "labels": list(CLASSES),
        "temperature": round(confidence["temperature"], 4),
        "unclear_below": round(confidence["unclear_below"], 4),
        "metrics": {key: report[key] for key in FIGURES} | {"confidence": confidence},
        "recipe": recipe_table(recipe),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    write_model(net, args.out / args.name, card)


def write_model(net: Network, stem: Path, card: Mapping[str, Any]) -> None:
    """Weights, graphs and card beside each other; graphs are made of the weights as written, rounded.

    A network that answers with the mean over the symmetric views gets a graph that takes them at once.
    """
    card_path, onnx_path = (stem.parent / f"{stem.name}.{suffix}" for suffix in ("json", "onnx"))
    weights_path = stem.parent / f"{stem.name}.safetensors"
    weights = {"file": weights_path.name, "sha256": sha256(save_network(net, weights_path))}
    graph = {"file": onnx_path.name, "sha256": "", "opset": OPSET}
    _write_json(card_path, {**card, "weights": weights, "onnx": graph})
    whole = load_network(read_card(card_path))
    content = export(whole)
    onnx_path.write_bytes(content)
    files = {"weights": weights, "onnx": graph | {"sha256": sha256(content)}}
    if card.get("symmetries"):
        views_path, views = stem.parent / f"{stem.name}.batch{VIEWS}.onnx", export(whole, VIEWS)
        views_path.write_bytes(views)
        files["onnx_batches"] = {str(VIEWS): {"file": views_path.name, "sha256": sha256(views)}}
    _write_json(card_path, {**card, **files})


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.ship", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the causalnet-cde folder")
    parser.add_argument("--loso", type=Path, required=True, help="--out of the honest train.loso run")
    parser.add_argument("--confidence", type=Path, required=True, help="--json of calibration.confidence")
    parser.add_argument(
        "--members", type=at_least(1), default=1, help="networks, seeds from 0, that answer as one"
    )
    parser.add_argument("--model", default="compact")
    parser.add_argument("--config", type=Path, help="the same file as for train.loso")
    parser.add_argument("--name", default=DEFAULT_MODEL)
    parser.add_argument("--out", type=Path, default=WEIGHTS_FOLDER)
    return parser.parse_args(argv)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"cannot read {path}: {error}") from error
    return table


def _write_json(path: Path, table: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
