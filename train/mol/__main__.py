"""python -m train.mol: trains MOL on made-up movements or a prepared dataset, scores it, times it.

    make    samples of the synth, kept under --out (fit makes what is missing)
    fit     trains, fits temperature and limit on the tuning people, writes weights, graph and card
    score   the figures of the reporting people, each beside a simple baseline, onto the card
    bench   milliseconds and memory beside CausalNet
    agree   labels of a live run of the demo (--out is its folder) beside the demo's truth

With --data the samples are those of a folder that train.prepare wrote, its people dealt into the three parts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from engine.card import DEFAULT_MODEL, read_card
from engine.errors import ConfigError, FlinchError
from engine.flags import Parser, at_least
from engine.mol import COMPACT_MOL, PUBLISHED_MOL
from engine.runners import open_runner
from engine.weights import load_mol
from train.mol.agree import agreement
from train.mol.bench import bench
from train.mol.confidence import Confidence, fit_confidence, said_of
from train.mol.data import Samples, by_people, made_samples, prepared_samples
from train.mol.faces import read_faces
from train.mol.fit import FitConfig, fit
from train.mol.score import answers, figures
from train.mol.ship import amend, write_mol
from train.synth.flags import DATA
from train.synth.split import ROLES, chosen

SIZES = {"compact": COMPACT_MOL, "published": PUBLISHED_MOL}
SHARES = (1.0, 0.15, 0.15)  # of --clips: training, and as many again of the others
SEED = 5
TARGET = 0.8  # share of the labels that shall be right where one is given


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        {"make": _samples, "fit": _fit, "score": _score, "bench": _bench, "agree": _agree}[args.do](args)
    except (FlinchError, OSError) as error:
        print(f"train.mol: {error}", file=sys.stderr)
        return 2
    return 0


def _fit(args: argparse.Namespace) -> None:
    training, tuning, _ = _samples(args)
    config = FitConfig(args.steps, args.batch, args.learning_rate, seed=args.seed, minutes=args.minutes)
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line.strip())

    start = None if args.start is None else load_mol(read_card(args.start))
    net = fit(training, SIZES[args.size] if start is None else start.config, config, say, start)
    trained_on = {"samples": len(training), "people": len(np.unique(training.people)), "ended": lines[-1]}
    said = {"trained_on": trained_on}
    card = write_mol(net, _stem(args), said | {"fit": asdict(config) | {"size": args.size}})
    logits = answers(load_mol(card), tuning).logits
    confidence = fit_confidence(logits, tuning.labels, TARGET)
    print(f"tuning people: {said_of(logits, tuning.labels, confidence)}")
    amend(
        _stem(args).with_suffix(".json"), {key: round(value, 4) for key, value in asdict(confidence).items()}
    )


def _score(args: argparse.Namespace) -> None:
    training, _, reporting = _samples(args)
    card_path = _stem(args).with_suffix(".json")
    card = read_card(card_path)
    found = answers(load_mol(card), reporting)
    with open_runner("onnxruntime", DEFAULT_MODEL) as causalnet:
        table = figures(found, reporting, _mean_face(training), causalnet)
    confidence = Confidence(card.temperature, card.unclear_below)
    table["confidence"] = said_of(found.logits, reporting.labels, confidence)
    table["scored_utc"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    amend(card_path, {"metrics": table})
    print(json.dumps(table, indent=1))


def _bench(args: argparse.Namespace) -> None:
    for line in bench(_stem(args).with_suffix(".json"), args.seconds):
        print(line, flush=True)


def _agree(args: argparse.Namespace) -> None:
    print(agreement(args.out))


def _samples(args: argparse.Namespace) -> tuple[Samples, Samples, Samples]:
    """Of the training, the tuning and the reporting people."""
    if args.data is not None:
        return by_people(prepared_samples(args.data))
    parts = [_made(args, role, round(share * args.clips)) for role, share in zip(ROLES, SHARES, strict=True)]
    return parts[0], parts[1], parts[2]


def _made(args: argparse.Namespace, role: str, count: int) -> Samples:
    folder = args.out / f"{role}-{count}"
    faces = read_faces(chosen("still", [role]), args.faces / "faces", args.out / f"{role}-faces.npz")
    return made_samples(faces, count, SEED + ROLES.index(role), folder)


def _mean_face(training: Samples) -> np.ndarray:
    return np.asarray(np.nanmean(training.landmarks_px, axis=(0, 1)), np.float32)


def _stem(args: argparse.Namespace) -> Path:
    return Path(args.weights or args.out) / args.name


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        prog="python -m train.mol",
        description=(__doc__ or "").split("\n")[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=(__doc__ or "").split("\n\n", 1)[1],
    )
    default = FitConfig()
    parser.add_argument("do", choices=("make", "fit", "score", "bench", "agree"))
    parser.add_argument(
        "--out", type=Path, required=True, help="keeps samples; and weights, without --weights"
    )
    parser.add_argument("--weights", type=Path, help="folder of the weights, such as engine/weights")
    parser.add_argument("--name", default="mol-compact")
    parser.add_argument("--size", choices=sorted(SIZES), default="compact")
    parser.add_argument("--data", type=Path, help="a prepared dataset instead of made-up movements")
    parser.add_argument("--clips", type=int, default=4000, help="made for training")
    parser.add_argument("--steps", type=at_least(1), default=default.steps)
    parser.add_argument("--minutes", type=float, help="end the training by then, however many steps are done")
    parser.add_argument("--batch", type=int, default=default.batch)
    parser.add_argument("--learning-rate", type=float, default=default.learning_rate)
    parser.add_argument("--seed", type=at_least(0), default=0)
    parser.add_argument("--start", type=Path, metavar="CARD", help="go on from this network (.json)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement of bench")
    parser.add_argument("--faces", type=Path, default=DATA, help="folder with faces/ (FLINCH_DATA)")
    args = parser.parse_args(argv)
    if args.clips < 20:
        parser.error(str(ConfigError(f"--clips {args.clips} is too few; give 20 at least")))
    return args


if __name__ == "__main__":
    sys.exit(main())
