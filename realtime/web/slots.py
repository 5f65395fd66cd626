"""How many may be live at once, and how often somebody may knock."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.errors import ConfigError

MOST_KNOWN = 1024  # who is remembered; the one unseen longest is forgotten


class Slots:
    """A fixed number of places. Not thread-safe: it lives on the server's loop."""

    def __init__(self, count: int) -> None:
        if count < 1:
            raise ConfigError(f"there must be at least 1 live session, not {count}")
        self.count = count
        self._taken: set[str] = set()

    def take(self, name: str) -> bool:
        """A place for `name`, if one is free."""
        if len(self._taken) >= self.count:
            return False
        self._taken.add(name)
        return True

    def free(self, name: str) -> None:
        """Idempotent."""
        self._taken.discard(name)

    @property
    def taken(self) -> int:
        return len(self._taken)


@dataclass(slots=True)
class Bucket:
    """What is left for one asker, and when that was known."""

    tokens: float
    t_ns: int


class Rate:
    """At most `count` in a burst, refilled over `per_s` seconds, for each asker. Bounded memory."""

    def __init__(self, count: int, per_s: float, clock: Clock = now_ns) -> None:
        self._count = count
        self._per_ns = per_s * NS_PER_S
        self._clock = clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def allows(self, asker: str) -> bool:
        """Whether one more is allowed now; it is counted if so."""
        now = self._clock()
        bucket = self._buckets.pop(asker, None) or Bucket(self._count, now)
        refilled = bucket.tokens + (now - bucket.t_ns) * self._count / self._per_ns
        bucket.tokens, bucket.t_ns = min(self._count, refilled), now
        self._buckets[asker] = bucket
        if len(self._buckets) > MOST_KNOWN:
            self._buckets.popitem(last=False)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
