"""Files of the synthetic set: videos by several codecs, and the table of the truth."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.errors import ConfigError
from realtime.movement.model import Movement, MovementKind
from realtime.recording.video import VideoFormat, VideoWriter

TRUTH_HEADER = ("video", "onset", "apex", "offset", "type", "label", "aus", "amplitude_px")
VIDEOS_HEADER = ("video", "seconds", "frames", "fps", "person", "part", "source")
CODECS = ("fine", "lossless", "h264", "vp8")
SUFFIXES = {"vp8": ".webm"}

Row = tuple[object, ...]


def video_format(codec: str, kbps: int) -> VideoFormat:
    """`fine` is H.264 of a quality that keeps the sensor noise; h264 and vp8 hold the bit rate of a webcam.

    Times are kept to 1/90000 s (vp8: 1 ms). Raises: ConfigError.
    """
    if codec not in CODECS:
        raise ConfigError(f"--codec is one of {', '.join(CODECS)}, not '{codec}'")
    if kbps <= 0:
        raise ConfigError(f"--kbps must be above 0, not {kbps}")
    rate = {"b": f"{kbps}k", "maxrate": f"{kbps}k", "bufsize": f"{kbps}k"}
    fast = {"preset": "veryfast" if codec == "h264" else "superfast", "g": "60", "bf": "0"}
    if codec == "vp8":
        # Below 0 the speed is fixed; above, it follows the load, and a seed would not give its bytes again.
        options = {**rate, "deadline": "realtime", "cpu-used": "-6", "g": "60"}
        exact = {"fflags": "+bitexact"}  # or the file has an identity drawn by chance
        return VideoFormat("webm", "libvpx", "yuv420p", options, exact, Fraction(1, 1000), 1)
    if codec == "lossless":
        options = {"preset": "ultrafast", "qp": "0"}
        return VideoFormat("mp4", "libx264rgb", "bgr24", options, {}, Fraction(1, 90_000), 1)
    options = {**fast, "tune": "zerolatency", **rate} if codec == "h264" else {**fast, "crf": "10"}
    return VideoFormat("mp4", "libx264", "yuv420p", options, {}, Fraction(1, 90_000), 1)


def open_video(path: Path, shape: tuple[int, int], codec: str, kbps: int) -> VideoWriter:
    """A writer for frames of `shape` (height, width), which 4:2:0 wants even."""
    height, width = shape
    return VideoWriter(path, (width - width % 2, height - height % 2), video_format(codec, kbps))


def truth_row(
    video: str, movement: Movement, t_s: Sequence[float] | NDArray[np.float64], amplitude_px: float
) -> Row:
    """Onset, apex and offset as the delivered frames nearest in time."""
    times = np.asarray(t_s)
    ends = (movement.onset_s, movement.apex_s, movement.offset_s)
    onset, apex, offset = (int(np.abs(times - end).argmin()) for end in ends)
    words = (movement.kind.value, movement.label, movement.aus, f"{amplitude_px:.3f}")
    return (video, onset, apex, offset, *words)


def is_expression(row: Row) -> bool:
    """Whether a row belongs into truth.csv; blinks stand in nuisance.csv."""
    return row[TRUTH_HEADER.index("type")] != MovementKind.BLINK.value
