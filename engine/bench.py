"""python -m engine.bench [--json FILE]: every runner available here, both sizes, with parity against torch.

First the two numbers that no runner can undercut (`engine.roofline`), then the network in eager torch in the
released layout, then the runners. On a busy machine only the ratios of one run mean something.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine import cache, graph
from engine.build import DATA, Request, ensure
from engine.card import DEFAULT_MODEL, ModelCard, checked_bytes, read_card
from engine.causalnet import CausalNet
from engine.errors import ConfigError, FlinchError
from engine.parity import compare, published_maps, realistic_maps
from engine.published import published_card
from engine.roofline import Machine, Work, machine, work_of
from engine.runners import open_engine, open_runner
from engine.runners.base import Maps, Runner
from engine.weights import load_network

SIZES = ("compact", "published")
_RUNNERS = ("torch", "onnxruntime", "openvino", "onnxruntime-cuda", "torch-cuda", "tensorrt")
_BYTES = {"fp32": 4.0, "fp16": 2.0, "int8": 1.0}


@dataclass(frozen=True, slots=True)
class Times:
    """Of one call after another."""

    median_ms: float
    p99_ms: float
    runs: int


def measure(call: Callable[[], object], seconds: float, most: int) -> Times:
    """Three calls to warm up, then as many as fit, five at least."""
    for _ in range(3):
        call()
    times: list[float] = []
    ends = time.perf_counter() + seconds
    while len(times) < 5 or (time.perf_counter() < ends and len(times) < most):
        began = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - began))
    return Times(float(np.median(times)), float(np.quantile(times, 0.99)), len(times))


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        report = bench(args)
    except FlinchError as error:
        print(f"engine.bench: {error}", file=sys.stderr)
        return 2
    if args.json is not None:
        args.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def bench(args: argparse.Namespace) -> dict[str, Any]:
    """The report of DESIGN section 4, with what the figures are to be seen against."""
    here, root = machine(), cache.cache_root()
    print(f"this machine: {here.read_bytes_per_s / 1e9:.1f} GB/s, "
          f"{here.float32_operations_per_s / 1e9:.0f} GFLOP/s", flush=True)  # fmt: skip
    report: dict[str, Any] = {
        "measured_utc": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {**asdict(here), "torch_threads": torch.get_num_threads()},
        "released_layout_ms": {},
        "runners": [],
    }
    for size in args.size:
        card = published_card(root) if size == "published" else read_card(args.weights)
        report["released_layout_ms"][size] = _released(card, size, args.seconds)
        for line in _lines(card, size, here, args):
            report["runners"].append(line)
            _print(line, report["released_layout_ms"][size])
    return report


def _lines(card: ModelCard, size: str, here: Machine, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One per runner and precision that works here; the others say why they do not."""
    maps = _maps(size, args)
    with open_runner("torch", _path(card)) as reference:
        wanted = reference.infer(maps) if size == "compact" else _one_by_one(reference, maps)
    for name in _RUNNERS:
        for precision in args.precision if name in ("onnxruntime", "openvino", "tensorrt") else ("fp32",):
            try:
                yield _line(_runner(name, precision, card, args), size, maps, wanted, here, args)
            except FlinchError as error:
                print(f"{size} {name} {precision}: passed over: {error}", flush=True)
                if args.require == name:
                    raise


def _line(
    runner: Runner, size: str, maps: Maps, wanted: Any, here: Machine, args: argparse.Namespace
) -> dict[str, Any]:
    """One runner measured: time of one sample, parity over all, memory and bytes."""
    metadata, before = runner.metadata, _resident()
    with runner:
        times = measure(lambda: runner.infer(maps[:1]), args.seconds, args.runs)
        found = compare(_one_by_one(runner, maps), wanted)
        grown = _resident() - before
    work = work_of(checked_bytes(metadata.card.onnx), _BYTES[metadata.precision])
    return {
        "name": metadata.backend,
        "size": size,
        "precision": metadata.precision,
        "threads": runner.threads,
        **{key: round(value, 3) for key, value in asdict(times).items()},
        "max_abs_logit_diff": found.max_abs_logit_diff,
        "agreement": found.agreement,
        "samples": found.samples,
        "model_bytes": max(file.path.stat().st_size for file in runner.files.values()),
        "peak_memory_grown_bytes": grown,
        **_against(work, here, times),
    }


