"""Runners by name. A backend is imported when it is asked for: the live path needs neither torch nor onnx."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from engine import cache
from engine.cache import CPU, Engine, Target
from engine.card import DEFAULT_MODEL, ModelCard, read_card
from engine.errors import ConfigError, EngineFault, EngineMismatch, FlinchError
from engine.ranges import read_ranges
from engine.runners.base import Runner, RunnerMetadata

__all__ = [
    "BACKENDS",
    "PRECISIONS",
    "Runner",
    "RunnerMetadata",
    "open_engine",
    "open_runner",
    "target_version",
]

_CLASSES = {
    "tensorrt": ("engine.runners.tensorrt_runner", "TensorRtRunner"),
    "onnxruntime-cuda": ("engine.runners.ort_runner", "OnnxRuntimeCudaRunner"),
    "onnxruntime": ("engine.runners.ort_runner", "OnnxRuntimeRunner"),
    "openvino": ("engine.runners.openvino_runner", "OpenVinoRunner"),
    "torch-cuda": ("engine.runners.torch_cuda_runner", "TorchCudaRunner"),
    "torch": ("engine.runners.torch_runner", "TorchRunner"),
}
BACKENDS = tuple(_CLASSES)
PRECISIONS = ("fp32", "fp16", "int8")
# The fastest first, see engine/RESULTS.md. Torch is the reference, and not for the live path.
_AUTO = ("tensorrt", "onnxruntime-cuda", "onnxruntime", "openvino")
_FROM_CACHE = ("tensorrt",)  # nothing is shipped that they could run

Say = Callable[[str], None]


def open_runner(
    name: str = "auto",
    weights: str | Path = DEFAULT_MODEL,
    *,
    precision: str = "fp32",
    require: str | None = None,
    say: Say | None = None,
) -> Runner:
    """A runner for a shipped model's name or a model card's path; not yet active if it was named.

    "auto" is the fastest that works: it comes active, and `say` (by default stderr) gets one line with what
    runs and why others were passed over. `require` names one that must not be replaced by another.
    Float32 runs the shipped graph; other precisions, and TensorRT, what `engine.build` has put in the cache.

    Raises: ConfigError for an unknown name, ModelFileError for a missing card, EngineMismatch if the
        backend is not installed, no engine was built, or one no longer fits.
    """
    name = require or name
    if name != "auto" and name not in BACKENDS:
        raise ConfigError(f"unknown backend {name!r}; give auto, {', '.join(BACKENDS)}")
    card = read_card(weights)
    if name != "auto":
        return _open(name, card, precision)
    return _fastest(card, precision, say or _to_stderr)


def open_engine(engine: Engine, card: ModelCard) -> Runner:
    """The runner, not yet active, of a built engine."""
    runner: Runner = _class(engine.manifest.backend)(card, engine)
    return runner


def target_version(backend: str) -> str:
    """Of the installed backend. Raises: EngineMismatch if it is not installed."""
    return str(_class(backend).version)


def _fastest(card: ModelCard, precision: str, say: Say) -> Runner:
    passed: list[tuple[str, FlinchError]] = []
    for backend in _AUTO:
        try:
            runner = _open(backend, card, precision)
            runner.activate()
        except FlinchError as error:
            passed.append((backend, error))
            continue
        reasons = "".join(f"; {name} passed over: {error}" for name, error in passed)
        say(f"engine: {backend} {runner.metadata.version}, {runner.metadata.precision}{reasons}")
        return runner
    raise passed[-1][1]


def _open(backend: str, card: ModelCard, precision: str) -> Runner:
    runner = _class(backend)
    if precision == "fp32" and backend not in _FROM_CACHE:
        return runner(card)
    digest = read_ranges(card)[1] if precision == "int8" else ""
    target = Target(backend, str(runner.version), precision, _place(backend))
    return open_engine(cache.find(cache.cache_root(), cache.wanted(card, target, digest)), card)


def _place(backend: str) -> str:
    if backend not in _FROM_CACHE:
        return CPU
    from engine.runners.cuda_api import Cuda

    try:
        return Cuda().compute_capability()
    except (ImportError, EngineFault) as error:
        raise EngineMismatch(f"{backend} finds no usable NVIDIA GPU ({error})") from error


def _class(backend: str) -> Any:
    module, runner = _CLASSES[backend]
    try:
        return getattr(import_module(module), runner)
    except ImportError as error:
        raise EngineMismatch(f"backend {backend} is not installed here ({error})") from error


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)
