"""Made-up faces, events and pictures, and a disk that fills up: what the tests of the output rooms share."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from realtime.spotting.regions import REGION_LANDMARKS
from realtime.types import (
    CHIP_SIZE,
    Event,
    FaceChip,
    Flag,
    Flow,
    Kind,
    MotionMaps,
    Recognition,
    SpotSignal,
    Window,
)

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


def face_chip(
    face: int = 0,
    *,
    centre: tuple[float, float] = (320, 260),
    iod_px: float = 70.0,
    flags: frozenset[Flag] = frozenset(),
) -> FaceChip:
    """A face whose mesh points are spread over an ellipse; the chip lies upright around its centre."""
    rng = np.random.default_rng(5)
    angle, reach = rng.uniform(0, 2 * np.pi, 468), np.sqrt(rng.uniform(0, 1, 468))
    spread = np.stack([np.cos(angle) * reach, np.sin(angle) * reach * 1.3], axis=1) * iod_px
    scale = CHIP_SIZE / (2.1 * iod_px), CHIP_SIZE / (2.77 * iod_px)
    to_chip = np.array(
        [[scale[0], 0, 64 - scale[0] * centre[0]], [0, scale[1], 64 - scale[1] * centre[1]]], np.float64
    )
    return FaceChip(
        source="clip.mp4",
        frame_index=0,
        t_ns=0,
        face=face,
        gray_u8=np.full((CHIP_SIZE, CHIP_SIZE), 120, np.uint8),
        to_chip=to_chip,
        landmarks_px=(spread + centre).astype(np.float32),
        iod_px=iod_px,
        quality=1.0,
        flags=flags,
    )


def face_signal(face: int = 0, t_ns: int = 0, *, score: float = 2.0, **regions_px: float) -> SpotSignal:
    """An armed signal with a threshold of 6; `regions_px` says which regions move."""
    moved = np.array([regions_px.get(name, 0.0) for name in REGION_LANDMARKS], np.float32)
    return SpotSignal("clip.mp4", 0, t_ns, face, score, 6.0, 1.0, True, moved)


def moved_at(x: int, y: int, px: float = 2.0, face: int = 0) -> Recognition:
    """The evidence of a movement of `px` pixels around one place of the chip."""
    rows, columns = np.mgrid[0:CHIP_SIZE, 0:CHIP_SIZE]
    phases_hw2 = np.zeros((2, CHIP_SIZE, CHIP_SIZE, 2), np.float32)
    phases_hw2[0, ..., 1] = px * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 8.0**2))
    chip = face_chip(face)
    still = np.zeros(len(REGION_LANDMARKS), np.float32)
    window = Window((chip,) * 3, 0, 1, 2, Kind.MICRO, 9.0, still, frozenset(), 0)
    maps = MotionMaps(Flow(window, phases_hw2), np.zeros((4, 28, 28, 3), np.uint8))
    return Recognition(maps, "positive", 0.8, (0.1, 0.8, 0.1))


def gray_picture(size: tuple[int, int] = (640, 480), level: int = 90) -> NDArray[np.uint8]:
    return np.full((size[1], size[0], 3), level, np.uint8)
