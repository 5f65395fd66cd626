"""Made-up events and a disk that fills up: what the tests of the output rooms share."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

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
