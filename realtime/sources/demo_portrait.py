"""Renders the demo's pictures: a public-domain portrait whose face and head move by known amounts.

The portrait is NASA's of the astronaut Eileen Collins (public domain), as scikit-image carries it. It is
enlarged once; each frame is then one interpolation of it: the head's pose and the face's movement are
joined into one map, so that a movement changes nothing but places.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.movement.geometry import eye_opening
from realtime.movement.model import (
    Field,
    Movement,
    amplitude_px,
    dense_displacement,
    face_box,
    inverse,
    iod_px,
)

MESH_FILE = Path(__file__).with_name("portrait_mesh.csv")
FACE_CENTRE = (225.0, 122.0)  # in the portrait, pixels
IOD_AT_640X480_PX = 90.0
NOISE_SD = 1.8  # gray levels
NOISE_SHIFTS = 64  # the noise tile is so much larger than the frame, in pixels each way
STILL_PX = 0.02  # displacements under this are left out of a movement's box

Bgr = NDArray[np.uint8]
_NO_MAP = np.empty(0, np.float32)


class MovedFace:
    """One movement's field on the canvas, ready to be shown at any strength.

    The way back is needed for each strength s. It is worked out at 1/2 and 1 and taken between them
    as a parabola through 0, which for the demo's weak fields is right to some hundredths of a pixel.
    """

    def __init__(self, movement: Movement, landmarks_px: NDArray[np.float32], shape: tuple[int, int]) -> None:
        field = dense_displacement(landmarks_px, movement.actions, shape)
        rows, columns = _moving(field, face_box(landmarks_px, shape))
        self.corner = (columns.start, rows.start)
        half, whole = inverse(0.5 * field[rows, columns]), inverse(field[rows, columns])
        self._slope: Field = 4 * half - whole
        self._bend: Field = 2 * whole - 4 * half

    def back(self, strength: float) -> Field:
        """(rows, columns, 2): from where on the resting canvas each pixel of the box comes."""
        mixed = cv2.addWeighted(self._slope, strength, self._bend, strength * strength, 0.0)
        return np.asarray(mixed, np.float32)

    @property
    def corners_px(self) -> NDArray[np.float64]:
        """(4, 2) the box on the canvas."""
        height, width = self._slope.shape[:2]
        x, y = self.corner
        return np.array([(x, y), (x + width, y), (x, y + height), (x + width, y + height)], np.float64)


class HeadMotion:
    """A head that is held still by muscles, not by a clamp: slow, small, never repeating soon."""

    def __init__(self, seed: int, scale: float) -> None:
        rng = np.random.default_rng((seed, 1))
        reach = np.array([2.5 * scale, 2.0 * scale, np.radians(0.5), 0.004])  # x, y px; roll; size
        self._reach = reach[:, None] * np.array([0.6, 0.4, 0.25])
        self._hertz = 1 / rng.uniform((22, 11, 6), (34, 17, 9), (4, 3))
        self._phase = rng.uniform(0, 2 * np.pi, (4, 3))

    def at(self, t_s: float) -> tuple[float, float, float, float]:
        """Shift right and down in pixels, roll in radians, size factor minus 1."""
        wave = np.sin(2 * np.pi * self._hertz * t_s + self._phase)
        x, y, roll, size = (self._reach * wave).sum(axis=1).tolist()
        return x, y, roll, size


class PortraitRenderer:
    """Frames of the moving portrait. Deterministic: the same seed, time and index give the same bytes."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        self.size = (width, height)
        self._seed = seed
        scale = min(width / 640, height / 480)
        self._margin = int(np.ceil(12 * scale)) + 2
        self._canvas, self.landmarks_px = _enlarged(width, height, self._margin, scale)
        self._canvas_shape = (height + 2 * self._margin, width + 2 * self._margin)
        self.eye_opening = eye_opening(self.landmarks_px)
        self._head = HeadMotion(seed, scale)
        self._noise = _noise_tiles(seed, width, height)

    def prepare(self, movement: Movement) -> MovedFace:
        return MovedFace(movement, self.landmarks_px, self._canvas_shape)

    def amplitude_px(self, movement: Movement) -> float:
        """The movement's largest displacement in a 128x128 chip, pixels."""
        field = dense_displacement(self.landmarks_px, movement.actions, self._canvas_shape)
        return amplitude_px(field, self.landmarks_px)

    def render(self, t_s: float, index: int, moved: MovedFace | None = None, strength: float = 0.0) -> Bgr:
        """(height, width, 3) uint8: the portrait at `t_s`, with a movement at `strength`, and noise."""
        to_canvas = self._to_canvas(t_s)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        bgr = cv2.warpAffine(self._canvas, to_canvas, self.size, flags=flags)
        if moved is not None and strength > 0:
            self._move(bgr, to_canvas, moved, strength)
        return self._with_noise(np.asarray(bgr, np.uint8), index)

    def to_frame(self, points_px: NDArray[np.floating], t_s: float) -> NDArray[np.float64]:
        """(n, 2) canvas pixels -> frame pixels at `t_s`: where the resting landmarks are then."""
        back = cv2.invertAffineTransform(self._to_canvas(t_s))
        return np.asarray(points_px, np.float64) @ back[:, :2].T + back[:, 2]

    def _to_canvas(self, t_s: float) -> NDArray[np.float64]:
        """(2, 3) frame pixels -> canvas pixels."""
        x, y, roll, size = self._head.at(t_s)
        width, height = self.size
        cosine, sine = np.cos(roll) / (1 + size), np.sin(roll) / (1 + size)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        middle = np.array([width / 2, height / 2])
        shift = middle + self._margin - turn @ (middle + (x, y))
        return np.column_stack([turn, shift])

    def _move(
        self, bgr: cv2.typing.MatLike, to_canvas: NDArray[np.float64], moved: MovedFace, strength: float
    ) -> None:
        """Draws the moved part of the face again, straight from the canvas."""
        rows, columns = self._box_in_frame(to_canvas, moved)
        x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :]
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
        at = np.empty((y.size, x.size, 2), np.float32)
        for axis in (0, 1):
            a, b, c = to_canvas[axis].astype(np.float32)
            np.add(a * x, b * y + c, out=at[..., axis])
        in_box = at - np.array(moved.corner, np.float32)
        at += cv2.remap(moved.back(strength), in_box, _NO_MAP, cv2.INTER_LINEAR)
        bgr[rows, columns] = cv2.remap(self._canvas, at, _NO_MAP, cv2.INTER_LINEAR)

    def _box_in_frame(self, to_canvas: NDArray[np.float64], moved: MovedFace) -> tuple[slice, slice]:
        back = cv2.invertAffineTransform(to_canvas)
        corners = moved.corners_px @ back[:, :2].T + back[:, 2]
        low = np.floor(corners.min(axis=0)).astype(int).clip(min=0)
        high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, self.size)
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))

    def _with_noise(self, bgr: Bgr, index: int) -> Bgr:
        """Sensor noise from one large tile at a place drawn anew for each frame."""
        x, y = np.random.default_rng((self._seed, 2, index)).integers(0, NOISE_SHIFTS, 2)
        width, height = self.size
        up, down = (tile[y : y + height, x : x + width] for tile in self._noise)
        return np.asarray(cv2.subtract(cv2.add(bgr, up), down), np.uint8)


