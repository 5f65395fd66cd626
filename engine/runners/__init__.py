"""Runners by name. A backend is imported when it is asked for: the live path needs neither torch nor onnx."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from engine.card import DEFAULT_MODEL, read_card
from engine.errors import ConfigError, EngineMismatch
from engine.runners.base import Runner, RunnerMetadata

__all__ = ["BACKENDS", "Runner", "RunnerMetadata", "open_runner"]

_CLASSES = {
    "openvino": ("engine.runners.openvino_runner", "OpenVinoRunner"),
    "onnxruntime": ("engine.runners.ort_runner", "OnnxRuntimeRunner"),
    "torch": ("engine.runners.torch_runner", "TorchRunner"),
}
BACKENDS = tuple(_CLASSES)
_AUTO = ("onnxruntime", "openvino")


def open_runner(name: str = "auto", weights: str | Path = DEFAULT_MODEL) -> Runner:
    """A runner, not yet active, for a shipped model's name or a model card's path.

    "auto" is the fastest installed.

    Raises: ConfigError for an unknown name, ModelFileError for a missing card, EngineMismatch if the
        backend is not installed.
    """
    if name != "auto" and name not in BACKENDS:
        raise ConfigError(f"unknown backend {name!r}; give auto, {', '.join(BACKENDS)}")
    card = read_card(weights)
    for backend in _AUTO if name == "auto" else (name,):
        module, runner = _CLASSES[backend]
        try:
            return getattr(import_module(module), runner)(card)
        except ImportError as error:
            reason = str(error)
    raise EngineMismatch(f"backend {name} is not installed here ({reason})")
