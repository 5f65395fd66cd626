"""One slot between two threads: the newest item wins, and what it replaced is counted."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """For a reader that may skip, such as the display. Neither side ever waits for the other's pace."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self.replaced = 0  # items that nobody took before a newer one came

    def put(self, item: T) -> None:
        """Leave `item` for the reader, over whatever still lies there; ignored once closed."""
        with self._changed:
            if self._closed:
                return
            self.replaced += self._item is not None
            self._item = item
            self._changed.notify_all()

    def take(self, timeout_s: float = 0.0) -> T | None:
        """The newest item, at most once; None when none comes within `timeout_s` or it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            return item

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """Release a waiting reader; the last item can still be taken. Idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
