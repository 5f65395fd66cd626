"""A known movement on a real face as a webcam films it: rest, onset, apex, offset, rest, at 30 fps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.movement.model import (
    Action,
    Movement,
    MovementKind,
    Side,
    amplitude_px,
    dense_displacement,
    face_box,
    iod_px,
    warp,
)
from train.known.people import WEBCAM_SHAPE
from train.synth.people import Person

FPS = 30.0
KEY_FRAMES = (10, 16, 23)  # onset, apex, offset: 0.43 s, an ordinary micro-expression
FRAMES = 29
NOISE_PLACES = 256  # places along each side where a frame can lie on the plane of noise
PROBE_IOD = 0.05  # amplitude at which a movement's field is built before it is scaled

Bgr = NDArray[np.uint8]  # (480, 640, 3)


@dataclass(frozen=True, slots=True)
class Known:
    """A movement whose class is known."""

    units: tuple[int, ...]
    label: int  # 0 negative, 1 positive, 2 surprise
    amplitude_px: float = 1.0  # largest displacement at chip scale
    side: Side = Side.BOTH

    @property
    def name(self) -> str:
        return "+".join(map(str, self.units))

    @property
    def actions(self) -> tuple[Action, ...]:
        return tuple(Action(unit, PROBE_IOD, self.side) for unit in self.units)


@dataclass(frozen=True, slots=True)
class Sway:
    """Small head motion: slow sines of the given reach, each with a phase of its own."""

    shift_iod: float = 0.03  # 1.8 chip pixels, sideways and up and down
    roll_rad: float = 0.01
    size: float = 0.01
    hz: tuple[float, float, float, float] = (0.6, 0.9, 0.5, 0.7)  # x, y, roll, size
    phases: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    def at(self, t_s: float, person: Person) -> NDArray[np.float64]:
        """(2, 3) transform of the resting picture at `t_s`."""
        wave = np.sin(2 * np.pi * np.array(self.hz) * t_s + np.array(self.phases))
        x, y = self.shift_iod * iod_px(person.landmarks_px) * wave[:2]
        middle = person.landmarks_px.mean(axis=0)
        degrees, size = float(np.degrees(self.roll_rad * wave[2])), 1.0 + float(self.size * wave[3])
        at_middle = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), degrees, size)
        turned = np.asarray(at_middle, np.float64)
        turned[:, 2] += (float(x), float(y))
        return turned


class Sensor:
    """A camera's noise: independent per pixel and colour, of one standard deviation, rounded.

    Every picture is laid on another place of one large plane of noise, which is cheaper than new noise.
    """

    def __init__(self, noise: float, rng: np.random.Generator) -> None:
        self._rng = rng
        height, width = WEBCAM_SHAPE
        shape = height + NOISE_PLACES, width + NOISE_PLACES, 3
        self._plane = np.rint(noise * rng.standard_normal(shape, dtype=np.float32)).astype(np.int16)

    def sees(self, bgr: Bgr) -> Bgr:
        y, x = self._rng.integers(0, NOISE_PLACES, 2)
        noise = self._plane[y : y + bgr.shape[0], x : x + bgr.shape[1]]
        seen: Bgr = np.clip(bgr + noise, 0, 255).astype(np.uint8)
        return seen


def film(
    person: Person,
    known: Known,
    sensor: Sensor,
    sway: Sway | None = None,
    *,
    fps: float = FPS,
    pace: float = 1.0,
) -> list[Bgr]:
    """FRAMES pictures, or as many as `fps` gives; `known` begins, peaks and ends at `key_times`."""
    box, field = _field(person, known)
    onset_s, apex_s, offset_s = key_times(pace)
    movement = Movement(onset_s, apex_s, offset_s, known.actions, MovementKind.MICRO, "")
    pictures = []
    for t_s in np.arange(round(FRAMES * fps / FPS)) / fps:
        picture = person.bgr
        strength = movement.strength(float(t_s))
        if strength > 0:
            picture = picture.copy()
            picture[box] = warp(person.bgr[box], field * np.float32(strength))
        pictures.append(sensor.sees(_swayed(picture, person, sway, float(t_s))))
    return pictures


def key_times(pace: float = 1.0) -> tuple[float, float, float]:
    """Seconds of onset, apex and offset: KEY_FRAMES at 30 fps, or `pace` times as fast from the onset on."""
    onset, apex, offset = (KEY_FRAMES[0] + (at - KEY_FRAMES[0]) / pace for at in KEY_FRAMES)
    return onset / FPS, apex / FPS, offset / FPS


def rest(person: Person, sensor: Sensor, frames: int) -> list[Bgr]:
    """The resting face, filmed."""
    return [sensor.sees(person.bgr) for _ in range(frames)]


def displacement(person: Person, known: Known) -> NDArray[np.float32]:
    """(480, 640, 2) pixels: the true flow of the picture from onset to apex."""
    shape = person.bgr.shape[0], person.bgr.shape[1]
    field = dense_displacement(person.landmarks_px, known.actions, shape)
    field *= known.amplitude_px / amplitude_px(field, person.landmarks_px)
    return field


def _field(person: Person, known: Known) -> tuple[tuple[slice, slice], NDArray[np.float32]]:
    """Where the movement takes place, and its displacement there."""
    box = face_box(person.landmarks_px, (person.bgr.shape[0], person.bgr.shape[1]))
    return box, np.ascontiguousarray(displacement(person, known)[box])


def _swayed(bgr: Bgr, person: Person, sway: Sway | None, t_s: float) -> Bgr:
    if sway is None:
        return bgr
    size = bgr.shape[1], bgr.shape[0]
    moved = cv2.warpAffine(
        bgr, sway.at(t_s, person), size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.uint8)
