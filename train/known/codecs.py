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

DENOISED = "4"  # libvpx: stronger where there is more noise; what Chromium asks for with a camera


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """Pictures as the other side sees them, and what it took to bring them."""

    pictures: list[Bgr]
    bits: int


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
        return self.send(pictures).pictures

    def send(self, pictures: Sequence[Bgr]) -> Sent:
        """The same, with the bits that were sent."""
        encoder = self._encoder(pictures[0])
        decoder = cast(av.VideoCodecContext, av.CodecContext.create(self.decoder, "r"))
        packets: list[av.Packet] = []
        for index, bgr in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(format="yuv420p")
            frame.pts = index
            packets += encoder.encode(frame)
        packets += encoder.encode(None)
        seen = [_bgr(found) for packet in packets for found in decoder.decode(packet)]
        return Sent(seen + [_bgr(found) for found in decoder.decode(None)], 8 * sum(p.size for p in packets))

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


def vp8(kbits_per_s: int, *, denoise: bool = False) -> Codec:
    """`denoise`: the encoder smooths over time first, as browsers let it do with a camera's pictures."""
    live = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}
    if denoise:
        live["noise-sensitivity"] = DENOISED
    rate = {"maxrate": f"{kbits_per_s}k", "minrate": f"{kbits_per_s}k", "bufsize": f"{kbits_per_s // 2}k"}
    return Codec(f"VP8 {kbits_per_s} kbit/s", "libvpx", "vp8", kbits_per_s * 1000, live | rate)


def _bgr(frame: av.VideoFrame) -> Bgr:
    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
