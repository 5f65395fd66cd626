"""What every source of frames is: named, iterable once, closable from another thread, describable."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S, Clock
from realtime.errors import ConfigError, SourceError
from realtime.types import Frame, freeze

SourceType = TypeVar("SourceType", bound="SourceBase")

_POSITIVE = ["camera_width", "camera_height", "camera_fps", "url_open_timeout_s", "url_read_timeout_s"]
_NOT_NEGATIVE = ["camera_retry_s", "url_attempts", "url_backoff_s", "url_backoff_limit_s", "demo_seconds"]


class Source(Protocol):
    """An iterator of frames with a name. Used with `with`; iterated by one thread, once."""

    name: str  # what Frame.source carries, credentials removed
    live: bool  # True: comes in real time, capture must never wait for analysis

    def __iter__(self) -> Iterator[Frame]: ...

    def __enter__(self) -> Source: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def close(self) -> None: ...  # from any thread: the iterator ends soon; idempotent

    def describe(self) -> dict[str, object]: ...  # what it really delivers, measured


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How sources are opened. Camera figures are wishes: what is delivered is measured."""

    camera_width: int = 640
    camera_height: int = 480
    camera_fps: float = 30.0
    camera_fourcc: str = "MJPG"  # empty: leave the driver's own
    camera_retry_s: float = 0.5  # a camera that fails to read for so long is gone
    url_open_timeout_s: float = 5.0
    url_read_timeout_s: float = 2.5  # closing waits at most so long for a silent stream
    url_attempts: int = 6  # reconnections in a row before giving up
    url_backoff_s: float = 0.5  # before the first reconnection; doubles each time
    url_backoff_limit_s: float = 8.0
    demo_width: int = 640
    demo_height: int = 480
    demo_fps: float = 30.0
    demo_seed: int = 1
    demo_seconds: float = 0.0  # 0: endless
    demo_live: bool = True  # False: as fast as it renders

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            if not getattr(self, name) > 0:
                raise ConfigError(f"sources.{name} must be above 0, not {getattr(self, name)}")
        for name in _NOT_NEGATIVE:
            if not getattr(self, name) >= 0:
                raise ConfigError(f"sources.{name} must be 0 or more, not {getattr(self, name)}")
        if self.url_backoff_limit_s < self.url_backoff_s:
            raise ConfigError("sources.url_backoff_limit_s must be at least sources.url_backoff_s")
        if self.demo_seed < 0:
            raise ConfigError(f"sources.demo_seed must be 0 or more, not {self.demo_seed}")
        if len(self.camera_fourcc) not in (0, 4):
            raise ConfigError(f"sources.camera_fourcc has four letters or none, not '{self.camera_fourcc}'")
        if not 1 <= self.demo_fps <= 1000:
            raise ConfigError(f"sources.demo_fps must lie in 1 .. 1000, not {self.demo_fps}")
        if not (160 <= self.demo_width <= 4096 and 120 <= self.demo_height <= 4096):
            size = f"{self.demo_width}x{self.demo_height}"
            raise ConfigError(f"the demo's size must lie in 160x120 .. 4096x4096, not {size}")


class Delivery:
    """Counts what was really handed out; n stamps make n - 1 gaps."""

    def __init__(self) -> None:
        self.frames = 0
        self.sizes: list[str] = []
        self._first_ns = 0
        self._last_ns = 0

    def push(self, frame: Frame) -> None:
        height, width = frame.bgr.shape[:2]
        size = f"{width}x{height}"
        if not self.sizes or (self.sizes[-1] != size and len(self.sizes) < 8):
            self.sizes.append(size)
        if self.frames == 0:
            self._first_ns = frame.t_ns
        self._last_ns = frame.t_ns
        self.frames += 1

    @property
    def fps(self) -> float | None:
        span_ns = self._last_ns - self._first_ns
        return (self.frames - 1) * NS_PER_S / span_ns if span_ns > 0 else None

    def describe(self) -> dict[str, object]:
        fps = self.fps
        size = " then ".join(self.sizes) if self.sizes else None
        return {"frames": self.frames, "size_px": size, "fps": None if fps is None else round(fps, 3)}


class SourceBase(ABC):
    """The part all sources share: life cycle, numbering of frames, measured delivery.

    A subclass yields frames made by `_frame` from `_frames`, looks at `_closed` often, and frees what
    it holds in `_release`, which runs on the iterating thread (or in `close` if never iterated).
    """

    def __init__(self, name: str, clock: Clock, *, live: bool) -> None:
        self.name = name
        self.live = live
        self._clock = clock
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._started = False
        self._delivery = Delivery()

    @abstractmethod
    def _frames(self) -> Iterator[Frame]: ...

    def _release(self) -> None:  # noqa: B027 (most sources hold nothing)
        """Frees what the source holds. Called once."""

    def _frame(self, t_ns: int, bgr: NDArray[np.uint8], arrived_ns: int | None = None) -> Frame:
        arrived = self._clock() if arrived_ns is None else arrived_ns
        return Frame(self.name, self._delivery.frames, t_ns, arrived, freeze(bgr))

    def __iter__(self) -> Iterator[Frame]:
        with self._lock:
            if self._started:
                raise SourceError(f"{self.name} can be read only once; open it again")
            self._started = True
        return self._run()

    def _run(self) -> Iterator[Frame]:
        try:
            for frame in self._frames():
                if self._closed.is_set():
                    return
                self._delivery.push(frame)
                yield frame
        finally:
            self._release()

    def close(self) -> None:
        with self._lock:
            first = not self._closed.is_set()
            self._closed.set()
            unread = first and not self._started
            self._started = True
        if unread:
            self._release()

    def describe(self) -> dict[str, object]:
        return {"source": self.name, "live": self.live, **self._delivery.describe()}

    def __enter__(self: SourceType) -> SourceType:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
