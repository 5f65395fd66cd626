"""Where the face lies in its chip: the fitted geometry of the published features, held still.

The published 28x28 maps show the eye line at row 10.0, the midline at column 13.6, 13.3 columns and
10.1 rows per inter-ocular distance (IOD, between the centres of the two eyes' corners). A chip is the
same picture at 128x128. The crop follows the head in three steps:

    landmarks --least squares--> raw pose --one-euro filter--> calm pose --slack--> crop

A head that is held still gets one unchanging crop (no resampling noise at all); a moving head drags
its crop along, a constant small distance behind. What is left is rigid and is taken out of the flow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.types import CHIP_SIZE, MAP_SIZE, Affine

_SCALE = CHIP_SIZE / MAP_SIZE
EYE_ROW = (10.0 + 0.5) * _SCALE - 0.5  # chip row of the eye line
MIDLINE_COLUMN = (13.6 + 0.5) * _SCALE - 0.5
COLUMNS_PER_IOD = 13.3 * _SCALE
ROWS_PER_IOD = 10.1 * _SCALE

# face mesh points
EYE_RIGHT = (33, 133)  # the subject's right eye: outer corner, inner corner
EYE_LEFT = (263, 362)
STABLE = (33, 133, 362, 263, 168, 6, 197, 195)  # eye corners and the nose bridge

Pose = NDArray[np.float64]  # (4,): mid-eye x, y; log IOD; roll in radians. Frame pixels.


@dataclass(frozen=True, slots=True)
class AlignmentConfig:
    """How the crop follows the head."""

    calm_cutoff_hz: float = 1.0  # one-euro: cut-off of a head at rest
    calm_beta: float = 6.0  # one-euro: added cut-off in Hz per IOD/s of speed
    slack_px: float = 1.5  # chip pixels the pose may leave the crop before it is dragged
    template_s: float = 4.0  # time constant with which a person's own geometry is learnt

    def __post_init__(self) -> None:
        if min(self.calm_cutoff_hz, self.template_s) <= 0 or min(self.calm_beta, self.slack_px) < 0:
            raise ConfigError(
                "alignment: calm_cutoff_hz and template_s must be positive, others not negative"
            )


def eyes_pose(landmarks_px: NDArray[np.float32]) -> Pose:
    """Pose from the eye corners alone: the definition of the geometry."""
    # plain floats: on so few numbers arrays would cost ten times as much
    (right_x, right_y), (left_x, left_y) = (_middle(landmarks_px, *eye) for eye in (EYE_RIGHT, EYE_LEFT))
    across_x, across_y = left_x - right_x, left_y - right_y
    size, roll = math.hypot(across_x, across_y), math.atan2(across_y, across_x)
    return np.array([(left_x + right_x) / 2, (left_y + right_y) / 2, math.log(size), roll])


def _middle(landmarks_px: NDArray[np.float32], first: int, second: int) -> tuple[float, float]:
    (ax, ay), (bx, by) = landmarks_px[first].tolist(), landmarks_px[second].tolist()
    return (ax + bx) / 2, (ay + by) / 2


def to_face_units(pose: Pose, points_px: NDArray) -> NDArray[np.float64]:
    """(n, 2) frame pixels -> IOD units, origin between the eyes, x along the eye line."""
    centred = np.asarray(points_px, np.float64) - pose[:2]
    return centred @ _rotation(pose[3]) / math.exp(pose[2])


def fit_pose(template: NDArray[np.float64], points_px: NDArray) -> Pose:
    """Least-squares similarity that lays `template` (n, 2; IOD units) on `points_px` (Umeyama 1991)."""
    points = np.asarray(points_px, np.float64)
    centre_t, centre_p = template.mean(axis=0), points.mean(axis=0)
    from_, to = template - centre_t, points - centre_p
    cosine = float((from_ * to).sum())
    sine = float((from_[:, 0] * to[:, 1] - from_[:, 1] * to[:, 0]).sum())
    scale = math.hypot(cosine, sine) / float((from_**2).sum())
    roll = math.atan2(sine, cosine)
    origin = centre_p - scale * (_rotation(roll) @ centre_t)
    return np.array([origin[0], origin[1], math.log(scale), roll])


def _rotation(roll: float) -> NDArray[np.float64]:
    cosine, sine = math.cos(roll), math.sin(roll)
    return np.array([[cosine, -sine], [sine, cosine]])


def chip_transform(pose: Pose) -> Affine:
    """Frame pixels -> chip pixels for one pose."""
    to_iod = _rotation(pose[3]).T / math.exp(pose[2])
    scaled = np.diag([COLUMNS_PER_IOD, ROWS_PER_IOD]) @ to_iod
    shift = np.array([MIDLINE_COLUMN, EYE_ROW]) - scaled @ pose[:2]
    return np.column_stack([scaled, shift])


def cut_chip(bgr: NDArray[np.uint8], to_chip: Affine) -> NDArray[np.uint8]:
    """The (128, 128) gray chip; outside the picture its border pixels are repeated.

    Only the face's own rectangle is converted to gray. A face larger than its chip is blurred first
    (standard deviation 0.4 of the reduction), or fine texture would flicker as it moves.
    """
    from_chip = np.asarray(cv2.invertAffineTransform(to_chip), np.float64)
    x0, y0, x1, y1 = _rectangle(from_chip, *bgr.shape[:2])
    gray: NDArray = cv2.cvtColor(bgr[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY)
    (a, b, _), (c, d, _) = from_chip.tolist()
    reduction = math.sqrt(abs(a * d - b * c))
    if reduction > 1.2:
        gray = cv2.GaussianBlur(gray, (0, 0), 0.4 * reduction)
    from_chip[:, 2] -= (x0, y0)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    chip = cv2.warpAffine(
        gray, from_chip, (CHIP_SIZE, CHIP_SIZE), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(chip, np.uint8)


def _rectangle(from_chip: Affine, height: int, width: int) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the frame's pixels that the chip looks at; never empty."""
    (a, b, x), (c, d, y) = from_chip.tolist()
    far = CHIP_SIZE
    low_x, high_x = x + far * (min(a, 0) + min(b, 0)), x + far * (max(a, 0) + max(b, 0))
    low_y, high_y = y + far * (min(c, 0) + min(d, 0)), y + far * (max(c, 0) + max(d, 0))
    left, top = _held(math.floor(low_x) - 4, 0, width - 1), _held(math.floor(low_y) - 4, 0, height - 1)
    right = _held(math.ceil(high_x) + 5, left + 1, width)
    return left, top, right, _held(math.ceil(high_y) + 5, top + 1, height)


