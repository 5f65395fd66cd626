"""How far one frame of one face can be trusted: blink, mouth, head motion, yaw, size, light, rate.

All limits are in units of the person (inter-ocular distances, IOD) and of time, never of frames.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.face.alignment import Pose
from realtime.types import Flag

Points = tuple[int, int]

# face mesh points: upper lid, lower lid, outer corner, inner corner
_LIDS = (((159, 158), (145, 153), 33, 133), ((386, 385), (374, 380), 263, 362))
_LIPS = (13, 14)  # middle of the inner lips
_EYES_OUTER = (33, 263)


@dataclass(frozen=True, slots=True)
class QualityConfig:
    """Limits above which a frame is flagged."""

    blink_closed: float = 0.72  # lid opening, as a share of this person's usual one
    speech_iod: float = 0.045  # range of the lip gap within `speech_s`
    speech_s: float = 0.5
    head_speed_iod_s: float = 0.30  # head motion, measured over `motion_s`
    motion_s: float = 0.12
    yaw_deg: float = 25.0
    small_iod_px: float = 20.0
    light_change: float = 0.05  # relative change of the face's brightness within `motion_s`
    low_fps: float = 24.5  # 25 fps clips measure 25.0, film 23.98
    memory_s: float = 3.0  # over which a person's usual lid opening is known

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) <= 0:
                raise ConfigError(f"quality.{field.name} must be positive, got {getattr(self, field.name)}")


@dataclass(frozen=True, slots=True)
class _Look:
    t_ns: int
    pose: Pose
    lid_opening: float
    lip_gap_iod: float
    brightness: float


class QualityMeter:
    """Flags of one face from frame to frame. Not thread-safe: it lives on `analyse`."""

    def __init__(self, config: QualityConfig) -> None:
        self._config = config
        self._looks: deque[_Look] = deque()
        self._openings: list[float] = []  # of the lids in all looks, in order of size

    def step(
        self,
        landmarks_px: NDArray[np.float32],
        depth_px: NDArray[np.float32],
        pose: Pose,
        brightness: float,
        t_ns: int,
    ) -> tuple[float, frozenset[Flag]]:
        """(quality 0..1, flags) of the next frame.

        Args: landmarks_px (468, 2) and depth_px (468,) of the face mesh in frame pixels; the raw pose;
        brightness, mean gray value of the chip; capture time.
        """
        iod_px = math.exp(pose[2])
        look = _Look(t_ns, pose, lid_opening(landmarks_px), lip_gap(landmarks_px) / iod_px, brightness)
        self._remember(look)
        yaw = math.degrees(abs(math.atan2(*_across(landmarks_px, depth_px))))
        speed = self._head_speed(look)
        flags = {
            Flag.BLINK: look.lid_opening < self._config.blink_closed * self._usual_opening(),
            Flag.SPEECH: self._lip_range(look) > self._config.speech_iod,
            Flag.HEAD_MOTION: speed > self._config.head_speed_iod_s,
            Flag.YAW: yaw > self._config.yaw_deg,
            Flag.SMALL: iod_px < self._config.small_iod_px,
            Flag.LIGHT_CHANGE: self._light_step(look) > self._config.light_change,
            Flag.LOW_FPS: self._low_rate(),
        }
        quality = (
            min(1.0, iod_px / (2 * self._config.small_iod_px))
            * max(0.0, 1 - yaw / (2 * self._config.yaw_deg))
            * max(0.0, 1 - speed / (4 * self._config.head_speed_iod_s))
        )
        return quality, frozenset(flag for flag, raised in flags.items() if raised)

    def _remember(self, look: _Look) -> None:
        self._looks.append(look)
        insort(self._openings, look.lid_opening)
        oldest = look.t_ns - int(self._config.memory_s * NS_PER_S)
        while self._looks[0].t_ns < oldest:
            gone = self._looks.popleft()
            del self._openings[bisect_left(self._openings, gone.lid_opening)]

    def _since(self, look: _Look, span_s: float) -> list[_Look]:
        """The looks of the last `span_s`, newest first, and the one before them."""
        start = look.t_ns - int(span_s * NS_PER_S)
        found: list[_Look] = []
        for past in reversed(self._looks):
            found.append(past)
            if past.t_ns <= start:
                break
        return found

    def _usual_opening(self) -> float:
        """The 70th percentile."""
        position = 0.7 * (len(self._openings) - 1)
        below = self._openings[int(position)]
        above = self._openings[math.ceil(position)]
        return below + (above - below) * (position - int(position))

    def _lip_range(self, look: _Look) -> float:
        gaps = [past.lip_gap_iod for past in self._since(look, self._config.speech_s)]
        return max(gaps) - min(gaps)

    def _head_speed(self, look: _Look) -> float:
        past = self._since(look, self._config.motion_s)[-1]
        if past is look:
            return 0.0
        x, y, size, roll = (look.pose - past.pose).tolist()
        roll = (roll + math.pi) % (2 * math.pi) - math.pi
        moved_iod = math.hypot(math.hypot(x, y) / math.exp(look.pose[2]), size, roll)
        return moved_iod / ((look.t_ns - past.t_ns) / NS_PER_S)

    def _light_step(self, look: _Look) -> float:
        past = self._since(look, self._config.motion_s)[-1]
        return abs(math.log((look.brightness + 1) / (past.brightness + 1)))

    def _low_rate(self) -> bool:
        """Below the limit over the last second; a new face is not judged before half a second.

        The longest pause is left out: a face that was away for a moment says nothing of the camera.
        """
        recent = self._since(self._looks[-1], 1.0)
        if len(recent) < 3 or recent[0].t_ns - recent[-1].t_ns < 0.5 * NS_PER_S:
            return False
        gaps_ns = [newer.t_ns - older.t_ns for newer, older in pairwise(recent)]
        rest_s = (sum(gaps_ns) - max(gaps_ns)) / NS_PER_S
        return (len(gaps_ns) - 1) / rest_s < self._config.low_fps


def lid_opening(landmarks_px: NDArray[np.float32]) -> float:
    """Height over width of the eyes, the mean of both."""
    return sum(_opening(landmarks_px, *lids) for lids in _LIDS) / len(_LIDS)


def _opening(
    landmarks_px: NDArray[np.float32], upper: Points, lower: Points, outer: int, inner: int
) -> float:
    # plain floats: on so few numbers arrays would cost ten times as much
    (ax, ay), (bx, by) = (landmarks_px[point].tolist() for point in upper)
    (cx, cy), (dx, dy) = (landmarks_px[point].tolist() for point in lower)
    height = math.hypot(ax + bx - cx - dx, ay + by - cy - dy) / 2
    return height / max(_distance(landmarks_px, outer, inner), 1e-6)


def lip_gap(landmarks_px: NDArray[np.float32]) -> float:
    """Distance between the inner lips in pixels."""
    return _distance(landmarks_px, *_LIPS)


def _distance(landmarks_px: NDArray[np.float32], first: int, second: int) -> float:
    (ax, ay), (bx, by) = landmarks_px[first].tolist(), landmarks_px[second].tolist()
    return math.hypot(bx - ax, by - ay)


def _across(landmarks_px: NDArray[np.float32], depth_px: NDArray[np.float32]) -> tuple[float, float]:
    """(depth, width) from one eye's outer corner to the other's."""
    right, left = _EYES_OUTER
    return float(depth_px[left] - depth_px[right]), _distance(landmarks_px, right, left)
