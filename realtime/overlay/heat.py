"""The heat of the last event: how far each part of the face moved from onset to apex, with its legend."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.clock import seconds
from realtime.overlay.draw import MUTED, WHITE, BgrImage, Box, Canvas, panel, press, text
from realtime.overlay.state import OverlayState
from realtime.types import FaceChip, Recognition

HOLD_S = 1.0  # the heat stays this long on the face,
FADE_S = 1.5  # and then fades
LEAST_PX = 0.5  # the legend's smallest range: noise never looks hot
FAINT_SHARE = 0.15  # of the range; what moved less stays clear
OPACITY = 0.72
CHIP_WIDTH, CHIP_HEIGHT = 72, 95  # units: the chip is 2.1 by 2.77 IOD before the squeeze
PALETTE = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_INFERNO)[:, 0]
DARKEST = 80  # the palette's darker colours read as shadow on skin


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """One event's movement in colours, made once."""

    range_px: float  # what the hottest colour stands for
    light: BgrImage  # (128, 128, 3) the palette's colour times its opacity
    opacity: NDArray[np.uint8]  # (128, 128)


def draw_heat(canvas: Canvas, state: OverlayState, bottom: int) -> None:
    """On the face while the event is fresh, and as a small picture with the legend above `bottom`."""
    if state.recognition is None:
        return
    heat = heat_of(state.recognition)
    fresh = freshness(seconds(state.t_ns - state.recognised_ns))
    for chip in state.chips:
        if fresh > 0 and chip.face == state.recognition.maps.flow.window.face:
            _draw_on_face(canvas, chip, heat, fresh)
    _draw_inset(canvas, state.recognition, bottom)


@lru_cache(maxsize=4)
def heat_of(recognition: Recognition) -> Heat:
    """How far every pixel of the chip moved from onset to apex, as colours."""
    phase = recognition.maps.flow.phases_hw2[0]
    moved_px = np.hypot(phase[..., 0], phase[..., 1])
    range_px = max(LEAST_PX, float(np.percentile(moved_px, 99.5)))
    share = np.clip(moved_px / range_px, 0, 1)
    opacity = np.clip((share - FAINT_SHARE) / (1 - FAINT_SHARE), 0, 1) ** 0.7 * OPACITY
    light = palette(share) * opacity[..., None]
    return Heat(range_px, light.astype(np.uint8), (opacity * 255).astype(np.uint8))


def palette(share: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The colours (..., 3) of shares 0..1 of the range."""
    return cast(BgrImage, PALETTE[(DARKEST + share * (255 - DARKEST)).astype(np.uint8)])


def freshness(age_s: float) -> float:
    """1 while the heat is held, falling to 0 while it fades."""
    return float(np.clip((HOLD_S + FADE_S - age_s) / FADE_S, 0.0, 1.0)) if age_s >= 0 else 0.0


def _clear(opacity: NDArray[np.uint8]) -> BgrImage:
    return cast(BgrImage, cv2.cvtColor(255 - opacity, cv2.COLOR_GRAY2BGR))


def _draw_on_face(canvas: Canvas, chip: FaceChip, heat: Heat, fresh: float) -> None:
    box = hot_box(chip, heat.opacity)
    # what lies left of or above the picture is cut off here, the rest by `part`
    box = Box(max(0, box.left), max(0, box.top), box.right - max(0, box.left), box.bottom - max(0, box.top))
    under = canvas.part(box)
    if under.size == 0:
        return
    to_chip = chip.to_chip.copy()
    to_chip[:, 2] += to_chip[:, :2] @ (box.left, box.top)
    size, flags = (under.shape[1], under.shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    light, opacity = heat.light, heat.opacity
    if fresh < 1:
        light = cast(BgrImage, cv2.convertScaleAbs(light, alpha=fresh))
        opacity = cast(NDArray[np.uint8], cv2.convertScaleAbs(opacity, alpha=fresh))
    light = cast(BgrImage, cv2.warpAffine(light, to_chip, size, flags=flags))
    opacity = cast(NDArray[np.uint8], cv2.warpAffine(opacity, to_chip, size, flags=flags))
    press(under, _clear(opacity), light)


def hot_box(chip: FaceChip, opacity: NDArray[np.uint8]) -> Box:
    """The part of the frame that the heat covers: seldom more than a third of the face."""
    x, y, width, height = cv2.boundingRect(opacity)
    corners = np.array([(x, y), (x + width, y), (x, y + height), (x + width, y + height)], np.float64)
    turn = np.linalg.inv(chip.to_chip[:, :2])
    on_frame = (corners - chip.to_chip[:, 2]) @ turn.T
    left, top = (int(v) for v in np.floor(on_frame.min(axis=0)))
    right, bottom = (int(v) for v in np.ceil(on_frame.max(axis=0)))
    return Box(left, top, right - left, bottom - top)


def _draw_inset(canvas: Canvas, recognition: Recognition, bottom: int) -> None:
    """The onset's chip with the heat on it; beside it the scale from 0 to the range."""
    shrink = 0.7 if canvas.compact else 1.0
    width, height, gap = canvas.px(CHIP_WIDTH * shrink), canvas.px(CHIP_HEIGHT * shrink), canvas.px(6)
    bar, words = canvas.px(6), canvas.px(30)
    box = Box(canvas.px(5), bottom - height - 2 * gap - canvas.px(13), width + 3 * gap + bar + words, 0)
    box = box._replace(height=bottom - box.top)
    panel(canvas, box)
    text(canvas, "last movement", (box.left + gap, box.top + canvas.px(13)), cap=7, colour=MUTED)
    top = box.bottom - gap - height
    picture = canvas.part(Box(box.left + gap, top, width, height))
    if picture.shape[:2] == (height, width):
        picture[:] = portrait(recognition, width, height)
        legend = Box(box.left + 2 * gap + width, top, bar, height)
        _draw_legend(canvas, legend, heat_of(recognition).range_px)


@lru_cache(maxsize=4)
def portrait(recognition: Recognition, width: int, height: int) -> BgrImage:
    window, heat = recognition.maps.flow.window, heat_of(recognition)
    chip = cast(BgrImage, cv2.cvtColor(window.chips[window.onset].gray_u8, cv2.COLOR_GRAY2BGR))
    press(chip, _clear(heat.opacity), heat.light)
    return cast(BgrImage, cv2.resize(chip, (width, height), interpolation=cv2.INTER_AREA))


def _draw_legend(canvas: Canvas, box: Box, range_px: float) -> None:
    bar = canvas.part(box)
    bar[:] = palette(np.linspace(1, 0, bar.shape[0]))[:, None]
    beside = box.right + canvas.px(3)
    text(canvas, f"{range_px:.1f}", (beside, box.top + canvas.px(7)), cap=7, colour=WHITE)
    text(canvas, "px", (beside, box.top + canvas.px(18)), cap=7, colour=MUTED)
    text(canvas, "0", (beside, box.bottom), cap=7, colour=WHITE)
