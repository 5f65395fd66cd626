"""An ONNX graph opened by ONNX Runtime, and what it says of a broken one turned into our words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

from engine.errors import ModelFileError

CPU_PROVIDER = "CPUExecutionProvider"
# None of these is a RuntimeError: they come from Exception itself.
_LOADING = (
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.NotImplemented,
)


def open_session(
    content: bytes,
    path: Path,
    threads: int,
    *,
    providers: Sequence[Any] = (CPU_PROVIDER,),
    disabled: Sequence[str] = (),
) -> onnxruntime.InferenceSession:
    """A session of the graph in `content`, which was read from `path`.

    Args: `threads` of one operation, operations one after another; `disabled` names graph optimisations.
    Raises: ModelFileError if ONNX Runtime cannot load it.
    """
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.qdqisint8allowed", "1")  # not only on ARM
    try:
        return onnxruntime.InferenceSession(
            content, options, providers=list(providers), disabled_optimizers=list(disabled)
        )
    except _LOADING as error:
        line = str(error).splitlines()[0]
        raise ModelFileError(f"ONNX Runtime cannot load {path}: {line}") from error
