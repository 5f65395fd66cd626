"""Where frames come from: one way to open a camera, a file, a recorded session, an address or the demo."""

from __future__ import annotations

import re
from pathlib import Path

from realtime.clock import Clock, now_ns
from realtime.recording.session_format import is_session
from realtime.sources.base import Source, SourceConfig
from realtime.sources.camera import CameraSource, list_cameras
from realtime.sources.demo import DemoSource
from realtime.sources.file import FileSource
from realtime.sources.paced import paced
from realtime.sources.session import SessionSource
from realtime.sources.url import UrlSource

__all__ = ["Source", "SourceConfig", "list_cameras", "open_source", "paced"]

_DEFAULT = SourceConfig()


def open_source(spec: str, *, config: SourceConfig = _DEFAULT, clock: Clock = now_ns) -> Source:
    """Opens what `spec` names: "0" camera 0, "demo", an address with "://", else a file or session folder.

    Files come as fast as they are read (see `paced`); cameras, addresses and the demo in real time.

    Raises: SourceError (ClipRejected for files) in one line.
    """
    camera = re.fullmatch(r"(?:/dev/video)?(\d{1,3})", spec)
    if spec == "demo":
        return DemoSource(config, clock)
    if camera:
        return CameraSource(int(camera[1]), config, clock)
    if "://" in spec:
        return UrlSource(spec, config, clock)
    path = Path(spec)
    return SessionSource(path, clock) if is_session(path) else FileSource(path, clock)
