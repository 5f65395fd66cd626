"""python -m train.loso_int8: what INT8 costs in UF1, leave one subject out, the float network beside it.

Each fold's network is trained as `train.loso` does, then quantised as the shipped one is: ranges from that
fold's training maps alone, the layers kept in float32 that `calibration.int8` chose for the shipped network.
A stopped run continues.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from safetensors.torch import load_file

from engine import graph
from engine.card import DEFAULT_MODEL, read_card
from engine.errors import ConfigError, FlinchError
from engine.export import export
from engine.flags import Parser, at_least
from engine.quantise import collect_ranges, layers_of, logits_of, quantised
from engine.ranges import read_ranges
from realtime.recognition import mean_logits
from realtime.symmetry import symmetric_views
from train.features import Features, read_features
from train.fit import fit, head_features
from train.folds import FoldResult, FoldTask, claim, load_result, save_result, start_of
from train.metrics import scores
from train.recipe import load_recipe, recipe_table
from train.splits import folds_of

WHOLE, SMALL = 0, 1  # rows of a result's history: float32 and int8
_EVERY = 4  # of the training maps, for the ranges


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        run(args)
    except (FlinchError, OSError) as error:
        print(f"train.loso_int8: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.loso_int8: stopped; the same command continues", file=sys.stderr)
        return 130
    return 0


def run(args: argparse.Namespace) -> None:
    """Every fold that is not there yet, then report.json."""
    recipe, data = load_recipe(args.model, args.config), read_features(args.data)
    keep = frozenset(read_ranges(read_card(args.weights))[0].keep)
    folds = folds_of(data.subjects, data.labels, args.groups)
    description = {
        "model": args.model,
        "folds": len(folds),
        "samples": len(data),
        "data_sha256": data.digest,
        "seed": args.seed,
        "recipe": recipe_table(recipe),
        "kept": sorted(keep),
    }
    claim(args.out / "folds", description)
    kept = args.out / "folds"
    start = start_of(recipe, args.seed, kept)
    tasks = [FoldTask(data, each, recipe, args.seed, kept / f"{each.name}.npz", start) for each in folds]
    for number, task in enumerate(tasks, start=1):
        if not task.path.exists():
            save_result(task.path, one_fold(task, keep))
            print(f"{number} of {len(tasks)} folds", flush=True)
    report = {**description, **compared(data, [load_result(task.path) for task in tasks])}
    (args.out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({key: report[key] for key in ("fp32", "int8", "same_decision", "logits_within")}))


def one_fold(task: FoldTask, keep: frozenset[str]) -> FoldResult:
    """The left-out rows' logits (2, n, 3), float32 then int8, of one trained network."""
    began = time.perf_counter()
    train, maps_u8 = task.data.take(task.fold.train), task.data.maps_u8[task.fold.test]
    net = fit(train, task.recipe, task.seed, start=None if task.start is None else load_file(task.start))
    model = graph.load(export(net))
    unknown = keep - {layer.name for layer in layers_of(model)}
    if unknown:
        raise ConfigError(f"the recipe's network has no layer {min(unknown)}; run calibration.int8 again")
    ranges = collect_ranges(model, train.maps_u8[::_EVERY].astype(np.float32))
    logits = [
        _answers(each, maps_u8, task.recipe.symmetries) for each in (model, quantised(model, ranges, keep))
    ]
    wall_s = time.perf_counter() - began
    return FoldResult(task.fold.test, np.stack(logits), head_features(net, maps_u8), wall_s)


def compared(data: Features, results: Sequence[FoldResult]) -> dict[str, object]:
    """Pooled scores of both, and how often and how closely they agree."""
    logits = np.empty((2, len(data), 3), np.float32)
    for result in results:
        logits[:, result.rows] = result.history
    decided = logits.argmax(axis=2)
    return {
        "fp32": asdict(scores(data.labels, decided[WHOLE])),
        "int8": asdict(scores(data.labels, decided[SMALL])),
        "same_decision": float((decided[WHOLE] == decided[SMALL]).mean()),
        "logits_within": float(np.abs(logits[WHOLE] - logits[SMALL]).max()),
        "fold_s": round(sum(result.wall_s for result in results), 1),
    }


def _answers(model: onnx.ModelProto, maps_u8: NDArray[np.uint8], symmetries: bool) -> NDArray[np.float32]:
    """(n, 3) logits as the live path takes them: the mean over the symmetric views."""
    views = symmetric_views(maps_u8) if symmetries else maps_u8[None]
    flat = logits_of(model, views.reshape(-1, *maps_u8.shape[1:]).astype(np.float32))
    each = flat.reshape(len(views), len(maps_u8), -1).swapaxes(0, 1)
    return np.stack([mean_logits(of_one) for of_one in each]).astype(np.float32)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.loso_int8", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the causalnet-cde folder")
    parser.add_argument("--model", default="compact", help="the recipe")
    parser.add_argument("--config", type=Path, help="TOML file that changes keys of the recipe")
    parser.add_argument("--weights", default=DEFAULT_MODEL, help="whose kept layers are taken")
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--groups", type=int, help="this many groups of subjects instead of one subject each")
    parser.add_argument("--out", type=Path, default=Path("out/loso-int8"))
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