def _against(work: Work, here: Machine, times: Times) -> dict[str, Any]:
    least = work.least_ms(here)
    return {**asdict(work), "least_ms": round(least, 4), "times_least": round(times.median_ms / least, 1)}


def _runner(name: str, precision: str, card: ModelCard, args: argparse.Namespace) -> Runner:
    """The shipped graph in float32; anything else is built first, if it is not in the cache."""
    if precision == "fp32" and name != "tensorrt":
        return open_runner(name, _path(card))
    batches = cache.BATCHES if card.name != "published" else (1,)
    return open_engine(
        ensure(Request(card, name, precision, cache.cache_root(), batches, data=args.data)), card
    )


def _path(card: ModelCard) -> Path:
    return card.onnx.path.with_suffix(".json")


def _maps(size: str, args: argparse.Namespace) -> Maps:
    """Real maps, where they are, and made-up ones; a few for the slow size."""
    made_up = realistic_maps(args.samples if size == "compact" else 10)
    if size == "compact" and args.data.is_dir():
        return np.concatenate([published_maps(args.data), made_up])
    return made_up


def _released(card: ModelCard, size: str, seconds: float) -> float | None:
    """Median ms of the comparison, which lies with the tests; None where they are not."""
    try:
        naive = import_module("tests.naive")
    except ImportError:
        print("the released layout is written in tests/naive.py: run this in a checkout to compare")
        return None
    net = load_network(card)
    member = net if isinstance(net, CausalNet) else next(iter(net.members))
    maps = torch.from_numpy(realistic_maps(1))
    with torch.inference_mode():
        times = measure(lambda: naive.released_causalnet(member, maps), seconds, 100)
    print(f"{size} in the released layout, one network, eager torch: {times.median_ms:.1f} ms", flush=True)
    return round(times.median_ms, 2)


def _one_by_one(runner: Runner, maps: Maps) -> Any:
    return np.concatenate([runner.infer(maps[i : i + 1]) for i in range(len(maps))])


def _resident() -> int:
    """Highest resident memory of this process so far, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _print(line: dict[str, Any], released_ms: float | None) -> None:
    ratio = f", {released_ms / line['median_ms']:.1f} times the released layout" if released_ms else ""
    print(
        f"{line['size']} {line['name']} {line['precision']}: median {line['median_ms']:.2f} ms, "
        f"p99 {line['p99_ms']:.2f}, {line['times_least']} times the least{ratio}; "
        f"logits within {line['max_abs_logit_diff']:.2g}, {line['agreement']:.2%} of decisions",
        flush=True,
    )


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m engine.bench", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report here, too")
    parser.add_argument("--size", nargs="+", choices=SIZES, default=SIZES)
    parser.add_argument("--precision", nargs="+", choices=graph.PRECISIONS, default=graph.PRECISIONS)
    parser.add_argument("--weights", default=DEFAULT_MODEL, help="the compact model")
    parser.add_argument("--require", choices=_RUNNERS, help="fail, instead of passing it over")
    parser.add_argument("--seconds", type=float, default=10.0, help="per runner")
    parser.add_argument("--runs", type=int, default=2000, help="per runner, at most")
    parser.add_argument("--samples", type=int, default=2000, help="made-up maps in the parity")
    parser.add_argument(
        "--data", type=Path, default=DATA / "causalnet-cde", help="published maps, for parity"
    )
    args = parser.parse_args(argv)
    if args.seconds <= 0 or args.runs < 5 or args.samples < 1:
        parser.error(str(ConfigError("--seconds, --runs and --samples must be positive, --runs 5 at least")))
    return args


if __name__ == "__main__":
    sys.exit(main())
