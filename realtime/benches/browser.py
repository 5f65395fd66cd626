"""A browser that can be measured: Chromium with a camera that plays a file, and a server beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import SourceError

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
)
GREETING = "flinch: open "


def write_y4m(path: Path, pictures: Iterable[NDArray[np.uint8]], fps: int = 30) -> int:
    """Frames (height, width, 3) bgr as the raw film that Chromium's fake camera loops; how many."""
    count = 0
    with path.open("wb") as film:
        for bgr in pictures:
            if count == 0:
                height, width = bgr.shape[:2]
                film.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
            film.write(b"FRAME\n" + cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).tobytes())
            count += 1
    return count


def chromium_path() -> str:
    """Where Chromium is. Raises: SourceError."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        raise SourceError("no Chromium on this machine (Debian: apt-get install chromium)")
    return found


def chromium_flags(camera: Path | None) -> list[str]:
    """Flags for a camera that plays `camera` (.y4m or .mjpeg), or none at all."""
    if camera is None:
        return list(FLAGS)
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    return [*FLAGS, *fake, f"--use-file-for-fake-video-capture={camera}"]


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs in a process of its own."""

    url: str  # ends with a slash
    data: Path
    process: subprocess.Popen[str]


@contextmanager
def served(
    data: Path, *flags: str, module: str = "realtime.web", before: Sequence[str] = ()
) -> Iterator[Served]:
    """`python -m realtime.web` on a free port of this machine, ended afterwards.

    `before` stands before the module's own flags. Raises: SourceError when it does not start.
    """
    command = [sys.executable, "-m", module, *before, "--port", "0", "--data", str(data), *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Served(greeted(process), data, process)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def greeted(process: subprocess.Popen[str]) -> str:
    """The address that the server says first."""
    for line in process.stdout or ():
        if line.startswith(GREETING):
            return line[len(GREETING) :].strip()
    raise SourceError(f"the server ended with code {process.wait()} before it said its address")
