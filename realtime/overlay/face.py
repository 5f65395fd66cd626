"""What is drawn on the face itself: its outline and the activity of its regions."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from realtime.overlay.draw import (
    AMBER,
    MUTED,
    RED,
    TEAL,
    WHITE,
    Box,
    Canvas,
    Colour,
    disc,
    panel,
    polylines,
    text,
    text_width,
)
from realtime.overlay.state import OverlayState
from realtime.spotting.regions import REGION_LANDMARKS
from realtime.types import FaceChip, Flag, SpotSignal

# Points of the face mesh, in order along each line. The first group is closed.
CLOSED = (
    # the oval
    (
        *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
        *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    ),
    # eyes
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    # brows
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
    # lips, outer and inner
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
)
OPEN = (
    (168, 6, 197, 195, 5, 4),  # nose bridge
    (129, 98, 97, 2, 326, 327, 358),  # nostrils
)

OUTLINE_OPACITY = 0.5
SPOT_OPACITY = 0.45
FULL_MOVEMENT_PX = 2.0  # chip pixels: what a strong micro movement reaches
REST_MOVEMENT_PX = 0.15  # under this a region only shows where it is


def draw_outline(canvas: Canvas, state: OverlayState) -> None:
    """A light contour of every face, with its number and what is wrong with it."""
    armed = {signal.face: signal.armed for signal in state.signals}
    for chip in state.chips:
        box = face_box(canvas, chip)
        face = canvas.part(box)
        if face.size == 0:
            continue
        points = chip.landmarks_px.astype(np.float64) - (box.left, box.top)
        lines = face.copy()
        thickness = 2 if canvas.scale > 1.6 else 1
        polylines(lines, [points[list(i)] for i in CLOSED], WHITE, thickness=thickness, closed=True)
        polylines(lines, [points[list(i)] for i in OPEN], WHITE, thickness=thickness, closed=False)
        cv2.addWeighted(lines, OUTLINE_OPACITY, face, 1 - OUTLINE_OPACITY, 0, dst=face)
        _draw_tag(canvas, chip, armed.get(chip.face, False), alone=len(state.chips) == 1)


def face_box(canvas: Canvas, chip: FaceChip) -> Box:
    """The part of the picture that holds the face and a margin."""
    margin = chip.iod_px * 0.25
    left, top = np.maximum(0, np.floor(chip.landmarks_px.min(axis=0) - margin)).astype(int)
    right, bottom = np.ceil(chip.landmarks_px.max(axis=0) + margin).astype(int)
    right, bottom = min(int(right), canvas.width), min(int(bottom), canvas.height)
    return Box(int(left), int(top), max(0, right - int(left)), max(0, bottom - int(top)))


def _draw_tag(canvas: Canvas, chip: FaceChip, armed: bool, *, alone: bool) -> None:
    """Above the face: a dot (teal while it is watched), its number, and the flags of this frame."""
    flags = [flag.value.replace("_", " ") for flag in Flag if flag in chip.flags]
    if canvas.compact and alone and not flags:
        return
    words = "   ".join([f"face {chip.face}", *flags])
    width, height = text_width(canvas, words, cap=7) + canvas.px(20), canvas.px(15)
    corner = chip.landmarks_px.min(axis=0)
    left = max(0, min(int(corner[0]), canvas.width - width))
    top = max(canvas.px(24), int(corner[1]) - canvas.px(22))
    panel(canvas, Box(left, top, width, height), radius=7)
    dot = left + canvas.px(8), top + height / 2
    disc(canvas.bgr, dot, 2.5 * canvas.scale, TEAL if armed else MUTED)
    text(canvas, words, (left + canvas.px(14), top + canvas.px(11)), cap=7)


def draw_regions(canvas: Canvas, state: OverlayState) -> None:
    """A spot on every region: small at rest, larger and warmer the more the region moves."""
    signals = {signal.face: signal for signal in state.signals}
    for chip in state.chips:
        if chip.face in signals:
            _draw_spots(canvas, chip, signals[chip.face])


def _draw_spots(canvas: Canvas, chip: FaceChip, signal: SpotSignal) -> None:
    for points, moved_px in zip(REGION_LANDMARKS.values(), signal.regions_px, strict=True):
        x, y = (float(v) for v in chip.landmarks_px[list(points)].mean(axis=0))
        strength = _strength(float(moved_px))
        if strength > 0:
            _draw_spot(canvas, (x, y), chip.iod_px * (0.07 + 0.13 * strength), warmth(strength))
        elif not canvas.compact:
            disc(canvas.bgr, (x, y), max(1.3, chip.iod_px * 0.012), TEAL)


def _draw_spot(canvas: Canvas, centre: tuple[float, float], radius_px: float, colour: Colour) -> None:
    """A translucent disc with a clear edge."""
    reach = int(radius_px) + 3
    left, top = max(0, int(centre[0]) - reach), max(0, int(centre[1]) - reach)
    under = canvas.part(Box(left, top, int(centre[0]) + reach - left, int(centre[1]) + reach - top))
    if under.size == 0:
        return
    inside = centre[0] - left, centre[1] - top
    glow = under.copy()
    disc(glow, inside, radius_px, colour)
    cv2.addWeighted(glow, SPOT_OPACITY, under, 1 - SPOT_OPACITY, 0, dst=under)
    disc(under, inside, radius_px, colour, ring=canvas.px(1))


def _strength(moved_px: float) -> float:
    """0 at rest .. 1 for a strong movement."""
    if not moved_px > REST_MOVEMENT_PX:
        return 0.0
    return min(1.0, (moved_px - REST_MOVEMENT_PX) / (FULL_MOVEMENT_PX - REST_MOVEMENT_PX))


def warmth(strength: float) -> Colour:
    """Teal over amber to red."""
    first, second, share = (TEAL, AMBER, strength * 2) if strength < 0.5 else (AMBER, RED, strength * 2 - 1)
    mixed = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return cast(Colour, tuple(mixed))
