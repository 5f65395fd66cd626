"""python -m engine.bench [--json FILE]: every runner available here, both sizes, with parity against torch.

First the two numbers that no runner can undercut (`engine.roofline`), then every runner taking turns with the
published network in eager torch in the released layout, so that what else the machine does hits both alike.
The compact network is timed as it is used: the symmetric views of one sample as one batch.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine import cache
from engine.build import DATA, Request, ensure
from engine.card import DEFAULT_MODEL, ModelCard, ModelFile, checked_bytes, read_card
from engine.causalnet import CausalNet
from engine.errors import ConfigError, FlinchError
from engine.flags import Parser
from engine.held import Opens, held_bytes
from engine.parity import compare, together
from engine.proof import parity_maps
from engine.published import published_card
from engine.roofline import Machine, Work, machine, work_of
from engine.runners import PRECISIONS, open_engine, open_runner
from engine.runners.base import SAMPLE_SHAPE, Logits, Maps, Runner
from engine.timing import beside, measure
from engine.weights import load_network

SIZES = ("published", "compact")
_RUNNERS = ("torch", "onnxruntime", "openvino", "onnxruntime-cuda", "torch-cuda", "tensorrt")
_BYTES = {"fp32": 4.0, "fp16": 2.0, "int8": 1.0}

Released = Callable[[], object]


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        report = bench(args)
        if args.json is not None:
            args.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except (FlinchError, OSError) as error:
        print(f"engine.bench: {error}", file=sys.stderr)
        return 2
    return 0


def bench(args: argparse.Namespace) -> dict[str, Any]:
    """The report of DESIGN section 4, with what the figures are to be seen against."""
    here, root = machine(), cache.cache_root()
    print(f"this machine: reads {here.read_bytes_per_s / 1e9:.1f} GB/s, "
          f"{here.float32_operations_per_s / 1e9:.0f} GFLOP/s in float32", flush=True)  # fmt: skip
    cards = {"published": published_card(root), "compact": read_card(args.weights)}
    report: dict[str, Any] = {
        "measured_utc": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {**asdict(here), "torch_threads": torch.get_num_threads()},
        "released_layout_ms": {},
        "runners": [],
    }
    released = {size: _released(cards[size]) for size in SIZES}
    for size in SIZES:
        report["released_layout_ms"][size] = _released_ms(released[size], size, args.seconds / 2)
    for size in args.size:
        for line in _lines(cards[size], size, released["published"], here, args):
            report["runners"].append(line)
            _print(line)
    return report


def _lines(
    card: ModelCard, size: str, released: Released | None, here: Machine, args: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """One per runner and precision that works here; the others say why they do not."""
    maps = parity_maps(card, args.data, args.samples if size == "compact" else 10)
    reference = open_runner("torch", _path(card))
    reference.activate()
    wanted = {name: _blocks(reference, each) for name, each in maps.items()}
    for name in args.runner:
        for precision in args.precision if name in ("onnxruntime", "openvino", "tensorrt") else ("fp32",):
            try:
                opens = _opens(name, precision, card, args)
                yield _line(opens, size, maps, wanted, released, here, args)
            except FlinchError as error:
                print(f"{size} {name} {precision}: passed over: {error}", flush=True)
                if args.require == name:
                    raise
    reference.close()


def _line(
    opens: Opens,
    size: str,
    maps: dict[str, Maps],
    wanted: dict[str, Logits],
    released: Released | None,
    here: Machine,
    args: argparse.Namespace,
) -> dict[str, Any]:
    """One runner measured: time of one sample, parity over all maps, memory and bytes."""
    runner = opens()
    metadata = runner.metadata
    views = next(iter(maps.values()))[: 4 if metadata.card.symmetries else 1]
    with runner:
        times, others = beside(lambda: runner.infer(views), released, args.seconds, args.runs)
        alone = times if len(views) == 1 else measure(lambda: runner.infer(views[:1]), 1.0, args.runs)
        found = together([compare(_blocks(runner, each), wanted[name]) for name, each in maps.items()])
    work = work_of(checked_bytes(_graph(metadata.card, len(views))), _BYTES[metadata.precision])
    return {
        "name": metadata.backend,
        "size": size,
        "precision": metadata.precision,
        "threads": runner.threads,
        "views": len(views),
        **{key: round(value, 3) for key, value in asdict(times).items()},
        "one_view_median_ms": round(alone.median_ms, 3),
        "released_published_ms": others and round(others.median_ms, 2),  # in the same minute, taking turns
        "times_faster": others and round(others.median_ms / times.median_ms, 2),
        "max_abs_logit_diff": found.max_abs_logit_diff,
        "agreement": found.agreement,
        "samples": found.samples,
        "model_bytes": max(file.path.stat().st_size for file in runner.files.values()),
        "held_bytes": held_bytes(opens, len(views)),
        **_against(work, here, times.median_ms),
    }


def _against(work: Work, here: Machine, median_ms: float) -> dict[str, Any]:
    least = work.least_ms(here)
    return {**asdict(work), "least_ms": round(least, 4), "times_least": round(median_ms / least, 2)}


def _opens(name: str, precision: str, card: ModelCard, args: argparse.Namespace) -> Opens:
    """The shipped graphs in float32; anything else is built first, if it is not in the cache."""
    if precision == "fp32" and name != "tensorrt":
        return partial(open_runner, name, _path(card))
    batches = tuple(card.graphs)
    built = ensure(Request(card, name, precision, cache.cache_root(), batches, data=args.data))
    return partial(open_engine, built, card)


def _path(card: ModelCard) -> Path:
    return card.onnx.path.with_suffix(".json")


def _graph(card: ModelCard, batch: int) -> ModelFile:
    return card.graphs.get(batch, card.onnx)


def _released(card: ModelCard) -> Released | None:
    """One inference of the comparison, which lies with the tests; None where they are not."""
    try:
        naive = import_module("tests.naive")
    except ImportError:
        print("the released layout is written in tests/naive.py: run this in a checkout to compare")
        return None
    net = load_network(card)
    member = net if isinstance(net, CausalNet) else next(iter(net.members))
    maps = torch.zeros(1, *SAMPLE_SHAPE)

    def once() -> object:
        with torch.inference_mode():
            return naive.released_causalnet(member, maps)

    return once


def _released_ms(released: Released | None, size: str, seconds: float) -> float | None:
    if released is None:
        return None
    times = measure(released, seconds, 200)
    print(f"{size} in the released layout, one sample, eager torch: {times.median_ms:.1f} ms", flush=True)
    return round(times.median_ms, 2)


def _blocks(runner: Runner, maps: Maps) -> Logits:
    """A few at a time: what one call needs stays small."""
    return np.concatenate([runner.infer(maps[i : i + 8]) for i in range(0, len(maps), 8)])


def _print(line: dict[str, Any]) -> None:
    faster = f", {line['times_faster']} times the released published" if line["times_faster"] else ""
    held, model = line["held_bytes"] / 1e6, line["model_bytes"] / 1e6
    print(
        f"{line['size']} {line['name']} {line['precision']}: median {line['median_ms']:.2f} ms, "
        f"p99 {line['p99_ms']:.2f}, {line['times_least']} times the least{faster}; "
        f"holds {held:.0f} MB, file {model:.0f} MB; {line['samples']} maps: "
        f"logits within {line['max_abs_logit_diff']:.2g}, {line['agreement']:.2%} of decisions",
        flush=True,
    )


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m engine.bench", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report here, too")
    parser.add_argument("--size", nargs="+", choices=SIZES, default=SIZES)
    parser.add_argument("--runner", nargs="+", choices=_RUNNERS, default=_RUNNERS)
    parser.add_argument("--precision", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--weights", default=DEFAULT_MODEL, help="the compact model")
    parser.add_argument("--require", choices=_RUNNERS, help="fail, instead of passing it over")
    parser.add_argument("--seconds", type=float, default=10.0, help="per runner")
    parser.add_argument("--runs", type=int, default=2000, help="per runner, at most")
    parser.add_argument("--samples", type=int, default=2000, help="realistic maps in the parity")
    parser.add_argument(
        "--data", type=Path, default=DATA / "causalnet-cde", help="published maps, for parity"
    )
    args = parser.parse_args(argv)
    if args.seconds <= 0 or args.runs < 5 or args.samples < 1:
        parser.error(str(ConfigError("--seconds, --runs and --samples must be positive, --runs 5 at least")))
    return args


if __name__ == "__main__":
    sys.exit(main())
