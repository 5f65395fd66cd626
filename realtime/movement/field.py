"""The dense field of one action unit, in face coordinates around the mesh's places.

A pull moves skin by one vector, most among the place's mesh points, fading like a Gaussian outside
them (a smooth maximum of Gaussians about the points, not their sum, which would widen with their
number). Lids and lips end somewhere: a lid moves
its own skin and squeezes or stretches what shows of the eye, a lip moves only its side of the lip line.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from realtime.face.alignment import eyes_pose, to_face_units
from realtime.movement.action_units import ActionUnit, Lid, Lip, Pull
from realtime.movement.geometry import (
    LID_LOWER,
    LID_UPPER,
    LIP_INNER_LOWER,
    LIP_INNER_UPPER,
    PLACES,
    Points,
    face_units,
)

MIDLINE_IOD = 0.08  # half width over which one side fades into the other
EYE_OPENING_IOD = 0.03  # least height over which a lid's movement fades in the eye
FADED = 3.7  # standard deviations beyond which a pull is nothing (0.1 %)
SHARPNESS = 4.0  # of the smooth maximum: 1 would be the sum
SIDES = {"right": -1.0, "left": 1.0}  # sign of "out" in face coordinates

Plane = NDArray[np.float32]  # (height, width)


class Face(NamedTuple):
    """One face and the picture area around it, in face coordinates."""

    points: NDArray[np.float32]  # (468, 2) IOD
    x: Plane  # of each pixel, IOD
    y: Plane
    points_px: NDArray[np.float32]  # (468, 2) pixels of the area
    iod_px: float
    roll: float  # radians


def face_at(landmarks_px: NDArray[np.float32], box: tuple[slice, slice]) -> Face:
    """The face and the pixels of `box` (rows, columns of the picture) in face coordinates."""
    pose = eyes_pose(landmarks_px)
    rows, columns = np.mgrid[box].astype(np.float32)
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1)
    at = to_face_units(pose, pixels).astype(np.float32).reshape(*rows.shape, 2)
    points_px = landmarks_px - np.array([box[1].start, box[0].start], np.float32)
    x, y = np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])
    return Face(face_units(landmarks_px), x, y, points_px, float(np.exp(pose[2])), float(pose[3]))


def unit_field(face: Face, unit: ActionUnit, side: str) -> NDArray[np.float32]:
    """(box height, box width, 2) pixels: `unit` on `side` so that the largest displacement is 1 IOD."""
    sides = list(SIDES) if side == "both" else [side]
    field = sum(_one_side(face, unit, which) for which in sides)
    largest = float(np.sqrt(np.square(field).sum(axis=2).max()))
    cosine, sine = np.cos(face.roll), np.sin(face.roll)
    upright = np.array([[cosine, sine], [-sine, cosine]], np.float32)
    return field @ (upright * np.float32(face.iod_px / largest))


def _one_side(face: Face, unit: ActionUnit, side: str) -> NDArray[np.float32]:
    field = np.zeros((*face.x.shape, 2), np.float32)
    for pull in unit.pulls:
        weight = _pull_weight(face, pull, side)
        field[..., 0] += SIDES[side] * pull.out * weight
        field[..., 1] += pull.down * weight
    for lid in unit.lids:
        field[..., 1] += lid.down * _lid_weight(face, lid, side)
    return field


def _pull_weight(face: Face, pull: Pull, side: str) -> Plane:
    place = PLACES[pull.place]
    own = place.right if side == "right" else place.left
    weight = _near(face, own, pull.reach)
    if place.middle:
        weight = weight + _side_share(face, side) * _near(face, place.middle, pull.reach)
    weight = np.sqrt(np.sqrt(weight / (1 + weight)))  # the power 1 / SHARPNESS
    return weight * _lip_share(face, pull.lip, pull.seam) if pull.lip else weight


def _near(face: Face, points: Points, reach: float) -> Plane:
    """Sum of Gaussians to the power of SHARPNESS, evaluated only where they are not yet nothing."""
    near = np.zeros_like(face.x)
    far_px = FADED * reach * face.iod_px
    for (x, y), (column, row) in zip(face.points[list(points)], face.points_px[list(points)], strict=True):
        top, left = max(0, int(row - far_px)), max(0, int(column - far_px))
        patch = np.s_[top : max(0, int(row + far_px) + 2), left : max(0, int(column + far_px) + 2)]
        squared = np.square(face.x[patch] - x) + np.square(face.y[patch] - y)
        near[patch] += np.exp(squared * np.float32(-SHARPNESS / (2 * reach**2)))
    return near


def _side_share(face: Face, side: str) -> Plane:
    return 0.5 * (1.0 + np.tanh(SIDES[side] * face.x / MIDLINE_IOD))


def _lip_share(face: Face, lip: Lip, seam: float) -> Plane:
    """1 on the lip's own side of the lip line, 0 on the other, passing over the mouth's opening."""
    upper = _line(face, LIP_INNER_UPPER)
    lower = _line(face, LIP_INNER_LOWER)
    half = np.maximum((lower - upper) / 2, seam)
    below = np.clip((face.y - (upper + lower) / 2 + half) / (2 * half), 0, 1)
    below = below * below * (3 - 2 * below)
    return below if lip == "lower" else 1 - below


def _lid_weight(face: Face, lid: Lid, side: str) -> Plane:
    """1 on the lid where the eye is widest open; fading into the skin and across the eye."""
    lines = [place.right if side == "right" else place.left for place in (LID_UPPER, LID_LOWER)]
    upper, lower = (_line(face, line) for line in lines)
    opening = np.maximum(lower - upper, 0)
    beyond = upper - face.y if lid.lid == "upper" else face.y - lower  # above 0 in the lid's skin
    skin = np.exp(-np.square(np.maximum(beyond, 0) / lid.reach) / 2)
    eye = np.clip(1 + beyond / np.maximum(opening, EYE_OPENING_IOD), 0, 1)
    corners = face.points[list(lines[0])][[0, -1], 0]
    inside = (face.x > corners.min()) & (face.x < corners.max())
    return np.where(inside, opening / max(float(opening.max()), 1e-6), 0) * skin * eye


def _line(face: Face, points: Points) -> Plane:
    """Height of a line of mesh points at each pixel's x; level beyond its ends."""
    line = face.points[list(points)]
    order = np.argsort(line[:, 0])
    return np.interp(face.x, line[order, 0], line[order, 1]).astype(np.float32)
