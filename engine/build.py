"""python -m engine.build: weights -> folded network -> typed ONNX -> an engine in the cache, proved equal.

A second run builds again only what no longer fits, and says what changed. TensorRT engines belong to one
GPU; for another one, or for none, tensorrt-rtx builds with --compute-capability.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import onnx

from engine import cache, graph
from engine.cache import BATCHES, CPU, BuiltFile, Engine, Manifest, Target
from engine.card import DEFAULT_MODEL, MOL, ModelCard, checked_bytes, read_card, sha256
from engine.errors import ConfigError, EngineFault, EngineMismatch, FlinchError
from engine.export import export_card
from engine.flags import Parser
from engine.parity import realistic_maps
from engine.proof import parity_maps, parity_of
from engine.published import NAME as PUBLISHED_NAME
from engine.published import published_card
from engine.quantise import quantised
from engine.ranges import ActivationRanges, read_ranges
from engine.runners import PRECISIONS, target_version

BACKENDS = ("tensorrt", "onnxruntime", "openvino")
DATA = Path(os.environ.get("FLINCH_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
_REALISTIC = 2000  # maps in the parity of a build, besides the published ones
_OF_PUBLISHED = 3  # of a network so large that each takes a moment


@dataclass(frozen=True, slots=True)
class Request:
    """What to build."""

    card: ModelCard
    backend: str
    precision: str
    root: Path
    batches: tuple[int, ...] = BATCHES
    compute_capability: str | None = None  # None: this machine's
    data: Path | None = None  # the causalnet-cde folder, for parity on real maps


def ensure(request: Request, *, force: bool = False) -> Engine:
    """The engine that fits, built if there is none; says on stdout why and how it goes.

    Raises: EngineMismatch if parity is not reached, EngineFault if a backend refuses.
    """
    ranges, digest = _ranges(request)
    place = _place(request)
    target = Target(request.backend, target_version(request.backend), request.precision, place)
    want = cache.wanted(request.card, target, digest)
    folder = cache.folder_of(request.root, want)
    reasons = _reasons(folder, want, request.batches)
    if not reasons and not force:
        print(f"{folder}: fits, nothing to do")
        return cache.find(request.root, want)
    print(f"building {folder}: {'; '.join(reasons) or '--force'}", flush=True)
    return _build(request, want, ranges, folder)


def typed_graph(card: ModelCard, precision: str, batch: int, ranges: ActivationRanges | None = None) -> bytes:
    """The card's network as ONNX of one static batch size, precision and Q/DQ written into it."""
    shipped = card.graphs.get(batch)
    content = checked_bytes(shipped) if shipped else export_card(card, batch)
    if precision == "fp32":
        return content
    model = graph.load(content)
    if precision == "int8":
        if ranges is None:
            raise ConfigError("int8 needs activation ranges; run python -m calibration.int8")
        typed = quantised(model, ranges.magnitudes, frozenset(ranges.keep))
    else:
        typed = graph.to_half(model)
    onnx.checker.check_model(typed)
    return typed.SerializeToString()


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        root = cache.cache_root(args.cache)
        card = published_card(root) if args.weights == PUBLISHED_NAME else read_card(args.weights)
        request = Request(
            card, args.backend, args.precision, root, tuple(args.batch), args.compute_capability,
            _data(args.data),
        )  # fmt: skip
        engine = ensure(request, force=args.force)
    except (FlinchError, OSError) as error:
        print(f"engine.build: {error}", file=sys.stderr)
        return 2
    for batch in engine.batches:
        print(f"{engine.path(batch)}: {engine.path(batch).stat().st_size} bytes")
    return 0


def _data(given: Path | None) -> Path | None:
    """The folder of published maps; nobody has to have it. Raises: ConfigError if a given one is absent."""
    if given is not None and not given.is_dir():
        raise ConfigError(f"--data {given}: no such folder; leave it out to prove the engine on made-up maps")
    folder = given or DATA / "causalnet-cde"
    return folder if folder.is_dir() else None


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m engine.build", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--backend", choices=BACKENDS, default="onnxruntime")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32")
    parser.add_argument(
        "--weights", default=DEFAULT_MODEL, help="a shipped model, a card's path, or published"
    )
    parser.add_argument(
        "--batch", type=int, nargs="+", default=BATCHES, help="static batch sizes, 1 among them"
    )
    parser.add_argument("--compute-capability", help="such as 8.9, to build for a GPU that is not here")
    parser.add_argument("--cache", type=Path, help="default: $FLINCH_CACHE or ~/.cache/flinch/engines")
    parser.add_argument("--data", type=Path, help="published maps, for parity; default: FLINCH_DATA's")
    parser.add_argument("--force", action="store_true", help="build even if the engine fits")
    args = parser.parse_args(argv)
    if 1 not in args.batch or min(args.batch) < 1:
        parser.error("--batch needs 1 among its sizes, and none below")
    return args


