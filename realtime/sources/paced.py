"""A recorded source released in real time, as a camera would deliver it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.sources.base import Source, SourceBase
from realtime.types import Frame

Wait = Callable[[float], bool]  # seconds -> True when woken because the source was closed


def in_real_time(
    frames: Iterable[Frame], clock: Clock, wait: Wait, limit_s: float | None = None
) -> Iterator[Frame]:
    """The same frames, each when as much time has passed since the first as their `t_ns` say.

    A frame that comes late is released at once; later ones keep to the original schedule, so nothing
    drifts. Ends when `wait` says that it was woken, or at a frame `limit_s` after the first, which nobody
    waits for.
    """
    start_ns: int | None = None  # clock time of t_ns = 0
    end_ns = math.inf
    for frame in frames:
        if start_ns is None:
            start_ns = clock() - frame.t_ns
            end_ns = math.inf if limit_s is None else frame.t_ns + limit_s * NS_PER_S
        if frame.t_ns >= end_ns:
            return
        left_ns = start_ns + frame.t_ns - clock()
        if left_ns > 0 and wait(left_ns / NS_PER_S):
            return
        yield replace(frame, arrived_ns=clock())


class PacedSource(SourceBase):
    """A recorded source played as if it were live. Tests inject `wait`; the real one ends at `close`."""

    def __init__(
        self, source: Source, clock: Clock = now_ns, wait: Wait | None = None, limit_s: float | None = None
    ) -> None:
        super().__init__(source.name, clock, live=True)
        self._source = source
        self._limit_s = limit_s
        self._wait = self._closed.wait if wait is None else wait

    def _frames(self) -> Iterator[Frame]:
        return in_real_time(self._source, self._clock, self._wait, self._limit_s)

    def _release(self) -> None:
        self._source.close()

    def describe(self) -> dict[str, object]:
        return {**self._source.describe(), **super().describe()}


def paced(
    source: Source, clock: Clock = now_ns, wait: Wait | None = None, limit_s: float | None = None
) -> Source:
    """`source` in real time: live, never faster than its own timestamps, for so much of its own time."""
    return PacedSource(source, clock, wait, limit_s)
