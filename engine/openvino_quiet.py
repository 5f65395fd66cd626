"""The only way this project imports OpenVINO: importing it plainly reports the fact over the network.

`openvino` sends a usage event and leaves a client identifier in the home folder while it is being
imported, unless its companion `openvino_telemetry` cannot be found; then it uses a stub of its own.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType


def import_openvino() -> ModuleType:
    """The module `openvino`, without telemetry. Raises: ImportError if it is not installed."""
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # "cannot be imported"
    return importlib.import_module("openvino")