def _reasons(folder: Path, want: Manifest, batches: tuple[int, ...]) -> list[str]:
    """Why the engine has to be built; empty if it has not."""
    found = cache.read_manifest(folder)
    if found is None:
        return ["nothing built yet"]
    lines = cache.differences(found, want)
    engine = Engine(folder, found)
    lines += [f"batch {batch} is missing" for batch in batches if batch not in engine.batches]
    try:
        for batch in engine.batches:
            engine.read(batch)
    except EngineMismatch as error:
        lines.append(str(error).partition(";")[0])
    return lines


def _build(request: Request, want: Manifest, ranges: ActivationRanges | None, folder: Path) -> Engine:
    began = time.perf_counter()
    contents: dict[str, bytes] = {}
    files: dict[str, BuiltFile] = {}
    for batch in request.batches:
        _say(began, f"batch {batch}: {request.precision} graph")
        typed = typed_graph(request.card, request.precision, batch, ranges)
        _say(began, f"batch {batch}: {request.backend} engine from {len(typed)} bytes")
        name, content = _compiled(request, batch, typed, want.compute_capability)
        contents[name] = content
        files[str(batch)] = BuiltFile(name, sha256(content), sha256(typed))
    manifest = dataclasses.replace(
        want,
        files=files,
        kept=ranges.keep if ranges else (),
        built_utc=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        build_s=round(time.perf_counter() - began, 1),
    )
    cache.write_files(folder, contents)
    parity = _measured(request, Engine(folder, manifest))  # without a manifest the engine is not found
    _say(began, "done")
    return cache.write_manifest(folder, dataclasses.replace(manifest, parity=parity))


def _compiled(request: Request, batch: int, typed: bytes, place: str) -> tuple[str, bytes]:
    """(file name, content). The CPU backends compile as they load: their engine is the graph."""
    if request.backend != "tensorrt":
        return f"batch{batch}.onnx", typed
    from engine.runners.trt_api import Network, import_tensorrt

    network = Network(import_tensorrt(), typed, f"the {request.precision} graph of {request.card.name}")
    facts = network.facts()
    print(
        f"  multiplications: {dict(facts.multiplications)}; layers: {sum(facts.layers.values())}", flush=True
    )
    return f"batch{batch}.engine", network.build(request.compute_capability, lambda line: print(f"  {line}"))


def _measured(request: Request, engine: Engine) -> dict[str, Any]:
    if request.compute_capability is not None and request.compute_capability != _gpu():
        print("  parity: not measured, that GPU is not here", flush=True)
        return {"note": "not measured: built for a GPU that was not there"}
    if request.data is None and request.card.network != MOL:
        print("  published maps are not here: parity on made-up ones", flush=True)
    samples = _OF_PUBLISHED if request.card.name == PUBLISHED_NAME else _REALISTIC
    return parity_of(engine, request.card, parity_maps(request.card, request.data, samples))


def _ranges(request: Request) -> tuple[ActivationRanges | None, str]:
    """Measured ranges; for random weights, which nobody calibrates, those of made-up maps."""
    if request.precision != "int8":
        return None, ""
    if request.card.name != PUBLISHED_NAME:
        return read_ranges(request.card)
    from engine.quantise import collect_ranges

    found = collect_ranges(graph.load(checked_bytes(request.card.onnx)), realistic_maps(4))
    return ActivationRanges(request.card.weights.sha256, found, ()), "made-up maps"


def _place(request: Request) -> str:
    if request.backend != "tensorrt":
        return CPU
    place = request.compute_capability or _gpu()
    if place is None:
        raise EngineFault(
            "no usable NVIDIA GPU here; with tensorrt-rtx, give --compute-capability, such as 8.9"
        )
    return place


def _gpu() -> str | None:
    from engine.runners.cuda_api import Cuda

    try:
        return Cuda().compute_capability()
    except (ImportError, EngineFault):
        return None


def _say(began: float, line: str) -> None:
    print(f"  {time.perf_counter() - began:6.1f} s  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
