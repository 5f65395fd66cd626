"""The answer to an offer: which codec, and the bit rate that small movements need.

Browsers begin at 300 to 500 kbit/s and then halve the picture, which blurs away the movements we look
for. Chromium takes its first, least and highest rate from parameters in the answer's codec line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiortc.codecs import h264, vpx

# Both read off the curves of `python -m train.compression`, see train/COMPRESSION.md and its test.
BITS_PER_PIXEL = 0.25  # 2.3 Mbit/s for 640x480 at 30 fps
THIN_BITS_PER_PIXEL = 0.19  # under this VP8 hides a fifth of the known movements: the page warns
LEAST_KBPS, MOST_KBPS = 1_500, 12_000
SHARE_LEAST, SHARE_MOST = 0.5, 1.6  # of what is wanted
BACK_KBPS = 2_500  # of the picture on its way back, for eyes only


@dataclass(frozen=True, slots=True)
class BitRates:
    """What the browser shall send, in kbit/s."""

    start: int
    least: int
    most: int


def wanted_rates(width: int, height: int, fps: float) -> BitRates:
    """The rates for pictures of this size and rate."""
    wanted = min(max(round(width * height * fps * BITS_PER_PIXEL / 1000), LEAST_KBPS), MOST_KBPS)
    return BitRates(wanted, round(wanted * SHARE_LEAST), round(wanted * SHARE_MOST))


def with_rates(sdp: str, rates: BitRates) -> str:
    """The answer with these rates on every video codec that carries pictures (not on repair streams)."""
    google = f"x-google-start-bitrate={rates.start};x-google-min-bitrate={rates.least}"
    google += f";x-google-max-bitrate={rates.most}"
    lines: list[str] = []
    for line in sdp.splitlines():
        picture = re.match(r"a=rtpmap:(\d+) (?:VP8|VP9|H264)/90000", line)
        own = re.match(r"a=fmtp:\d+ (?!apt=)", line)
        if picture and f"a=fmtp:{picture[1]} " not in sdp:
            lines += [line, f"a=fmtp:{picture[1]} {google}"]
        elif own and _carries_pictures(sdp, line):
            lines.append(f"{line};{google}")
        else:
            lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def _carries_pictures(sdp: str, fmtp: str) -> bool:
    number = fmtp.removeprefix("a=fmtp:").partition(" ")[0]
    return re.search(rf"^a=rtpmap:{number} (?:VP8|VP9|H264)/90000", sdp, re.MULTILINE) is not None


def raise_limits() -> None:
    """aiortc's own bounds, made for small talking heads, of the pictures on their way back."""
    for codec in (vpx, h264):
        for name, share in (("DEFAULT_BITRATE", 1.0), ("MIN_BITRATE", 0.6), ("MAX_BITRATE", 1.6)):
            setattr(codec, name, round(BACK_KBPS * 1000 * share))
