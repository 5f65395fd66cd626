"""A recorded source released in real time, as a camera would deliver it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.sources.base import Source, SourceBase
from realtime.types import Frame

Wait = Callable[[float], bool]  # seconds -> True when woken because the source was closed


def in_real_time(frames: Iterable[Frame], clock: Clock, wait: Wait) -> Iterator[Frame]:
    """The same frames, each when as much time has passed since the first as their `t_ns` say.

    A frame that comes late is released at once; later ones keep to the original schedule, so nothing
    drifts. Ends when `wait` says that it was woken.
    """
    start_ns: int | None = None  # clock time of t_ns = 0
    for frame in frames:
        if start_ns is None:
            start_ns = clock() - frame.t_ns
        left_ns = start_ns + frame.t_ns - clock()
        if left_ns > 0 and wait(left_ns / NS_PER_S):
            return
        yield replace(frame, arrived_ns=clock())


class PacedSource(SourceBase):
    """A recorded source played as if it were live. Tests inject `wait`; the real one ends at `close`."""

    def __init__(self, source: Source, clock: Clock = now_ns, wait: Wait | None = None) -> None:
        super().__init__(source.name, clock, live=True)
        self._source = source
        self._wait = self._closed.wait if wait is None else wait

    def _frames(self) -> Iterator[Frame]:
        return in_real_time(self._source, self._clock, self._wait)

    def _release(self) -> None:
        self._source.close()

    def describe(self) -> dict[str, object]:
        return {**self._source.describe(), **super().describe()}


def paced(source: Source, clock: Clock = now_ns, wait: Wait | None = None) -> Source:
    """`source` in real time: live, never faster than its own timestamps."""
    return PacedSource(source, clock, wait)
