from __future__ import annotations

import cv2
import numpy as np
import pytest

from realtime.face.alignment import eyes_pose, to_face_units
from realtime.movement.model import Action, Movement, MovementKind, iod_px
from tests.portrait import mesh, portrait
from train.synth.gaze import eyeballs
from train.synth.nuisance import Sway
from train.synth.people import Person
from train.synth.scene import STILL_SIZE, ClipScene, Moved, StillScene, frontal

LIFT = Movement(1.0, 1.2, 1.4, (Action(1, 0.02), Action(2, 0.02)), MovementKind.MICRO, "surprise")
APEX = Moved(LIFT, 1.0)


def clip(frames: int = 30, shift_px: float = 0.0) -> ClipScene:
    """The portrait carried across the frame."""
    shifts = np.round(np.linspace(0, shift_px, frames)).astype(int)
    pictures = [np.roll(portrait(), shift, axis=1) for shift in shifts]
    meshes = np.stack([mesh()[:, :2] + [shift, 0] for shift in shifts]).astype(np.float32)
    return ClipScene(pictures, np.arange(frames) / 25.0, meshes)


@pytest.fixture(scope="module")
def still() -> StillScene:
    person = Person("p", portrait(), mesh()[:, :2].copy())
    return StillScene(person, np.arange(60) / 30, Sway(np.random.default_rng(2), 5.0))


def test_a_stills_landmarks_go_with_its_swaying_head(still: StillScene) -> None:
    def brow(index: int) -> float:
        """Gray level right where the landmarks say that the brow is."""
        x, y = still.landmarks(index)[[52, 65, 295]].round().astype(int).T
        return float(still.picture(index, None)[y, x].mean())

    assert np.abs(still.landmarks(0) - still.landmarks(59)).max() > 0.5
    assert brow(0) == pytest.approx(brow(59), abs=6)
    assert still.picture(3, None).shape == (STILL_SIZE, STILL_SIZE, 3)


def test_a_movement_changes_the_face_and_nothing_else(still: StillScene) -> None:
    rest, moved = (still.picture(5, one).astype(int) for one in (None, APEX))
    field = still.displacement(5, APEX)
    touched = np.abs(field).max(axis=2) > 0.02
    assert np.abs(moved - rest)[touched].mean() > 3
    far = ~touched & (np.abs(still.displacement(5, APEX)).max(axis=2) == 0)
    assert np.abs(moved - rest)[far].max() <= 1


class HeadHeld:
    def at(self, t_s: float, centre: tuple[float, float]) -> np.ndarray:
        return np.eye(2, 3)


class Aside:
    """Eyes that look four pixels to the right and one down."""

    def at(self, t_s: float) -> np.ndarray:
        return np.array([4, 1], np.float32) / np.float32(iod_px(mesh()[:, :2]))


def test_eyes_look_aside_within_lids_that_stay() -> None:
    person, times = Person("p", portrait(), mesh()[:, :2].copy()), np.arange(3) / 30
    ahead, aside = (
        StillScene(person, times, HeadHeld(), gaze)  # type: ignore[arg-type]
        for gaze in (None, Aside())
    )
    rest, looked = (scene.picture(1, None).astype(int) for scene in (ahead, aside))
    share = eyeballs(aside.landmarks(1), aside.shape)
    inside = cv2.erode(share, np.ones((3, 3))) == 1
    away = cv2.dilate(share, np.ones((5, 5))) == 0
    assert inside.sum() > 100 and np.abs(looked - rest)[inside].mean() > 10
    assert np.abs(looked - np.roll(rest, (1, 4), axis=(0, 1)))[inside].max() <= 1
    assert (looked == rest)[away].all()


def test_the_displacement_of_a_still_is_what_moves_the_picture(still: StillScene) -> None:
    """Forward field against the picture: what was at x is at x + d."""
    rest, moved = still.picture(5, None), still.picture(5, APEX)
    field = still.displacement(5, APEX)
    y, x = np.mgrid[:STILL_SIZE, :STILL_SIZE].astype(np.float32)
    returned = cv2.remap(moved, x + field[..., 0], y + field[..., 1], cv2.INTER_CUBIC)
    touched = np.abs(field).max(axis=2) > 0.3
    left = np.abs(returned.astype(int) - rest)[touched].mean()
    assert left < 0.35 * np.abs(moved.astype(int) - rest)[touched].mean()


def test_in_a_clip_the_movement_goes_along_with_the_face() -> None:
    scene = clip(shift_px=60)
    first, last = (scene.displacement(i, APEX) for i in (0, 29))
    assert np.abs(np.roll(first, 60, axis=1) - last).max() < 0.15 * np.abs(first).max()
    rest = scene.picture(15, None)
    assert (scene.picture(15, APEX) != rest).any()
    assert scene.picture(15, None) is rest


def test_half_the_strength_is_half_the_displacement() -> None:
    scene = clip()
    half, whole = (scene.displacement(9, Moved(LIFT, strength)) for strength in (0.5, 1.0))
    assert np.abs(half - whole / 2).max() < 1e-4


def test_no_movement_goes_where_the_face_is_turned_away_or_lost() -> None:
    turned = mesh()[:, :2].copy()
    face = to_face_units(eyes_pose(turned), turned)
    turned[face[:, 0] > 0] -= np.array([0.75, 0]) * (
        turned[face[:, 0] > 0] - turned[168]
    )  # half foreshortened
    assert frontal(mesh()[:, :2]) and not frontal(turned)
    meshes = np.stack([mesh()[:, :2]] * 30 + [turned] * 30 + [np.full((468, 2), np.nan)] * 30).astype(
        np.float32
    )
    scene = ClipScene([portrait()] * 90, np.arange(90) / 25.0, meshes)
    assert scene.spans == [(0.0, 29 / 25)]
    assert scene.landmarks(10) is not None and scene.landmarks(80) is None


def test_a_field_on_shaking_landmarks_hardly_shakes() -> None:
    jitter = np.random.default_rng(3).standard_normal((30, 468, 2))
    meshes = (mesh()[:, :2] + 0.8 * jitter).astype(np.float32)
    scene = ClipScene([portrait()] * 30, np.arange(30) / 25.0, meshes)
    fields = np.stack([scene.displacement(i, APEX) for i in range(8, 22)])
    size = np.abs(fields).max()
    assert np.abs(np.diff(fields, axis=0)).max() < 0.15 * size
