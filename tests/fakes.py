"""Things that stand in for cameras, clocks and rooms, shared by every test."""

from __future__ import annotations

import numpy as np

from realtime.clock import NS_PER_S
from realtime.types import CHIP_SIZE, Analysis, FaceChip, Flag, Frame, freeze


class ManualClock:
    """A clock that stands still until a test moves it; every call may also move it by `step_ns`."""

    def __init__(self, start_ns: int = 0, step_ns: int = 0) -> None:
        self.now_ns = start_ns
        self.step_ns = step_ns

    def __call__(self) -> int:
        self.now_ns += self.step_ns
        return self.now_ns

    def advance(self, duration_s: float) -> None:
        self.now_ns += int(duration_s * NS_PER_S)


def make_frame(
    index: int = 0, fps: float = 30.0, *, size: tuple[int, int] = (48, 64), level: int = 0
) -> Frame:
    """A flat picture of `size` (height, width) at its place on the time line of a steady source."""
    t_ns = round(index * NS_PER_S / fps)
    bgr = np.full((*size, 3), level, np.uint8)
    return Frame(source="fake", index=index, t_ns=t_ns, arrived_ns=t_ns, bgr=freeze(bgr))


def make_chip(
    index: int = 0, fps: float = 30.0, *, face: int = 0, flags: frozenset[Flag] = frozenset(), level: int = 0
) -> FaceChip:
    """A flat chip that lies on the frame as it is: chip pixels are frame pixels."""
    return FaceChip(
        source="fake",
        frame_index=index,
        t_ns=round(index * NS_PER_S / fps),
        face=face,
        gray_u8=freeze(np.full((CHIP_SIZE, CHIP_SIZE), level, np.uint8)),
        to_chip=freeze(np.eye(2, 3)),
        landmarks_px=freeze(np.zeros((468, 2), np.float32)),
        iod_px=60.0,
        quality=1.0,
        flags=flags,
    )


def make_analysis(index: int = 0, fps: float = 30.0, *, size: tuple[int, int] = (48, 64)) -> Analysis:
    """What a frame without a face gives."""
    return Analysis(make_frame(index, fps, size=size), chips=(), signals=(), events=(), recognitions=())
