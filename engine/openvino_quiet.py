"""The only way this project imports OpenVINO, and its one `Core`.

Importing `openvino` plainly reports the fact over the network: it sends a usage event and leaves a client
identifier in the home folder, unless its companion `openvino_telemetry` cannot be found; then it uses a stub.

On Linux the CPU plugin of every `Core` gives the calling thread an alternate signal stack, and unmaps it when
the `Core` goes. Of two, or of one let go on another thread, a thread keeps a stack that is no longer mapped:
the next signal kills the process, or writes over whatever lies there by then. So there is one, for ever.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType
from typing import Any


def import_openvino() -> ModuleType:
    """The module `openvino`, without telemetry. Raises: ImportError if it is not installed."""
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # "cannot be imported"
    return importlib.import_module("openvino")


@cache
def openvino_core() -> Any:
    """The `openvino.Core` of this process; OpenVINO lets several threads use it."""
    return import_openvino().Core()
