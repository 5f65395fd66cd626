"""A local camera: what is asked for is a wish, what it delivers is measured."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.errors import SourceError
from realtime.sources.base import SourceBase, SourceConfig
from realtime.types import Frame

PROBED = 4  # camera numbers tried where the system keeps no list of devices
RETRY_PAUSE_S = 0.05
_BACKENDS = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}


class Capture(Protocol):
    """The part of cv2.VideoCapture that is used; tests inject their own."""

    def isOpened(self) -> bool: ...  # noqa: N802

    def set(self, prop: int, value: float) -> bool: ...

    def get(self, prop: int) -> float: ...

    def grab(self) -> bool: ...

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]: ...

    def release(self) -> None: ...


OpenCapture = Callable[[int], Capture]


@dataclass(frozen=True, slots=True)
class CameraInfo:
    index: int
    name: str


class CameraSource(SourceBase):
    """Frames of one camera, stamped with the monotonic clock the moment they are there.

    Raises: SourceError in one line when it cannot be opened, gives no picture, or is unplugged. A
    picture that cannot be had is never replaced by an invented one.
    """

    def __init__(
        self, index: int, config: SourceConfig, clock: Clock = now_ns, opener: OpenCapture | None = None
    ) -> None:
        super().__init__(f"camera:{index}", clock, live=True)
        self._config = config
        self._capture = (opener or open_capture)(index)
        if not self._capture.isOpened():
            self._capture.release()
            raise SourceError(f"camera {index} cannot be opened; --list-cameras shows what there is")
        self._ask()

    def _ask(self) -> None:
        """Wishes in the order drivers need: the format decides which sizes and rates exist."""
        config = self._config
        if config.camera_fourcc:
            self._capture.set(cv2.CAP_PROP_FOURCC, _code_of(config.camera_fourcc))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, config.camera_width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, config.camera_height)
        self._capture.set(cv2.CAP_PROP_FPS, config.camera_fps)
        self._fourcc = _letters_of(int(self._capture.get(cv2.CAP_PROP_FOURCC)))

    def _frames(self) -> Iterator[Frame]:
        last_ns: int | None = None
        while not self._closed.is_set():
            taken = self._take()
            if taken is None:
                return
            t_ns, bgr = taken
            if last_ns is not None and t_ns <= last_ns:  # a clock too coarse for the camera
                t_ns = last_ns + 1
            last_ns = t_ns
            yield self._frame(t_ns, bgr, t_ns)

    def _take(self) -> tuple[int, NDArray[np.uint8]] | None:
        """The next picture and its time; None: closed meanwhile."""
        deadline_ns = self._clock() + int(self._config.camera_retry_s * NS_PER_S)
        while not self._closed.is_set():
            if self._capture.grab():
                t_ns = self._clock()
                got, bgr = self._capture.retrieve()
                if got and bgr is not None and bgr.size:
                    return t_ns, bgr
            if self._clock() >= deadline_ns:
                raise SourceError(f"{self.name} {self._failure()}")
            self._closed.wait(RETRY_PAUSE_S)
        return None

    def _failure(self) -> str:
        if self._delivery.frames == 0:
            return "opens but gives no picture; is another program using it?"
        return f"stopped after {self._delivery.frames} frames; was it unplugged?"

    def _release(self) -> None:
        self._capture.release()

    def describe(self) -> dict[str, object]:
        config = self._config
        asked = f"{config.camera_width}x{config.camera_height} at {config.camera_fps:g} fps"
        return {**super().describe(), "asked": asked, "fourcc": self._fourcc, "notes": {}}


def open_capture(index: int) -> Capture:
    """The camera through this system's own interface.

    OpenCV is kept silent from here on: it would write several lines for a camera that is not there,
    and one for each failed read of a camera pulled out later. We say it ourselves, once.
    """
    cv2.setLogLevel(0)
    return cast(Capture, cv2.VideoCapture(index, _BACKENDS.get(sys.platform, cv2.CAP_ANY)))


def list_cameras(
    devices: Path = Path("/dev"),
    names: Path = Path("/sys/class/video4linux"),
    opener: OpenCapture = open_capture,
) -> tuple[CameraInfo, ...]:
    """The cameras of this machine. On Linux from the device list, elsewhere by opening a few numbers.

    A Linux camera has several device files, of which only some give pictures: each is opened once.
    """
    if sys.platform == "linux":
        numbers = [path.name.removeprefix("video") for path in devices.glob("video*")]
        indices = sorted(int(number) for number in numbers if number.isdecimal())
    else:
        indices = list(range(PROBED))
    return tuple(CameraInfo(index, _name_of(index, names)) for index in indices if _gives(index, opener))


def _gives(index: int, opener: OpenCapture) -> bool:
    capture = opener(index)
    try:
        return capture.isOpened()
    finally:
        capture.release()


def _name_of(index: int, names: Path) -> str:
    try:
        return (names / f"video{index}" / "name").read_text(errors="replace").strip() or f"camera {index}"
    except OSError:
        return f"camera {index}"


def _code_of(letters: str) -> int:
    return int.from_bytes(letters.encode("ascii"), "little")


def _letters_of(code: int) -> str:
    """The four letters of a format as the driver reports it, '' where it reports none."""
    letters = code.to_bytes(4, "little", signed=code < 0)
    return letters.decode("ascii") if letters.isalnum() else ""
