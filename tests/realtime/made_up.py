"""Made-up events and pictures, and a disk that fills up: what the tests of the output rooms share."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from realtime.types import Event, Flag, Kind

MS = 1_000_000

EVENT = Event(
    event=0,
    source="clip.mp4",
    face=0,
    onset_frame=30,
    apex_frame=35,
    offset_frame=42,
    onset_ns=1_000 * MS + 1_234,
    apex_ns=1_166 * MS,
    offset_ns=1_400 * MS,
    emitted_ns=1_433 * MS,
    kind=Kind.MICRO,
    label="positive",
    confidence=0.81234,
    probabilities=(0.1, 0.81234, 0.08766),
    flags=frozenset({Flag.SPEECH, Flag.BLINK}),
    spot_score=6.54321,
    regions_px={"left_mouth_corner": 1.25, "chin": 0.33333},
)


def made_up(event: int, onset_ms: int = 1000, duration_ms: int = 400, **changes: object) -> Event:
    """The event above, moved in time, with what `changes` says."""
    onset_ns = onset_ms * MS
    times = {
        "onset_ns": onset_ns,
        "apex_ns": onset_ns + duration_ms * MS // 2,
        "offset_ns": onset_ns + duration_ms * MS,
        "emitted_ns": onset_ns + (duration_ms + 33) * MS,
    }
    return replace(EVENT, event=event, **{**times, **changes})  # type: ignore[arg-type]


@contextmanager
def small_disk(size_bytes: int) -> Iterator[None]:
    """Within the block, no file grows over `size_bytes`: the system refuses as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def pictures(count: int, size: tuple[int, int] = (64, 48), seed: int = 0) -> list[NDArray[np.uint8]]:
    """Noise over a moving gradient: nothing about it is easy for a codec."""
    rng = np.random.default_rng(seed)
    width, height = size
    ramp = np.linspace(0, 200, width)[None, :, None] + np.zeros((height, 1, 3))
    return [
        (np.roll(ramp, i, axis=1) + rng.uniform(0, 55, ramp.shape)).astype(np.uint8) for i in range(count)
    ]


def decoded(path: Path) -> list[NDArray[np.uint8]]:
    """Every frame of a video that can still be read, as BGR."""
    found: list[NDArray[np.uint8]] = []
    with suppress(av.FFmpegError), av.open(str(path)) as file:
        for frame in file.decode(video=0):
            found.append(frame.to_ndarray(format="bgr24"))
    return found