def _held(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


class Aligner:
    """The crop of one face from frame to frame. Not thread-safe: it lives on `analyse`."""

    def __init__(self, config: AlignmentConfig) -> None:
        self._config = config
        self._template: NDArray[np.float64] | None = None
        self._calm: Pose | None = None
        self._speed = 0.0  # IOD per second, filtered
        self._crop: Pose | None = None
        self._t_ns = 0

    def step(self, landmarks_px: NDArray[np.float32], t_ns: int) -> tuple[Pose, Affine]:
        """(raw pose, frame -> chip transform) for the next frame's (468, 2) landmarks."""
        dt_s = max((t_ns - self._t_ns) / NS_PER_S, 1e-3)
        raw = self._raw_pose(landmarks_px, dt_s)
        self._t_ns = t_ns
        if self._calm is None or self._crop is None:
            self._calm = self._crop = raw
        else:
            self._calm = self._follow(raw, dt_s)
            self._crop = self._drag(self._crop, self._calm)
        return raw, chip_transform(self._crop)

    def _raw_pose(self, landmarks_px: NDArray[np.float32], dt_s: float) -> Pose:
        points = landmarks_px[list(STABLE)]
        seen = to_face_units(eyes_pose(landmarks_px), points)
        if self._template is None:
            self._template = seen
        # Early frames count in full, later ones with the time constant: a running mean that settles.
        self._template = self._template + min(1.0, dt_s / self._config.template_s) * (seen - self._template)
        return fit_pose(self._template, points)

    def _follow(self, raw: Pose, dt_s: float) -> Pose:
        """One-euro filter (Casiez, Roussel, Vogel 2012): the faster the head, the less smoothing."""
        assert self._calm is not None
        step = raw - self._calm
        step[3] = (step[3] + math.pi) % (2 * math.pi) - math.pi
        moved_iod = math.hypot(step[0], step[1]) / math.exp(raw[2]) + abs(step[2]) + abs(step[3])
        self._speed += _gain(1.0, dt_s) * (moved_iod / dt_s - self._speed)
        cutoff_hz = self._config.calm_cutoff_hz + self._config.calm_beta * self._speed
        return self._calm + _gain(cutoff_hz, dt_s) * step

    def _drag(self, crop: Pose, calm: Pose) -> Pose:
        """Leave the crop where it is within the slack; else drag it by what exceeds the slack."""
        step = calm - crop
        per_iod = math.exp(calm[2])
        off_px = COLUMNS_PER_IOD * math.hypot(step[0] / per_iod, step[1] / per_iod, step[2], step[3])
        if off_px <= self._config.slack_px:
            return crop
        return crop + step * (1 - self._config.slack_px / off_px)


def _gain(cutoff_hz: float, dt_s: float) -> float:
    """Weight of a new sample in a first-order low-pass."""
    along = 2 * math.pi * cutoff_hz * dt_s
    return along / (along + 1)
