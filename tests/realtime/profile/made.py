"""Profiles and pictures that the tests of calibration share."""

from __future__ import annotations

from realtime.clock import NS_PER_S
from realtime.profile.camera_check import CameraReport
from realtime.profile.neutral import Neutral
from realtime.profile.profile import Profile, new_profile
from realtime.spotting.regions import REGIONS

CAMERA = CameraReport(
    width=640, height=480, frames=301, seconds=10.0, fps=30.0, jitter_ms=1.5, longest_gap_ms=40.0, lost=0,
    skipped=0, repeated=0.0, brightness=120.0, dark=0.01, bright=0.01, drift=0.01,
    flicker=0.001, flicker_hz=10.0,
)  # fmt: skip
NEUTRAL = Neutral(10.0, 290, 80.0, tuple(0.04 + 0.001 * number for number in range(len(REGIONS))))


def make_profile(name: str = "desk", *, neutral: Neutral | None = NEUTRAL) -> Profile:
    return new_profile(name, "camera:0", CAMERA, neutral)


def at(index: int, fps: float = 30.0) -> int:
    return round(index * NS_PER_S / fps)