def _enlarged(width: int, height: int, margin: int, scale: float) -> tuple[Bgr, NDArray[np.float32]]:
    """The portrait laid into a canvas `margin` larger than the frame all round, and its mesh there."""
    from skimage.data import astronaut  # not at the top: it takes 0.3 s, and only the demo needs it

    mesh = np.loadtxt(MESH_FILE, delimiter=",", dtype=np.float32)
    zoom = IOD_AT_640X480_PX * scale / iod_px(mesh)
    middle = (width / 2 + margin, height / 2 + margin)
    place = np.array(
        [[zoom, 0, middle[0] - zoom * FACE_CENTRE[0]], [0, zoom, middle[1] - zoom * FACE_CENTRE[1]]]
    )
    portrait = cv2.cvtColor(cast(Bgr, astronaut()), cv2.COLOR_RGB2BGR)  # type: ignore[no-untyped-call]
    if zoom < 1:
        portrait = cv2.GaussianBlur(portrait, (0, 0), 0.5 / zoom)
    size = (width + 2 * margin, height + 2 * margin)
    canvas = cv2.warpAffine(portrait, place, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    landmarks = mesh * np.float32(zoom) + place[:, 2].astype(np.float32)
    return np.asarray(canvas, np.uint8), landmarks


def _noise_tiles(seed: int, width: int, height: int) -> tuple[Bgr, Bgr]:
    """The noise's positive and negative part: two saturating byte operations per frame are quick."""
    rng = np.random.default_rng((seed, 3))
    shape = (height + NOISE_SHIFTS, width + NOISE_SHIFTS, 3)
    noise = np.rint(NOISE_SD * rng.standard_normal(shape, np.float32))
    return noise.clip(0, 255).astype(np.uint8), (-noise).clip(0, 255).astype(np.uint8)


def _moving(field: Field, box: tuple[slice, slice]) -> tuple[slice, slice]:
    """The part of `box` in which the field is worth moving."""
    moves = np.abs(field[box]).max(axis=2) > STILL_PX
    rows, columns = np.flatnonzero(moves.any(axis=1)), np.flatnonzero(moves.any(axis=0))
    top, left = box[0].start, box[1].start
    return (
        slice(top + int(rows[0]) - 1, top + int(rows[-1]) + 2),
        slice(left + int(columns[0]) - 1, left + int(columns[-1]) + 2),
    )
