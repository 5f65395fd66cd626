"""Windows with exact truth: real faces, moved by known action units, seen through a webcam's defects.

A still is laid into a 640x480 picture at twice the size, so that sub-pixel movement is rendered and not
interpolated. The movement model gives a field on the resting picture's own grid, which is the true flow
of the first phase; the face then returns to rest, so the true flow of the second is the field's inverse.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import SourceError
from realtime.face.alignment import chip_transform, cut_chip, eyes_pose
from realtime.face.finder import FaceFinder
from realtime.movement.model import Action, Side, amplitude_px, dense_displacement, inverse, pixel_grid
from realtime.types import CHIP_SIZE, Affine, Frame

BGR = NDArray[np.uint8]  # (480, 640, 3)
Field = NDArray[np.float32]  # (height, width, 2)

WIDTH, HEIGHT = 640, 480
IOD_PX = 88.0  # of the face in the picture: somebody at arm's length from a laptop
FINER = 2  # pictures are rendered at this multiple of their size
AMPLITUDES_PX = (0.0, 0.2, 0.5, 1.0, 2.0)  # largest displacement at chip scale
CONDITIONS = ("noise", "light", "h264", "vp8", "head")
NOISE = 4.0  # standard deviation per colour channel: about 1 in the chip
CODEC_NOISE = 3.0
BIT_RATES = {"h264": 1_500_000, "vp8": 1_500_000}
ENCODERS: dict[str, tuple[str, dict[str, str]]] = {
    "h264": ("libx264", {"preset": "veryfast", "tune": "zerolatency"}),
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "-6"}),
}
NO_MAP = np.empty(0, np.float32)  # both coordinates stand in the first map
RUN_UP = 5  # frames at rest before the movement, so that the encoder has settled

MOVEMENTS: tuple[tuple[Action, ...], ...] = (
    (Action(1, 1.0), Action(2, 0.8)),
    (Action(4, 1.0),),
    (Action(12, 1.0),),
    (Action(15, 1.0),),
    (Action(9, 1.0),),
    (Action(17, 1.0),),
    (Action(14, 1.0, Side.LEFT),),
    (Action(6, 0.6), Action(12, 1.0)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A face laid into the picture, at `FINER` times its size."""

    name: str
    bgr: BGR
    landmarks_px: NDArray[np.float32]  # (468, 2), of the finer picture
    to_chip: Affine  # from the picture at its own size


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One window and its true flow."""

    person: str
    condition: str
    amplitude_px: float
    chips_u8: tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]  # onset, apex, offset
    truth_hw2: NDArray[np.float32]  # (2, 128, 128, 2) px
    moved: NDArray[np.bool_]  # (2, 128, 128) where the face itself moves by a fifth of its amplitude


def people_in(folder: Path, tuning: bool = False) -> list[Path]:
    """Neutral stills: of the people whom results are reported on, or of those whom settings were tuned on."""
    stills = folder / "faces" / ("neutral" if tuning else "stills")
    found = sorted(stills.glob("*_neutral.jpg"))
    if not found:
        raise SourceError(f"no neutral stills in {stills}; give the data folder with --data")
    return found


def load_person(path: Path) -> Person:
    """Raises: SourceError: no picture, or no face in it."""
    read = cv2.imread(str(path))
    if read is None:
        raise SourceError(f"{path} is no picture that OpenCV reads")
    still = np.asarray(read, np.uint8)
    pose = eyes_pose(_landmarks(path, still))
    scale = FINER * IOD_PX / float(np.exp(pose[2]))
    shift_x, shift_y = FINER * WIDTH * 0.5 - scale * pose[0], FINER * HEIGHT * 0.42 - scale * pose[1]
    matrix = np.array([[scale, 0.0, shift_x], [0.0, scale, shift_y]])
    smooth = cv2.GaussianBlur(still, (0, 0), max(0.4 / scale, 0.3))
    size = (FINER * WIDTH, FINER * HEIGHT)
    finer = cv2.warpAffine(smooth, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    in_picture = np.asarray(finer, np.uint8)
    landmarks = _landmarks(path, _reduced(in_picture))
    on_finer = (landmarks + 0.5) * FINER - 0.5
    return Person(path.stem, in_picture, on_finer, chip_transform(eyes_pose(landmarks)))


def _landmarks(path: Path, bgr: BGR) -> NDArray[np.float32]:
    finder = FaceFinder()
    try:
        found = finder.landmarks(Frame(path.name, 0, 0, 0, bgr))
    finally:
        finder.close()
    if not found:
        raise SourceError(f"no face found in {path}")
    return np.ascontiguousarray(found[0][:, :2])


def cases_of(person: Person, number: int, seed: int = 0) -> Iterator[Case]:
    """Every amplitude under every condition; the movement changes with the person's `number`."""
    for step, amplitude in enumerate(AMPLITUDES_PX):
        rng = np.random.default_rng((seed, number, step))
        actions = MOVEMENTS[(number + step) % len(MOVEMENTS)]
        yield from _cases(person, amplitude, _field(person, actions, amplitude), rng)


def _field(person: Person, actions: tuple[Action, ...], amplitude: float) -> Field:
    height, width = person.bgr.shape[:2]
    if amplitude == 0:
        return np.zeros((height, width, 2), np.float32)
    field = dense_displacement(person.landmarks_px, actions, (height, width))
    return field * np.float32(amplitude / amplitude_px(field, person.landmarks_px))


