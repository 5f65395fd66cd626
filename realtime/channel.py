"""What every bounded channel between two threads shares: stated caps, an end, and a way out of every wait."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from typing import Generic, TypeVar

from realtime.errors import ConfigError

CAP_SECONDS = 60.0  # no history may be longer than this
CAP_MB = 1024.0  # nor larger than this, in 10^6 bytes

T = TypeVar("T")


def check_bounds(name: str, duration_s: float, size_mb: float) -> None:
    """Raise ConfigError unless a history of this length and size stays under the stated caps."""
    if not 0.0 < duration_s <= CAP_SECONDS:
        raise ConfigError(f"{name}: {duration_s:g} s is outside 0 to {CAP_SECONDS:g} s")
    if not 0.0 < size_mb <= CAP_MB:
        raise ConfigError(f"{name}: {size_mb:g} MB is outside 0 to {CAP_MB:g} MB")


class Channel(ABC, Generic[T]):
    """What the thread-safe rings share: one producer, one reader, an end and a way out."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[T] = deque()
        self._bytes = 0
        self._ended = False
        self._closed = False
        self.dropped: Counter[str] = Counter()

    def take(self, timeout_s: float) -> T | None:
        """The oldest item not yet taken; None after `timeout_s`, at the end, or once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended or self._closed, timeout_s)
            if not self._waiting:
                return None
            item = self._waiting.popleft()
            self._bytes -= self._size_of(item)
            self._changed.notify_all()
            return item

    def end(self) -> None:
        """The producer has nothing more; what waits can still be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Forget what waits and release both sides at once; idempotent."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._bytes = 0
            self._changed.notify_all()

    @property
    def drained(self) -> bool:
        """Nothing waits and nothing more can come."""
        with self._changed:
            return self._closed or (self._ended and not self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def _append(self, item: T) -> None:
        self._waiting.append(item)
        self._bytes += self._size_of(item)
        self._changed.notify_all()

    @abstractmethod
    def _size_of(self, item: T) -> int:
        """Bytes of pixels that `item` holds."""
