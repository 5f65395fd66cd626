"""Facial movements put into pictures: what moves, how strongly over time, and the warp that shows it.

A `Movement` is a set of actions (action unit, amplitude, side) with one profile over time. Its field
is dense, in face coordinates anchored on the mesh landmarks, and always a forward displacement on the
onset (resting) picture's own grid:

    apex_picture(x + displacement(x)) = onset_picture(x)          x right, y down, pixels

so `displacement` is the true optical flow from onset to apex. `warp` renders by inverse mapping.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import ConfigError
from realtime.face.alignment import COLUMNS_PER_IOD, ROWS_PER_IOD, eyes_pose
from realtime.movement.action_units import ACTION_UNITS
from realtime.movement.field import face_at, unit_field

MARGIN_IOD = 0.45  # how far around the mesh a field may reach
INVERSE_TOLERANCE_PX = 0.03  # OpenCV samples on 1/32 px
INVERSE_ROUNDS = 20
PLAIN_ROUNDS = 3
LONGEST_STEP_PX = 2.0  # keeps Newton's method from leaping out of a nearly shut eye
LEAST_DETERMINANT = 0.15

_NO_MAP = np.empty(0, np.float32)  # both coordinates stand in the first map

Field = NDArray[np.float32]  # (height, width, 2) pixels, x then y


class Side(str, Enum):
    """The person's own sides, as FACS codes them."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"


class MovementKind(str, Enum):
    MICRO = "micro"
    MACRO = "macro"
    BLINK = "blink"


@dataclass(frozen=True, slots=True)
class Action:
    """One action unit at work. `amplitude` is its largest displacement at the apex, in IOD."""

    unit: int
    amplitude: float
    side: Side = Side.BOTH

    def __post_init__(self) -> None:
        if self.unit not in ACTION_UNITS:
            raise ConfigError(f"there is no action unit {self.unit} here; known: {sorted(ACTION_UNITS)}")


@dataclass(frozen=True, slots=True)
class Movement:
    """Actions that share one onset, apex and offset, in seconds of the source's time line.

    `rise` and `decay` skew the profile: below 1 most of the way is gone early, above 1 late.
    """

    onset_s: float
    apex_s: float
    offset_s: float
    actions: tuple[Action, ...]
    kind: MovementKind
    label: str  # negative, positive, surprise; "" for a blink
    rise: float = 1.0
    decay: float = 1.0

    def __post_init__(self) -> None:
        if not self.onset_s < self.apex_s < self.offset_s:
            times = f"{self.onset_s}, {self.apex_s}, {self.offset_s}"
            raise ConfigError(f"a movement's onset, apex and offset must rise: {times}")
        if not self.actions or min(self.rise, self.decay) <= 0:
            raise ConfigError("a movement needs an action, and rise and decay above 0")

    def strength(self, t_s: float) -> float:
        """Share of the apex displacement at `t_s`: 0 outside onset .. offset, 1 at the apex."""
        if self.onset_s < t_s <= self.apex_s:
            return _ease(((t_s - self.onset_s) / (self.apex_s - self.onset_s)) ** self.rise)
        if self.apex_s < t_s < self.offset_s:
            return 1.0 - _ease(((t_s - self.apex_s) / (self.offset_s - self.apex_s)) ** self.decay)
        return 0.0

    @property
    def aus(self) -> str:
        """As FACS writes it: units joined by +, L or R before those of one side."""
        mark = {Side.BOTH: "", Side.LEFT: "L", Side.RIGHT: "R"}
        sides: dict[int, set[Side]] = {}
        for action in self.actions:
            sides.setdefault(action.unit, set()).add(action.side)
        words = [mark[min(found)] if len(found) == 1 else "" for _, found in sorted(sides.items())]
        return "+".join(f"{word}{unit}" for word, unit in zip(words, sorted(sides), strict=True))


def dense_displacement(
    landmarks_px: NDArray[np.floating], actions: Iterable[Action], shape: tuple[int, int]
) -> Field:
    """Where every pixel of the resting picture goes at full strength.

    Args: landmarks_px (468, 2), face mesh of the resting face in this picture; shape (height, width).
    Returns: (height, width, 2) float32 pixels, x right and y down; 0 away from the face.
    """
    landmarks = np.asarray(landmarks_px, np.float32)
    field = np.zeros((*shape, 2), np.float32)
    box = face_box(landmarks, shape)
    face = face_at(landmarks, box)
    for action in actions:
        unit = unit_field(face, ACTION_UNITS[action.unit], action.side.value)
        field[box] += np.float32(action.amplitude) * unit
    return field