def _cases(person: Person, amplitude: float, field: Field, rng: np.random.Generator) -> Iterator[Case]:
    back = inverse(field)
    rest = _reduced(person.bgr)
    apex, half = (
        _shown(person, back),
        _shown(person, inverse(field * np.float32(0.5), back * np.float32(0.5))),
    )
    truth = _truth(person, field, back)
    own = np.linalg.norm(truth, axis=-1) >= 0.2 * amplitude

    def case(condition: str, frames: tuple[BGR, BGR, BGR], phases_hw2: NDArray[np.float32] = truth) -> Case:
        onset, apex, offset = (cut_chip(frame, person.to_chip) for frame in frames)
        return Case(person.name, condition, amplitude, (onset, apex, offset), phases_hw2, own)

    noisy = _noisy(rest, rng), _noisy(apex, rng), _noisy(rest, rng)
    yield case("noise", noisy)
    yield case("light", (noisy[0], _noisy(_lit(apex), rng), noisy[2]))
    film = [_noisy(frame, rng, CODEC_NOISE) for frame in [rest] * RUN_UP + [half, apex, apex, half, rest]]
    for codec in ENCODERS:
        seen = _recoded(film, codec)
        yield case(codec, (seen[RUN_UP - 1], seen[RUN_UP + 2], seen[-1]))
    total, total_back = _with_head(field, back, _head_motion(rng))
    turned = _noisy(_shown(person, total_back), rng)
    yield case("head", (noisy[0], turned, noisy[2]), _truth(person, total, total_back))


def _shown(person: Person, back: Field) -> BGR:
    """The picture of the face whose movement has the inverse `back`."""
    at = pixel_grid(*back.shape[:2]) + back
    moved = cv2.remap(person.bgr, at, NO_MAP, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return _reduced(np.asarray(moved, np.uint8))


def _truth(person: Person, field: Field, back: Field) -> NDArray[np.float32]:
    return np.stack([_on_chip(person, field), _on_chip(person, back)])


def _reduced(finer: BGR) -> BGR:
    return np.asarray(cv2.resize(finer, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _noisy(bgr: BGR, rng: np.random.Generator, deviation: float = NOISE) -> BGR:
    noise = rng.standard_normal(bgr.shape, np.float32) * np.float32(deviation)
    return np.clip(np.rint(bgr + noise), 0, 255).astype(np.uint8)


def _lit(bgr: BGR) -> BGR:
    """A lamp to the right comes on: gain from 0.99 to 1.14 across the picture, and 5 gray levels more."""
    gain = np.linspace(0.99, 1.14, bgr.shape[1], dtype=np.float32)[None, :, None]
    return np.clip(bgr * gain + 5, 0, 255).astype(np.uint8)


def _head_motion(rng: np.random.Generator) -> Affine:
    """A small similarity of the head about the picture's middle: about 1 chip pixel, 1 degree, 1 %."""
    roll, scale = rng.normal(0, 0.015), rng.normal(0, 0.01)
    linear = np.array([[1 + scale, -roll], [roll, 1 + scale]])
    middle = FINER * np.array([WIDTH, HEIGHT]) / 2
    return np.column_stack([linear, middle - linear @ middle + FINER * rng.normal(0, 2.0, 2)])


def _with_head(field: Field, back: Field, head: Affine) -> tuple[Field, Field]:
    """The face's movement carried by the head's, and the inverse of both together."""
    grid = pixel_grid(*field.shape[:2])
    total = (grid + field) @ head[:, :2].T + head[:, 2] - grid
    from_head = cv2.invertAffineTransform(head)
    at_rest = (grid @ from_head[:, :2].T + from_head[:, 2]).astype(np.float32)
    moved_back = cv2.remap(back, at_rest, NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return total.astype(np.float32), (at_rest + moved_back - grid).astype(np.float32)


def _recoded(frames: list[BGR], codec: str) -> list[BGR]:
    """What comes out of the codec at a webcam's bit rate."""
    name, options = ENCODERS[codec]
    memory = io.BytesIO()
    with av.open(memory, "w", format="matroska") as written:
        stream = cast(av.VideoStream, written.add_stream(name, rate=30, options=options))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = BIT_RATES[codec]
        for frame in [*frames, None]:
            picture = None if frame is None else av.VideoFrame.from_ndarray(frame, format="bgr24")
            written.mux(stream.encode(picture))
    memory.seek(0)
    with av.open(memory, "r") as read:
        return [cast(BGR, frame.to_ndarray(format="bgr24")) for frame in read.decode(video=0)]


def _on_chip(person: Person, field: Field) -> Field:
    """A displacement field of the finer picture, as displacement of chip pixels on the chip's grid."""
    chip_to_frame = cv2.invertAffineTransform(person.to_chip)
    places = pixel_grid(CHIP_SIZE, CHIP_SIZE) @ chip_to_frame[:, :2].T + chip_to_frame[:, 2]
    finer = ((places + 0.5) * FINER - 0.5).astype(np.float32)
    sampled = cv2.remap(field, finer, NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled @ (person.to_chip[:, :2].T / FINER), np.float32)
