"""Two kinds of scene that movements are put into: a still under a camera, and a real clip.

Both move the face in the video's own pixels. A still is sampled once per frame, head motion and movement
joined; a clip's frame is sampled only within the face, and only while a movement lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.movement.geometry import eye_opening
from realtime.movement.model import (
    Field,
    Movement,
    dense_displacement,
    face_box,
    inverse,
    iod_px,
    pixel_grid,
    scaled,
    warp,
)
from train.synth.anchors import Meshes, calmed, spans_of
from train.synth.gaze import Gaze, eyeballs
from train.synth.nuisance import Sway
from train.synth.people import Person
from train.synth.script import Span

Bgr = NDArray[np.uint8]
Landmarks = NDArray[np.float32]  # (468, 2) frame pixels, of the face at rest in this frame
STILL_SIZE = 480  # a still's frame is square, pixels
_NO_MAP = np.empty(0, np.float32)


class Moved(NamedTuple):
    """A movement at one moment."""

    movement: Movement
    strength: float


class Scene(Protocol):
    """Frames with a known face; the same call gives the same picture."""

    t_s: NDArray[np.float64]  # (frames,)
    shape: tuple[int, int]
    spans: Sequence[Span]  # seconds in which movements may be put
    eye_opening: float  # IOD

    def landmarks(self, index: int) -> Landmarks | None: ...
    def picture(self, index: int, moved: Moved | None) -> Bgr: ...
    def displacement(self, index: int, moved: Moved) -> Field: ...  # (height, width, 2) pixels


class StillScene:
    """One still, its head swaying and its eyes wandering, at any frame rate."""

    def __init__(
        self, person: Person, t_s: NDArray[np.float64], sway: Sway, gaze: Gaze | None = None
    ) -> None:
        self.t_s = t_s
        self.shape = (STILL_SIZE, STILL_SIZE)
        self.spans: Sequence[Span] = [(float(t_s[0]), float(t_s[-1]))]
        self.eye_opening = eye_opening(person.landmarks_px)
        self._person = person
        self._sway = sway
        self._gaze = gaze
        self._eyeballs = eyeballs(person.landmarks_px, person.bgr.shape[:2])  # type: ignore[arg-type]
        low, high = person.landmarks_px.min(axis=0), person.landmarks_px.max(axis=0)
        self._centre = (low + high) / 2
        self._field: tuple[Movement, Field] | None = None

    def landmarks(self, index: int) -> Landmarks:
        to_frame = self._to_frame(index)
        return (self._person.landmarks_px @ to_frame[:, :2].T + to_frame[:, 2]).astype(np.float32)

    def picture(self, index: int, moved: Moved | None) -> Bgr:
        at = self._on_canvas(index)
        if moved is not None:
            box, field = self._canvas_field(moved.movement)
            back = inverse(np.float32(moved.strength) * field)
            at += _within(back, at - np.array([box[1].start, box[0].start], np.float32))
        if self._gaze is not None:
            look_px = self._gaze.at(float(self.t_s[index])) * np.float32(iod_px(self._person.landmarks_px))
            at -= _within(self._eyeballs, at)[..., None] * look_px
        mode = cv2.BORDER_REPLICATE
        return np.asarray(
            cv2.remap(self._person.bgr, at, _NO_MAP, cv2.INTER_CUBIC, borderMode=mode), np.uint8
        )

    def displacement(self, index: int, moved: Moved) -> Field:
        box, field = self._canvas_field(moved.movement)
        at = self._on_canvas(index) - np.array([box[1].start, box[0].start], np.float32)
        turned = _within(field, at) @ self._to_frame(index)[:, :2].T.astype(np.float32)
        return np.float32(moved.strength) * turned

    def _to_frame(self, index: int) -> NDArray[np.float64]:
        """(2, 3) still pixels -> frame pixels."""
        middle = STILL_SIZE / 2
        sway = self._sway.at(float(self.t_s[index]), (middle, middle))
        return np.column_stack([sway[:, :2], sway[:, :2] @ (middle - self._centre) + sway[:, 2]])

    def _on_canvas(self, index: int) -> Field:
        """(height, width, 2): where on the still each pixel of the frame lies."""
        back = cv2.invertAffineTransform(self._to_frame(index)).astype(np.float32)
        return pixel_grid(*self.shape) @ back[:, :2].T + back[:, 2]

    def _canvas_field(self, movement: Movement) -> tuple[tuple[slice, slice], Field]:
        shape = self._person.bgr.shape[0], self._person.bgr.shape[1]
        box = face_box(self._person.landmarks_px, shape)
        if self._field is None or self._field[0] is not movement:
            field = dense_displacement(self._person.landmarks_px, movement.actions, shape)[box]
            self._field = movement, np.ascontiguousarray(field)
        return box, self._field[1]


class ClipScene:
    """A real clip, its landmarks calmed over time; movements go along with the talking, turning face."""

    def __init__(self, frames: Sequence[Bgr], t_s: NDArray[np.float64], meshes: Meshes) -> None:
        self.t_s = t_s
        self.shape = frames[0].shape[0], frames[0].shape[1]
        self._frames = frames
        self._anchors = np.full_like(meshes, np.nan)
        facing = [not np.isnan(mesh[0, 0]) and frontal(mesh) for mesh in meshes]
        runs = spans_of(np.where(np.array(facing)[:, None, None], meshes, np.nan), t_s)
        for run in runs:
            self._anchors[run] = calmed(meshes[run], t_s[run])
        self.spans: Sequence[Span] = [(float(t_s[run][0]), float(t_s[run][-1])) for run in runs]
        openings = [eye_opening(mesh) for run in runs for mesh in self._anchors[run][::10]]
        self.eye_opening = float(np.median(openings)) if openings else 0.0

    def landmarks(self, index: int) -> Landmarks | None:
        anchors = self._anchors[index]
        return None if np.isnan(anchors[0, 0]) else anchors

    def picture(self, index: int, moved: Moved | None) -> Bgr:
        bgr = self._frames[index]
        if moved is None:
            return bgr
        out = bgr.copy()
        box = face_box(self._anchors[index], self.shape)
        out[box] = warp(bgr[box], self.displacement(index, moved)[box])
        return out

    def displacement(self, index: int, moved: Moved) -> Field:
        actions = scaled(moved.movement.actions, moved.strength)
        return dense_displacement(self._anchors[index], actions, self.shape)


def moved_at(movements: Sequence[Movement], t_s: float) -> Moved | None:
    """The one movement that goes on at `t_s`, if any."""
    for movement in movements:
        strength = movement.strength(t_s)
        if strength > 0:
            return Moved(movement, strength)
    return None


def frontal(landmarks_px: Landmarks, least_iod_px: float = 20.0) -> bool:
    """Whether this face is large and turned to the camera enough to show a movement."""
    nose = landmarks_px[[168, 6, 197]].mean(axis=0)
    right, left = (np.linalg.norm(nose - landmarks_px[corner]) for corner in (33, 263))
    return bool(iod_px(landmarks_px) >= least_iod_px and 0.5 < right / max(float(left), 1e-6) < 2.0)


def _within(field: NDArray[np.float32], at: Field) -> NDArray[np.float32]:
    """The field at `at` (its own pixels), 0 outside it."""
    mode = cv2.BORDER_CONSTANT
    return np.asarray(cv2.remap(field, at, _NO_MAP, cv2.INTER_LINEAR, borderMode=mode), np.float32)
