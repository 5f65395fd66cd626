"""The annotated picture on its way back to the browser: the newest one only."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import cast

import cv2
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from realtime.clock import NS_PER_MS, NS_PER_S, Clock, now_ns
from realtime.recording.video import BgrImage
from realtime.stats import RateMeter

RTP_CLOCK = 90_000
MOST_WIDTH, MOST_HEIGHT = 1280, 720
SMOOTHING = 0.1  # share of the newest age in the mean that is shown


class Annotated(MediaStreamTrack):
    """A video track fed with painted pictures. Lives on the server's loop, except `picture_of`."""

    kind = "video"

    def __init__(self, clock: Clock = now_ns) -> None:
        super().__init__()
        self.rate = RateMeter()
        self.age_ms: float | None = None  # from a frame's arrival to its handing over, smoothed
        self.encode_ms: float | None = None  # from handing over to the next question, smoothed
        self.replaced = 0  # pictures that a newer one overtook before they were sent
        self._clock = clock
        self._start_ns: int | None = None
        self._given_ns: int | None = None
        self._last_pts = -1
        self._newest: tuple[VideoFrame, int] | None = None
        self._came = asyncio.Event()

    def put(self, picture: VideoFrame, arrived_ns: int) -> None:
        """The next picture to send, over one that still waits."""
        self.replaced += self._newest is not None
        self._newest = picture, arrived_ns
        self._came.set()

    async def recv(self) -> VideoFrame:
        """Waits for the next picture. Raises: MediaStreamError once stopped."""
        if self._given_ns is not None:
            self.encode_ms = smoothed(self.encode_ms, (self._clock() - self._given_ns) / NS_PER_MS)
        await self._came.wait()
        self._came.clear()
        if self.readyState != "live" or self._newest is None:
            raise MediaStreamError
        (picture, arrived_ns), self._newest = self._newest, None
        now = self._clock()
        self.rate.push(now)
        self.age_ms = smoothed(self.age_ms, (now - arrived_ns) / NS_PER_MS)
        self._given_ns = now
        picture.pts, picture.time_base = self._stamp(now), Fraction(1, RTP_CLOCK)
        return picture

    def _stamp(self, now: int) -> int:
        """Ticks since the first picture, always more than the last one's."""
        if self._start_ns is None:
            self._start_ns = now
        self._last_pts = max(self._last_pts + 1, (now - self._start_ns) * RTP_CLOCK // NS_PER_S)
        return self._last_pts

    def stop(self) -> None:
        super().stop()
        self._came.set()


def smoothed(mean: float | None, newest: float) -> float:
    return newest if mean is None else mean + SMOOTHING * (newest - mean)


def picture_of(bgr: BgrImage) -> VideoFrame:
    """The picture as the encoder takes it, made on the display thread: of even size, and not larger than
    eyes need, since encoding it costs as much as everything else together.
    """
    shrink = min(1.0, MOST_WIDTH / bgr.shape[1], MOST_HEIGHT / bgr.shape[0])
    if shrink < 1.0:
        bgr = cast(BgrImage, cv2.resize(bgr, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
    height, width = bgr.shape[0] // 2 * 2, bgr.shape[1] // 2 * 2
    return VideoFrame.from_ndarray(bgr[:height, :width], format="bgr24").reformat(format="yuv420p")
