"""Frames of a browser's camera: decoded on one side, read by the pipeline on the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from realtime.channel import Channel
from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.sources.base import SourceBase
from realtime.sources.timeline import TimeLine
from realtime.types import Frame

POLL_S = 0.5  # the reader looks up this often; every change wakes it at once
MOST_WAITING = 32  # decoded pictures: a second, 15 MB at 640x480
BEHIND = "browser_frames_behind"  # cause of lost frames, as it stands in the counts
RTP_CLOCK = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """One decoded picture and when it came."""

    picture: av.VideoFrame
    arrived_ns: int


class Inbox(Channel[Arrived]):
    """Never makes the network wait: the oldest picture is overwritten and counted, once somebody reads."""

    def __init__(self) -> None:
        super().__init__()
        self._read = False

    def begin(self) -> None:
        """From here on pictures are for the reader; what came before was for nobody."""
        with self._changed:
            self._read = True

    def push(self, arrived: Arrived) -> None:
        with self._changed:
            if self._closed:
                return
            while self._waiting and (not self._read or len(self._waiting) >= MOST_WAITING):
                self._bytes -= self._size_of(self._waiting.popleft())
                self.dropped[BEHIND] += self._read
            self._append(arrived)

    def _size_of(self, item: Arrived) -> int:
        return item.picture.width * item.picture.height * 3 // 2


class WebRtcSource(SourceBase):
    """Live pictures pushed from the network's loop. Times are the sender's own (RTP) clock, from its
    first picture on; the size may change at any frame. Ends when it is closed.
    """

    def __init__(self, name: str = "browser", clock: Clock = now_ns) -> None:
        super().__init__(name, clock, live=True)
        self._inbox = Inbox()
        self._times = TimeLine(RTP_CLOCK, first_gap_ns=NS_PER_S // 30)

    def push(self, picture: av.VideoFrame, arrived_ns: int | None = None) -> None:
        """Hands a decoded picture over; never waits."""
        self._inbox.push(Arrived(picture, self._clock() if arrived_ns is None else arrived_ns))

    @property
    def dropped(self) -> Counter[str]:
        """Pictures that came and were never read, by cause."""
        return self._inbox.dropped

    def close(self) -> None:
        super().close()
        self._inbox.close()

    def _frames(self) -> Iterator[Frame]:
        self._inbox.begin()
        while not self._closed.is_set():
            arrived = self._inbox.take(POLL_S)
            if arrived is None:
                continue
            t_ns = self._times.place(ticks_of(arrived.picture))
            if t_ns is not None:
                bgr = arrived.picture.to_ndarray(format="bgr24")
                yield self._frame(t_ns, np.ascontiguousarray(bgr, np.uint8), arrived.arrived_ns)

    def describe(self) -> dict[str, object]:
        return {**super().describe(), "notes": dict(self._times.notes)}


def ticks_of(picture: av.VideoFrame) -> int | None:
    """The picture's own time in ticks of the RTP clock; None where it has none."""
    if picture.pts is None or picture.time_base is None:
        return None
    return round(picture.pts * picture.time_base / RTP_CLOCK)
