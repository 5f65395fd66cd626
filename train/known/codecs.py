"""Pictures through a video codec and back, as a browser's webcam stream would bring them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

from train.known.film import FPS

Bgr = NDArray[np.uint8]  # (height, width, 3)


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoder set for live pictures: one frame in, one frame out, at a bit rate."""

    name: str
    encoder: str  # as libav calls it
    decoder: str
    bits_per_s: int
    options: dict[str, str] = field(default_factory=dict, hash=False)
    fps: float = FPS  # the bit rate is kept for frames that come so often

    def through(self, pictures: Sequence[Bgr]) -> list[Bgr]:
        """The pictures as the other side sees them, as many as went in."""
        encoder = self._encoder(pictures[0])
        decoder = cast(av.VideoCodecContext, av.CodecContext.create(self.decoder, "r"))
        seen: list[Bgr] = []
        for index, bgr in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(format="yuv420p")
            frame.pts = index
            for packet in encoder.encode(frame):
                seen += [_bgr(found) for found in decoder.decode(packet)]
        for packet in encoder.encode(None):
            seen += [_bgr(found) for found in decoder.decode(packet)]
        return seen + [_bgr(found) for found in decoder.decode(None)]

    def _encoder(self, bgr: Bgr) -> av.VideoCodecContext:
        context = cast(av.VideoCodecContext, av.CodecContext.create(self.encoder, "w"))
        context.height, context.width = bgr.shape[:2]
        context.pix_fmt = "yuv420p"
        context.bit_rate = self.bits_per_s
        context.time_base = Fraction(1, round(self.fps))
        context.framerate = Fraction(round(self.fps))
        context.options = {"g": "3000", **self.options}  # a call sends no further key frames by itself
        context.thread_count = 1
        return context


def h264(kbits_per_s: int) -> Codec:
    rate = {"maxrate": f"{kbits_per_s}k", "bufsize": f"{kbits_per_s // 2}k"}
    live = {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline"}
    return Codec(f"H.264 {kbits_per_s} kbit/s", "libx264", "h264", kbits_per_s * 1000, live | rate)


def vp8(kbits_per_s: int) -> Codec:
    live = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}
    rate = {"maxrate": f"{kbits_per_s}k", "minrate": f"{kbits_per_s}k", "bufsize": f"{kbits_per_s // 2}k"}
    return Codec(f"VP8 {kbits_per_s} kbit/s", "libvpx", "vp8", kbits_per_s * 1000, live | rate)


def _bgr(frame: av.VideoFrame) -> Bgr:
    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
