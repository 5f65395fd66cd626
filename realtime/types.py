"""The one chain of frozen types that flows through the house.

    Frame -> FaceChip -> (SpotSignal, Window) -> Flow -> MotionMaps -> Recognition -> Event

Each later type keeps the identity of the earlier ones (source, frame indices, capture times), so
every line of an export can be traced to exact frames. Arrays inside are read-only. All times are
integers in nanoseconds on the source's own time line (`t_ns`); positions are x right, y down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

CHIP_SIZE = 128  # height and width of a face chip, pixels
MAP_SIZE = 28  # height and width of a published motion map, pixels

Affine = NDArray[np.float64]  # (2, 3), maps (x, y, 1) to (x, y)


class Flag(str, Enum):
    """Why a frame or an event should be trusted less. The values stand in the exports."""

    BLINK = "blink"
    SPEECH = "speech"
    HEAD_MOTION = "head_motion"
    LIGHT_CHANGE = "light_change"
    GAPPED = "gapped"
    LOW_FPS = "low_fps"
    EDGE = "edge"
    # These two only ever stand on a chip: such frames are never armed, so no event carries them.
    YAW = "yaw"
    SMALL = "small"


class Kind(str, Enum):
    """MICRO lasts at most 0.5 s from onset to offset; MACRO is anything longer."""

    MICRO = "micro"
    MACRO = "macro"


LABELS = ("negative", "positive", "surprise")  # class order of the published labels 0, 1, 2
UNCLEAR = "unclear"


def freeze(array: NDArray) -> NDArray:
    """The same array, made read-only: done once, when an array is handed over."""
    array.setflags(write=False)
    return array


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture as it arrived."""

    source: str  # "camera:0", a file name, "demo"; credentials removed
    index: int  # 0 for the source's first frame; a lost frame leaves no hole
    t_ns: int  # capture time: container's own for clips, monotonic arrival when live
    arrived_ns: int  # clock.now_ns() when we received it, for the frame's age
    bgr: NDArray[np.uint8]  # (height, width, 3)


@dataclass(frozen=True, slots=True, eq=False)
class FaceChip:
    """One upright face cut from one frame, on the fitted geometry of the published features."""

    source: str
    frame_index: int
    t_ns: int
    face: int  # identity: the same number for the same person across short losses
    gray_u8: NDArray[np.uint8]  # (128, 128), 2.1 inter-ocular distances wide, 2.77 tall
    to_chip: Affine  # frame pixels -> chip pixels
    landmarks_px: NDArray[np.float32]  # (468, 2) face mesh in frame pixels
    iod_px: float  # distance between the eyes' centres, frame pixels
    quality: float  # 0 unusable .. 1 good
    flags: frozenset[Flag]


@dataclass(frozen=True, slots=True, eq=False)
class SpotSignal:
    """What the spotter saw in one chip: one row of signal.csv."""

    source: str
    frame_index: int
    t_ns: int
    face: int
    # Of the threshold's kind: largest evidence since the last frame (learned), or multiples of noise (rules).
    score: float
    threshold: float  # the score above which a movement begins, same unit
    quality: float
    armed: bool  # an event at this frame could have been found
    regions_px: NDArray[np.float32]  # (regions,) movement per region, chip pixels; see REGIONS


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One spotted movement, as positions in the chips that carry it."""

    chips: tuple[FaceChip, ...]
    onset: int  # positions within chips; onset < apex < offset
    apex: int
    offset: int
    kind: Kind
    score: float  # peak of the signal's score
    regions_px: NDArray[np.float32]  # (regions,) movement per region at the apex, chip pixels
    flags: frozenset[Flag]
    emitted_ns: int  # t_ns of the frame at which the spotter was sure

    @property
    def face(self) -> int:
        return self.chips[self.onset].face

    @property
    def source(self) -> str:
        return self.chips[self.onset].source


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Motion of a window's two phases on the onset chip's grid."""

    window: Window
    phases_hw2: NDArray[np.float32]  # (2, 128, 128, 2) px: onset to apex, apex to offset


@dataclass(frozen=True, slots=True, eq=False)
class MotionMaps:
    """The published input layout: flow 1, flow 2, direction 1, direction 2."""

    flow: Flow
    maps_u8: NDArray[np.uint8]  # (4, 28, 28, 3); flow channels: 0 strain, 1 v, 2 u


@dataclass(frozen=True, slots=True, eq=False)
class Recognition:
    """What the network says of one window, calibrated."""

    maps: MotionMaps
    label: str  # one of LABELS, or UNCLEAR
    confidence: float  # highest calibrated probability
    probabilities: tuple[float, float, float]  # in the order of LABELS


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One line of the tables: a candidate, never a verdict. Times are from the first frame."""

    event: int  # 0, 1, 2 .. in order of emission within one run
    source: str
    face: int
    onset_frame: int
    apex_frame: int
    offset_frame: int
    onset_ns: int
    apex_ns: int
    offset_ns: int
    emitted_ns: int
    kind: Kind
    label: str
    confidence: float
    probabilities: tuple[float, float, float]
    flags: frozenset[Flag]
    spot_score: float
    regions_px: dict[str, float]  # region name -> movement at the apex, chip pixels

    def counted_from(self, frame: int, t_ns: int, *, number: int) -> Event:
        """The same event in a recording that begins at `frame` and `t_ns`, where it is the `number`-th."""
        return replace(
            self,
            event=number,
            onset_frame=self.onset_frame - frame,
            apex_frame=self.apex_frame - frame,
            offset_frame=self.offset_frame - frame,
            onset_ns=self.onset_ns - t_ns,
            apex_ns=self.apex_ns - t_ns,
            offset_ns=self.offset_ns - t_ns,
            emitted_ns=self.emitted_ns - t_ns,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """Everything one frame gave: what the overlay draws and the recorder writes."""

    frame: Frame
    chips: tuple[FaceChip, ...]
    signals: tuple[SpotSignal, ...]
    events: tuple[Event, ...]  # emitted at this frame
    recognitions: tuple[Recognition, ...]  # the evidence behind `events`, same order
