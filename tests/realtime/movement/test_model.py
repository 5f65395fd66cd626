"""Movements: where the skin goes, how strongly over time, and that the warp shows exactly that."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import ConfigError
from realtime.movement.action_units import ACTION_UNITS, CLASS_UNITS
from realtime.movement.geometry import LID_LOWER, LID_UPPER, PLACES, eye_opening
from realtime.movement.model import (
    Action,
    Field,
    Movement,
    MovementKind,
    Side,
    amplitude_px,
    dense_displacement,
    inverse,
    iod_px,
    pixel_grid,
    scaled,
    warp,
)
from realtime.sources.demo_portrait import MESH_FILE

SHAPE = (330, 320)
FACE = np.loadtxt(MESH_FILE, delimiter=",", dtype=np.float32) * 2 - np.array([290, 80], np.float32)
SPEED = 0.03  # IOD, the strongest micro-expression


def field_of(unit: int, amplitude: float = SPEED, side: Side = Side.BOTH) -> Field:
    return dense_displacement(FACE, [Action(unit, amplitude, side)], SHAPE)


def at(field: Field, points: tuple[int, ...], face: np.ndarray = FACE) -> np.ndarray:
    """(2,) mean displacement of these mesh points, IOD."""
    x, y = np.rint(face[list(points)]).astype(int).T
    return field[y, x].mean(axis=0) / iod_px(face)


@pytest.mark.parametrize(
    ("unit", "place", "out", "down"),
    [
        (1, "brow_inner", 0, -1),
        (2, "brow_outer", 0, -1),
        (4, "brow_inner", -1, 1),
        (6, "infraorbital", 0, -1),
        (9, "nose_side", 0, -1),
        (9, "brow_inner", 0, 1),
        (10, "lip_upper", 0, -1),
        (12, "lip_corner", 1, -1),
        (14, "beside_mouth", -1, 0),
        (14, "below_corner", 0, -1),
        (15, "lip_corner", 0, 1),
        (17, "chin", 0, -1),
        (20, "lip_corner", 1, 0),
        (23, "lip_corner", -1, 0),
        (24, "lip_lower", 0, -1),
        (25, "lip_lower", 0, 1),
    ],
)
def test_each_unit_draws_its_place_the_way_facs_says(unit: int, place: str, out: int, down: int) -> None:
    field = field_of(unit)
    for points, outward in ((PLACES[place].right, -1), (PLACES[place].left, 1)):
        x, y = at(field, points) / SPEED
        assert abs(x * outward - 0.6 * out) < 0.45 and (out == 0 or x * outward * out > 0.15)
        assert abs(y - 0.6 * down) < 0.5 and (down == 0 or y * down > 0.25)


@pytest.mark.parametrize(("unit", "upper", "lower"), [(5, -1, 0), (7, 1, -1), (45, 1, 0)])
def test_the_lids_move_apart_from_each_other(unit: int, upper: int, lower: int) -> None:
    field = field_of(unit)
    for place, sign in ((LID_UPPER, upper), (LID_LOWER, lower)):
        for points in (place.right[3:6], place.left[3:6]):
            moved = at(field, points)[1] / SPEED
            assert moved * sign > 0.2 if sign else abs(moved) < 0.25


def test_the_dimpler_pinches_the_lip_corners_and_leaves_the_mouth_as_wide() -> None:
    dimpler, smile = field_of(14), field_of(12)
    for corner, outward in ((61, -1), (291, 1)):
        assert (
            -0.3
            < at(dimpler, (corner,))[0] * outward / SPEED
            < 0.1
            < at(smile, (corner,))[0] * outward / SPEED
        )
        x, y = np.rint(FACE[corner]).astype(int)
        around = dimpler[y - 8 : y + 9, x - 8 : x + 9]
        inflow = np.gradient(around[..., 0], axis=1) + np.gradient(around[..., 1], axis=0)
        assert inflow.mean() < -0.02, "skin comes to the corner from all sides"


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_amplitude_is_the_largest_displacement_and_the_rest_of_the_picture_is_still(unit: int) -> None:
    field = field_of(unit)
    assert np.hypot(field[..., 0], field[..., 1]).max() == pytest.approx(SPEED * iod_px(FACE), rel=1e-4)
    assert field.dtype == np.float32 and field.shape == (*SHAPE, 2)
    inside = np.zeros(SHAPE, bool)
    low, high = FACE.min(axis=0).astype(int) - 30, FACE.max(axis=0).astype(int) + 30
    inside[low[1] : high[1], low[0] : high[0]] = True
    assert np.abs(field[~inside]).max() < 0.1 * np.abs(field).max()
    assert not field[:8].any() and not field[:, :8].any()


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_a_micro_expression_folds_nothing_over(unit: int) -> None:
    field = field_of(unit)
    x_y, x_x = np.gradient(field[..., 0])
    y_y, y_x = np.gradient(field[..., 1])
    assert ((1 + x_x) * (1 + y_y) - x_y * y_x).min() > 0.3


def test_sides_are_the_persons_own_and_add_up() -> None:
    left, right = field_of(12, side=Side.LEFT), field_of(12, side=Side.RIGHT)
    corner = PLACES["lip_corner"]
    assert np.hypot(*at(left, corner.left)) > 0.6 * SPEED > 0.1 * SPEED > np.hypot(*at(left, corner.right))
    assert FACE[list(corner.left), 0].mean() > FACE[list(corner.right), 0].mean()  # left lies right
    both = field_of(12)
    assert np.abs(left + right - both).max() < 0.15 * np.abs(both).max()


def test_actions_add_and_scale() -> None:
    actions = [Action(1, 0.02), Action(12, 0.01, Side.LEFT)]
    together = dense_displacement(FACE, actions, SHAPE)
    apart = sum(dense_displacement(FACE, [action], SHAPE) for action in actions)
    assert np.allclose(together, apart, atol=1e-5)
    assert np.allclose(dense_displacement(FACE, scaled(actions, 0.5), SHAPE), 0.5 * together, atol=1e-5)


def test_a_tilted_and_larger_face_moves_alike() -> None:
    angle, zoom = np.radians(25), 1.3
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    tilted = (FACE @ turn.T + (160, -60)).astype(np.float32)
    field = dense_displacement(tilted, [Action(12, SPEED)], (420, 460))
    corner = PLACES["lip_corner"].left
    moved = at(field, corner, tilted) @ (turn / zoom)
    assert np.allclose(moved, at(field_of(12), corner), atol=0.12 * SPEED)


def test_amplitude_in_chip_pixels_knows_that_the_chip_is_squeezed() -> None:
    upright = FACE - FACE.mean(axis=0)
    eyes = upright[[263, 362]].mean(axis=0) - upright[[33, 133]].mean(axis=0)
    along = np.zeros((4, 4, 2), np.float32)
    along[0, 0] = eyes  # one IOD along the eye line
    across = np.zeros((4, 4, 2), np.float32)
    across[0, 0] = -eyes[1], eyes[0]
    assert amplitude_px(along, FACE) == pytest.approx(60.8, abs=0.1)
    assert amplitude_px(across, FACE) == pytest.approx(46.17, abs=0.1)


# the warp


def texture(sd: float = 2.0) -> np.ndarray:
    noise = np.random.default_rng(3).uniform(0, 255, (*SHAPE, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), sd)
    return cv2.normalize(soft, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


@pytest.mark.parametrize("combination", [units for group in CLASS_UNITS.values() for units in group])
def test_moved_picture_at_the_displaced_place_is_the_resting_picture(combination: tuple[int, ...]) -> None:
    field = dense_displacement(FACE, [Action(unit, 0.02) for unit in combination], SHAPE)
    resting = texture(3.0)
    moved = warp(resting, field)
    found = cv2.remap(moved, pixel_grid(*SHAPE) + field, np.empty(0, np.float32), cv2.INTER_CUBIC)
    error = np.abs(found.astype(float) - resting)[8:-8, 8:-8]
    wrong_way = np.abs(warp(resting, -field).astype(float) - moved)[8:-8, 8:-8]
    assert error.mean() < 0.8 and error.mean() < 0.25 * wrong_way.mean()


def test_optical_flow_sees_the_displacement_it_was_made_with() -> None:
    field = field_of(12)
    resting = texture()
    gray, moved = (cv2.cvtColor(p, cv2.COLOR_BGR2GRAY) for p in (resting, warp(resting, field)))
    flow = cv2.calcOpticalFlowFarneback(gray, moved, None, 0.5, 3, 13, 5, 7, 1.5, 0)
    moving = np.hypot(field[..., 0], field[..., 1]) > 0.5
    error = np.hypot(*np.moveaxis(flow - field, 2, 0))
    assert error[moving].mean() < 0.15 * np.hypot(*field[moving].T).mean()


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_the_way_back_holds_even_for_a_nearly_shut_eye(share: float) -> None:
    field = field_of(45, share * eye_opening(FACE))
    back = inverse(field)
    left = back + cv2.remap(field, pixel_grid(*SHAPE) + back, np.empty(0, np.float32), cv2.INTER_LINEAR)
    assert np.abs(left).max() < 0.1


def test_no_movement_changes_no_pixel() -> None:
    picture = texture()
    assert np.array_equal(warp(picture, np.zeros((*SHAPE, 2), np.float32)), picture)


# the profile


def movement(rise: float = 1.0, decay: float = 1.0) -> Movement:
    return Movement(1.0, 1.15, 1.4, (Action(4, 0.02),), MovementKind.MICRO, "negative", rise, decay)


@given(st.floats(0.5, 2), st.floats(0.5, 2))
def test_strength_rises_from_onset_to_apex_and_falls_to_offset(rise: float, decay: float) -> None:
    made = movement(rise, decay)
    assert [made.strength(t) for t in (0.0, 1.0, 1.4, 9.0)] == [0, 0, 0, 0]
    assert made.strength(1.15) == 1
    up = [made.strength(t) for t in np.linspace(1.0, 1.15, 20)]
    down = [made.strength(t) for t in np.linspace(1.15, 1.4, 20)]
    assert up == sorted(up) and down == sorted(down, reverse=True)


def test_skew_below_one_is_early_and_above_one_late() -> None:
    early, late = movement(rise=0.7, decay=0.7), movement(rise=1.4, decay=1.4)
    assert early.strength(1.07) > movement().strength(1.07) > late.strength(1.07)
    assert early.strength(1.25) < movement().strength(1.25) < late.strength(1.25)


def test_units_are_written_as_facs_does() -> None:
    actions = (Action(12, 0.02, Side.LEFT), Action(6, 0.02, Side.LEFT), Action(6, 0.01, Side.RIGHT))
    made = Movement(0, 1, 2, actions, MovementKind.MACRO, "positive")
    assert made.aus == "6+L12"


def test_impossible_movements_are_refused() -> None:
    with pytest.raises(ConfigError, match="action unit 3"):
        Action(3, 0.02)
    with pytest.raises(ConfigError, match="must rise"):
        Movement(1.0, 1.0, 2.0, (Action(4, 0.02),), MovementKind.MICRO, "negative")
    with pytest.raises(ConfigError, match="needs an action"):
        Movement(0.0, 1.0, 2.0, (), MovementKind.MICRO, "negative")
