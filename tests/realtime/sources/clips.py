"""Small clips made on the spot, with exact timestamps and a number that can be read back."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

MILLISECONDS = Fraction(1, 1000)


def numbered(index: int, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """A picture whose gray level tells its number; its upper left quarter is white."""
    bgr = np.full((height, width, 3), 10 + 8 * index, np.uint8)
    bgr[: height // 2, : width // 2] = 255
    return bgr


def number_of(bgr: NDArray[np.uint8]) -> int:
    height, width = bgr.shape[:2]
    return round((float(bgr[height * 3 // 4, width * 3 // 4].mean()) - 10) / 8)


def write_clip(
    path: Path,
    stamps_ms: Iterable[int],
    *,
    codec: str = "mpeg4",
    rotation: int = 0,
    b_frames: int = 0,
    sizes: Iterable[tuple[int, int]] | None = None,
) -> Path:
    """One numbered picture per stamp. `sizes` (only for self-contained codecs) may change by frame."""
    stamps = list(stamps_ms)
    shapes = list(sizes) if sizes is not None else [(64, 48)] * len(stamps)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=1000)
        stream.width, stream.height = shapes[0]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = MILLISECONDS
        stream.codec_context.max_b_frames = b_frames
        if rotation:
            stream.set_display_rotation(rotation)
        for index, (stamp, (width, height)) in enumerate(zip(stamps, shapes, strict=True)):
            frame = av.VideoFrame.from_ndarray(numbered(index, width, height), "bgr24")
            frame.pts, frame.time_base = stamp, MILLISECONDS
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
