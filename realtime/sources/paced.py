"""A recorded source released in real time, as a camera would deliver it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.sources.base import Source, SourceBase
from realtime.types import Frame

Wait = Callable[[float], bool]  # seconds -> True when woken because the source was closed


class PacedSource(SourceBase):
    """The same frames and `t_ns`, each released when as much time has passed as the frames say.

    A frame that comes late (slow decoding) is released at once; later ones keep to the original
    schedule, so nothing drifts. `wait` is injected by tests; the real one ends as soon as `close` is
    called.
    """

    def __init__(self, source: Source, clock: Clock = now_ns, wait: Wait | None = None) -> None:
        super().__init__(source.name, clock, live=True)
        self._source = source
        self._wait = self._closed.wait if wait is None else wait

    def _frames(self) -> Iterator[Frame]:
        ahead_ns: int | None = None  # clock time of t_ns = 0
        for frame in self._source:
            if ahead_ns is None:
                ahead_ns = self._clock() - frame.t_ns
            due_ns = ahead_ns + frame.t_ns
            left_ns = due_ns - self._clock()
            if left_ns > 0 and self._wait(left_ns / NS_PER_S):
                return
            yield replace(frame, arrived_ns=self._clock())

    def _release(self) -> None:
        self._source.close()

    def describe(self) -> dict[str, object]:
        return {**self._source.describe(), **super().describe()}


def paced(source: Source, clock: Clock = now_ns, wait: Wait | None = None) -> Source:
    """`source` in real time: live, never faster than its own timestamps."""
    return PacedSource(source, clock, wait)