def scaled(actions: Iterable[Action], strength: float) -> tuple[Action, ...]:
    """The same actions at `strength` (0..1) of their amplitude."""
    return tuple(replace(action, amplitude=action.amplitude * strength) for action in actions)


def face_box(landmarks_px: NDArray[np.floating], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the picture that a movement of this face can touch."""
    margin = MARGIN_IOD * iod_px(landmarks_px)
    low = np.floor(landmarks_px.min(axis=0) - margin).astype(int).clip(min=0)
    high = np.ceil(landmarks_px.max(axis=0) + margin).astype(int)
    return slice(int(low[1]), min(int(high[1]), shape[0])), slice(int(low[0]), min(int(high[0]), shape[1]))


def iod_px(landmarks_px: NDArray[np.floating]) -> float:
    return float(np.exp(eyes_pose(np.asarray(landmarks_px, np.float32))[2]))


def amplitude_px(field: Field, landmarks_px: NDArray[np.floating]) -> float:
    """The largest displacement of `field` at chip scale (128x128; wider per IOD than tall), pixels."""
    _, _, log_iod, roll = eyes_pose(np.asarray(landmarks_px, np.float32))
    along = field @ np.array([np.cos(roll), np.sin(roll)], np.float32) * COLUMNS_PER_IOD
    across = field @ np.array([-np.sin(roll), np.cos(roll)], np.float32) * ROWS_PER_IOD
    return float(np.hypot(along, across).max() / np.exp(log_iod))


def inverse(field: Field, start: Field | None = None, rounds: int = INVERSE_ROUNDS) -> Field:
    """The way back on the moved picture's grid: v(y) = -field(y + v(y)).

    A few plain rounds suffice for the weak fields of micro-expressions; what is left (an eye nearly
    shut) goes on by Newton's method. Exists where the field folds nothing over; elsewhere (lips
    pressed further than they are thick) the value reached is kept. `start` is a guess.
    """
    grid = pixel_grid(*field.shape[:2])
    slopes: NDArray[np.float32] | None = None
    back = -field if start is None else start
    for done in range(rounds):
        at = grid + back
        step = back + _sampled(field, at)
        if float(np.abs(step).max()) < INVERSE_TOLERANCE_PX:
            break
        if done >= PLAIN_ROUNDS:
            slopes = _slopes(field) if slopes is None else slopes
            step = _newton_step(step, _sampled(slopes, at))
        back = back - step
    return back


def _slopes(field: Field) -> NDArray[np.float32]:
    """(height, width, 4): dx/dx, dy/dx, dx/dy, dy/dy of the field, central differences."""
    along = cv2.Sobel(field, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    down = cv2.Sobel(field, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    return np.concatenate([along, down], axis=2)


def _newton_step(error: Field, slopes: NDArray[np.float32]) -> Field:
    """Solves (I + slopes) step = error per pixel; a nearly singular matrix is kept away from 0."""
    x_x, y_x, x_y, y_y = (slopes[..., channel] for channel in range(4))
    determinant = np.maximum((1 + x_x) * (1 + y_y) - x_y * y_x, LEAST_DETERMINANT)
    step_x = ((1 + y_y) * error[..., 0] - x_y * error[..., 1]) / determinant
    step_y = ((1 + x_x) * error[..., 1] - y_x * error[..., 0]) / determinant
    step = np.stack([step_x, step_y], axis=2)
    return np.clip(step, -LONGEST_STEP_PX, LONGEST_STEP_PX)


def _sampled(planes: NDArray[np.float32], at: Field) -> NDArray[np.float32]:
    moved = cv2.remap(planes, at, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return cast(NDArray[np.float32], moved)


def warp(bgr: NDArray[np.uint8], displacement: Field) -> NDArray[np.uint8]:
    """The picture after every pixel moved by `displacement` (forward, on this picture's grid).

    Cubic interpolation; OpenCV places samples on 1/32 px, so truth is exact to 1/64 px.
    """
    height, width = displacement.shape[:2]
    at = pixel_grid(height, width) + inverse(displacement)
    moved = cv2.remap(bgr, at, _NO_MAP, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return cast(NDArray[np.uint8], moved)


def pixel_grid(height: int, width: int) -> Field:
    """(height, width, 2): each pixel's own x, y."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.stack([x, y], axis=2)


def _ease(share: float) -> float:
    """From 0 to 1 with a soft start and end."""
    return share * share * (3.0 - 2.0 * share)
