"""Eight frames of a known movement on a real face, with exact flow and landmarks.

    resting face --movement, blink, syllables, turn, sway--> frames --noise, compression--> held still

Everything that moves the skin adds up to one displacement of the resting chip, then the head sways as a
whole; frames are rendered by going back. The live code then holds the frames still, and the truth goes along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import ConfigError
from realtime.movement.geometry import eye_opening
from realtime.movement.model import Action, Field, Movement, inverse, pixel_grid
from realtime.movement.mol_frames import FRAMES, spread, steadied
from realtime.types import CHIP_SIZE, LABELS
from train.mol.faces import Face, Look
from train.mol.landmarks import sixty_eight
from train.spotting.lively import TALK_UNITS, chip_field, turns
from train.synth.nuisance import Sway
from train.synth.script import ScriptConfig, blink, draw_script

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Strength = Callable[[float], float]  # share of a field at a moment

SCRIPT = ScriptConfig(micro_amplitude=(0.005, 0.035), macro_share=0.15, lead_s=0.0)
LONGEST_S = 5.0
_NOWHERE = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class ClipConfig:
    """What a clip is like besides its movement."""

    fps: tuple[float, ...] = (25.0, 30.0, 60.0, 100.0, 200.0)
    window_off: float = 0.25  # the window begins and ends this much too early or late, of the duration
    window_off_s: float = 0.12  # and at most so much
    sway_px: float = 3.0
    noise: tuple[float, float] = (0.3, 2.5)  # standard deviation, gray levels
    drift: float = 2.0  # gray levels
    compressed_share: float = 0.3
    blink_share: float = 0.2
    talk_share: float = 0.2
    turn_share: float = 0.3
    turn_rad: float = 0.02

    def __post_init__(self) -> None:
        if not self.fps or min(self.fps) <= 0 or not 0 <= self.window_off < 0.5:
            raise ConfigError("a clip needs frame rates above 0, and a window that holds its movement")


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One sample."""

    frames_u8: U8  # (8, 128, 128), held still
    flow_px: NDArray[np.float16]  # (7, 2, 128, 128) x, y: from each frame to the next, on the earlier's grid
    landmarks_px: F32  # (8, 68, 2)
    label: int
    amplitude_px: float  # largest displacement of the movement
    keys_u8: U8  # (3, 128, 128) as filmed: the true onset, apex and offset


def draw_clip(face: Face, rng: np.random.Generator, config: ClipConfig = ClipConfig()) -> Clip:
    """A movement drawn, put into the face, filmed and held still."""
    face = Look()(face, rng)
    (movement, *_) = draw_script(rng, [(0.0, LONGEST_S)], SCRIPT, eye_opening(face.mesh_px))
    skin = _Skin(face, movement, rng, config)
    t_s = _times(movement, rng, config)
    sway = _Sways(rng, config.sway_px, t_s[0])
    keys_s = [movement.onset_s, movement.apex_s, movement.offset_s]
    moves = [skin.at(t) for t in t_s]
    camera = _Camera(rng, config)
    seen = [camera.sees(_rendered(face, skin.at(t), sway.at(t)), t) for t in keys_s]
    frames, still = steadied([
        camera.sees(_rendered(face, moved, sway.at(t)), t) for moved, t in zip(moves, t_s, strict=True)
    ])  # fmt: skip
    went = [_went(moved, sway.at(t), back) for moved, t, back in zip(moves, t_s, still, strict=True)]
    return Clip(
        frames,
        _flows(went),
        np.stack([_carried(sixty_eight(face.mesh_px), each) for each in went]),
        LABELS.index(movement.label),
        skin.amplitude_px,
        np.stack(seen),
    )


def _times(movement: Movement, rng: np.random.Generator, config: ClipConfig) -> list[float]:
    """Of eight frames of a camera, spread over about the movement's duration."""
    lasts = movement.offset_s - movement.onset_s
    off = rng.uniform(-1, 1, 2) * min(config.window_off * lasts, config.window_off_s)
    fps, phase = float(rng.choice(config.fps)), rng.uniform(0, 1)
    first, last = (movement.onset_s + off[0]) * fps - phase, (movement.offset_s + off[1]) * fps - phase
    positions = spread(round(first), max(round(last), round(first) + 2), FRAMES)
    return [(at + phase) / fps for at in positions]


