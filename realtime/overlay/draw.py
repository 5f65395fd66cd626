"""Drawing on a BGR picture: smooth text, translucent panels, thin lines; all sizes follow the picture's.

OpenCV's built-in fonts are strokes of one width. Drawn four times too large and shrunk they come out
evenly grey and legible from 6 px on, which its own anti-aliasing does not reach.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.types import UNCLEAR

BgrImage = NDArray[np.uint8]  # (height, width, 3)
Colour = tuple[int, int, int]  # blue, green, red

WHITE: Colour = (244, 242, 240)
MUTED: Colour = (176, 170, 164)
FAINT: Colour = (112, 106, 100)
PANEL: Colour = (30, 25, 22)
TEAL: Colour = (206, 200, 96)
AMBER: Colour = (80, 190, 250)
RED: Colour = (78, 78, 236)
LABEL_COLOURS: dict[str, Colour] = {
    "negative": (100, 104, 240),
    "positive": (132, 208, 112),
    "surprise": (80, 190, 250),
    UNCLEAR: (188, 182, 176),
}

BASE_WIDTH, BASE_HEIGHT = 640, 480  # the picture on which one unit is one pixel
SMALLEST_SCALE = 0.76  # text of 8 units is still 6 px tall
SUPERSAMPLING = 4
FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_CAP_PX = 21  # height of a capital at font scale 1
STROKE = {False: 0.115, True: 0.165}  # of the capital's height; True: bold
SHIFT = 4  # binary places of the coordinates that OpenCV's lines take


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height


class Canvas:
    """A picture being drawn on, and the size of a unit on it."""

    def __init__(self, bgr: BgrImage) -> None:
        self.bgr = bgr
        self.height, self.width = bgr.shape[:2]
        fit = min(self.width / BASE_WIDTH, self.height / BASE_HEIGHT)
        self.scale = max(SMALLEST_SCALE, fit)
        self.compact = fit < SMALLEST_SCALE  # too small for everything: say less

    def px(self, units: float) -> int:
        """So many units in whole pixels, at least one."""
        return max(1, round(units * self.scale))

    def part(self, box: Box) -> BgrImage:
        """The pixels under a box, as a view; what lies outside of the picture is cut off."""
        return self.bgr[max(0, box.top) : max(0, box.bottom), max(0, box.left) : max(0, box.right)]


def panel(
    canvas: Canvas, box: Box, *, colour: Colour = PANEL, opacity: float = 0.62, radius: float = 5
) -> None:
    """A translucent rectangle with round corners."""
    if box.width > 0 and box.height > 0:
        rounding = canvas.px(radius) if radius else 0
        stamp = _panel_stamp(box.width, box.height, rounding, round(opacity * 255), colour)
        _press(canvas, stamp, box.left, box.top)


@lru_cache(maxsize=48)
def _panel_stamp(width: int, height: int, radius: int, alpha: int, colour: Colour) -> Stamp:
    k = SUPERSAMPLING
    radius = min(radius, width // 2, height // 2)
    mask = np.full((height, width), 255, np.uint8)
    corner = np.zeros((radius * k, radius * k), np.uint8)
    cv2.circle(corner, (radius * k, radius * k), radius * k, (255,), -1)
    if radius:
        corner = cast(NDArray[np.uint8], cv2.resize(corner, (radius, radius), interpolation=cv2.INTER_AREA))
        mask[:radius, :radius] = corner
        mask[:radius, -radius:] = corner[:, ::-1]
        mask[-radius:] = mask[:radius][::-1]
    return stamp_of((mask.astype(np.uint16) * alpha // 255).astype(np.uint8), colour)


def text(
    canvas: Canvas,
    string: str,
    at: tuple[int, int],
    *,
    cap: float = 8,
    colour: Colour = WHITE,
    bold: bool = False,
    align: float = 0.0,
) -> int:
    """Writes one line; `at` is where its base line begins (`align` 0), has its middle (0.5) or ends (1).

    `cap` is the height of a capital in units. Returns: the width in pixels.
    """
    cap_height = cap_px(canvas, cap)
    width = text_width(canvas, string, cap=cap, bold=bold)
    stamp = _text_stamp(plain(string), cap_height, bold, colour)
    _press(canvas, stamp, at[0] - round(width * align) - PADDING, at[1] - cap_height - PADDING)
    return width


PADDING = 3  # pixels around the text in its mask


def cap_px(canvas: Canvas, cap: float) -> int:
    """The height of a capital of `cap` units in pixels, never under the legible six."""
    return max(6, round(cap * canvas.scale))


def text_width(canvas: Canvas, string: str, *, cap: float = 8, bold: bool = False) -> int:
    """In pixels; nothing is drawn."""
    return _measured(plain(string), cap_px(canvas, cap), bold)[0]


def shortened(canvas: Canvas, string: str, width: int, *, cap: float = 8, bold: bool = False) -> str:
    """The text, cut with two points where it is wider than `width` pixels."""
    if text_width(canvas, string, cap=cap, bold=bold) <= width:
        return string
    while string and text_width(canvas, string + "..", cap=cap, bold=bold) > width:
        string = string[:-1]
    return string + ".." if string else ""


@lru_cache(maxsize=512)
def plain(string: str) -> str:
    """The text in what the fonts can draw: accents dropped, anything else as a question mark."""
    folded = unicodedata.normalize("NFKD", string)
    kept = (c for c in folded if not unicodedata.combining(c))
    return "".join(c if " " <= c <= "~" else "?" for c in kept)


def _stroke(cap: int, bold: bool) -> tuple[float, int]:
    """Font scale and line width of the text before it is shrunk."""
    large = cap * SUPERSAMPLING
    return large / FONT_CAP_PX, max(1, round(STROKE[bold] * large))


def _measured(string: str, cap: int, bold: bool) -> tuple[int, int]:
    """Width, and height from the top of a capital to the lowest stroke, in pixels."""
    (wide, _), below = cv2.getTextSize(string, FONT, *_stroke(cap, bold))
    return -(-wide // SUPERSAMPLING), cap + -(-below // SUPERSAMPLING)


@lru_cache(maxsize=512)
def _text_stamp(string: str, cap: int, bold: bool, colour: Colour) -> Stamp:
    """The text with a margin of PADDING."""
    k = SUPERSAMPLING
    scale, stroke = _stroke(cap, bold)
    width, height = (length + 2 * PADDING for length in _measured(string, cap, bold))
    large = np.zeros((height * k, width * k), np.uint8)
    cv2.putText(large, string, (PADDING * k, (PADDING + cap) * k), FONT, scale, (255,), stroke, cv2.LINE_AA)
    mask = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return stamp_of(cast(NDArray[np.uint8], mask), colour)


class Stamp(NamedTuple):
    """A colour and where it covers: kept, because the same words and panels come with every frame."""

    clear: BgrImage  # how much of what lies under it stays, 0..255
    light: BgrImage  # what is added to that


def stamp_of(mask: NDArray[np.uint8], colour: Colour) -> Stamp:
    """From the coverage 0..255 of one colour."""
    whole = cast(BgrImage, cv2.merge([mask, mask, mask]))
    light = cv2.multiply(whole, np.full_like(whole, colour), scale=1 / 255)
    return Stamp(cast(BgrImage, 255 - whole), cast(BgrImage, light))


def press(under: BgrImage, clear: BgrImage, light: BgrImage) -> None:
    """Mixes a stamp of the same size into the picture under it."""
    cv2.add(cv2.multiply(under, clear, scale=1 / 255), light, dst=under)


def _press(canvas: Canvas, stamp: Stamp, left: int, top: int) -> None:
    """Mixes a stamp into the picture; what lies outside of it is cut off."""
    if left >= canvas.width or top >= canvas.height:
        return
    under = canvas.part(Box(left, top, stamp.clear.shape[1], stamp.clear.shape[0]))
    if under.size:
        rows = slice(max(0, -top), max(0, -top) + under.shape[0])
        columns = slice(max(0, -left), max(0, -left) + under.shape[1])
        press(under, stamp.clear[rows, columns], stamp.light[rows, columns])


def fixed_point(points_px: NDArray[np.floating]) -> NDArray[np.int32]:
    """(n, 2) positions as OpenCV's lines take them with `shift=SHIFT`: parts of a pixel are kept."""
    return np.round(points_px * (1 << SHIFT)).astype(np.int32).reshape(-1, 1, 2)


def polylines(
    bgr: BgrImage,
    lines_px: Sequence[NDArray[np.floating]],
    colour: Colour,
    *,
    thickness: int = 1,
    closed: bool,
) -> None:
    """Smooth lines through (n, 2) positions each."""
    points = [fixed_point(line) for line in lines_px]
    cv2.polylines(bgr, points, closed, colour, thickness, cv2.LINE_AA, SHIFT)


def disc(
    bgr: BgrImage, centre_px: tuple[float, float], radius_px: float, colour: Colour, *, ring: int = 0
) -> None:
    """A smooth disc, or a ring of so many pixels."""
    one = 1 << SHIFT
    centre = round(centre_px[0] * one), round(centre_px[1] * one)
    cv2.circle(bgr, centre, round(radius_px * one), colour, ring or -1, cv2.LINE_AA, SHIFT)