class _Skin:
    """Displacement of the resting chip at any moment, pixels."""

    def __init__(self, face: Face, movement: Movement, rng: np.random.Generator, config: ClipConfig) -> None:
        field = chip_field(face.chip, movement.actions)
        self.amplitude_px = float(np.linalg.norm(field, axis=2).max())
        self._parts: list[tuple[Field, Strength]] = [(field, movement.strength)]
        if rng.random() < config.blink_share:
            at_s = rng.uniform(-0.2, movement.offset_s)
            shut = blink(rng, at_s, eye_opening(face.mesh_px))
            self._parts.append((chip_field(face.chip, shut.actions), shut.strength))
        if rng.random() < config.talk_share:
            for unit in rng.choice(TALK_UNITS, 2, replace=False):
                syllable = chip_field(face.chip, [Action(int(unit), float(rng.uniform(0.003, 0.02)))])
                self._parts.append((syllable, _waves(rng)))
        if rng.random() < config.turn_share:
            for turn in turns():
                speed = rng.uniform(-1, 1) * config.turn_rad / (movement.offset_s - movement.onset_s)
                self._parts.append((turn, lambda t, speed=speed: speed * t))  # type: ignore[misc]

    def at(self, t_s: float) -> Field:
        total = np.zeros((CHIP_SIZE, CHIP_SIZE, 2), np.float32)
        for field, strength in self._parts:
            if share := strength(t_s):
                total += np.float32(share) * field
        return total


def _waves(rng: np.random.Generator) -> Strength:
    hertz, phase = rng.uniform(2, 5), rng.uniform(0, 2 * np.pi)
    return lambda t_s: float(np.sin(2 * np.pi * hertz * t_s + phase))


class _Sways:
    """The head's motion since the window began: the crop had followed it until then."""

    def __init__(self, rng: np.random.Generator, reach_px: float, start_s: float) -> None:
        self._sway = Sway(rng, reach_px * float(rng.uniform(0, 1)))
        self._shift_s = float(rng.uniform(0, 10)) - start_s
        self._back = np.linalg.inv(self._whole(start_s))

    def at(self, t_s: float) -> NDArray[np.float64]:
        """(3, 3) resting pixels to pixels at `t_s`."""
        return self._whole(t_s) @ self._back

    def _whole(self, t_s: float) -> NDArray[np.float64]:
        middle = (CHIP_SIZE - 1) / 2
        return _whole(self._sway.at(t_s + self._shift_s, (middle, middle)))


class _Camera:
    """Noise, light that drifts, compression: of one camera."""

    def __init__(self, rng: np.random.Generator, config: ClipConfig) -> None:
        self._rng = rng
        self._noise = float(rng.uniform(*config.noise))
        self._drift = float(rng.uniform(-1, 1)) * config.drift
        self._quality = int(rng.integers(40, 96)) if rng.random() < config.compressed_share else None

    def sees(self, gray: F32, t_s: float) -> U8:
        noisy = gray + self._noise * self._rng.standard_normal(gray.shape, dtype=np.float32)
        seen = np.clip(np.rint(noisy + self._drift * np.sin(3 * t_s)), 0, 255).astype(np.uint8)
        if self._quality is None:
            return seen
        packed = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, self._quality])[1]
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)


def _rendered(face: Face, moved: Field, sway: NDArray[np.float64]) -> F32:
    """(128, 128) the resting chip after its skin moved and its head swayed."""
    z = _through(pixel_grid(CHIP_SIZE, CHIP_SIZE), np.linalg.inv(sway))
    at = z + _sampled(inverse(moved, rounds=6), z)
    gray = face.gray_u8.astype(np.float32)
    return np.asarray(cv2.remap(gray, at, _NOWHERE, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def _went(moved: Field, sway: NDArray[np.float64], still: NDArray[np.float64]) -> Field:
    """Displacement of the resting chip into the frame held still; `still` leads from there to the frame."""
    grid = pixel_grid(CHIP_SIZE, CHIP_SIZE)
    return _through(grid + moved, np.linalg.inv(_whole(still)) @ sway) - grid


def _flows(went: Sequence[Field]) -> NDArray[np.float16]:
    """(frames - 1, 2, 128, 128): from each frame's grid back to rest, and on to the next frame."""
    grid = pixel_grid(CHIP_SIZE, CHIP_SIZE)
    flows = []
    for earlier, later in zip(went, went[1:], strict=False):
        back = inverse(earlier, rounds=8)
        flows.append(back + _sampled(later, grid + back))
    return np.stack(flows).transpose(0, 3, 1, 2).astype(np.float16)


def _carried(points: F32, went: Field) -> F32:
    return points + _sampled(went, points[None])[0]


def _sampled(field: Field, at: NDArray) -> Field:
    where = np.asarray(at, np.float32)
    return np.asarray(
        cv2.remap(field, where, _NOWHERE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def _through(points: NDArray, matrix: NDArray[np.float64]) -> F32:
    return np.asarray(points @ matrix[:2, :2].T + matrix[:2, 2], np.float32)


def _whole(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([affine, [0.0, 0.0, 1.0]])
