"""The score strip: every face's movement over the last seconds, its threshold, and the events in it."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.overlay.draw import (
    FAINT,
    LABEL_COLOURS,
    MUTED,
    TEAL,
    WHITE,
    BgrImage,
    Box,
    Canvas,
    Colour,
    fixed_point,
    panel,
    polylines,
    text,
)
from realtime.overlay.state import OverlayState, Track
from realtime.types import Event, Kind

FACE_COLOURS: tuple[Colour, ...] = (TEAL, (240, 176, 120), (206, 150, 226), (150, 214, 226))
GAP_S = 0.5  # a face unseen for longer: the line is broken
HEADROOM = 1.15  # above the highest score
MOST_THRESHOLDS = 6.0  # higher peaks are cut off, so that the threshold stays in sight
SPAN_OPACITY = {Kind.MICRO: 0.42, Kind.MACRO: 0.2}
DASH, DASH_GAP = 5, 4  # units
CAPTION_HEIGHT = 13


class Axes:
    """Where times and scores lie within a plot of so many pixels."""

    def __init__(self, width: int, height: int, now_ns: int, span_s: float, top_score: float) -> None:
        self.width = width
        self.height = height
        self._now_ns = now_ns
        self._span_ns = span_s * NS_PER_S
        self._top_score = top_score

    def x(self, t_ns: NDArray[np.int64] | int) -> NDArray[np.float64]:
        return self.width * (1 + np.asarray(np.asarray(t_ns) - self._now_ns, np.float64) / self._span_ns)

    def y(self, score: NDArray[np.float32] | float) -> NDArray[np.float64]:
        share = np.clip(np.asarray(score, np.float64) / self._top_score, 0, 1)
        return self.height - 1.5 - share * (self.height - 3)


def draw_strip(canvas: Canvas, state: OverlayState, box: Box) -> None:
    """Draws the strip into `box`; the right edge is the frame shown."""
    panel(canvas, box)
    gutter, margin, caption = canvas.px(22), canvas.px(5), canvas.px(CAPTION_HEIGHT)
    inner_height = box.height - margin - caption
    inner = Box(box.left + gutter, box.top + caption, box.width - gutter - margin, inner_height)
    plot = canvas.part(inner)
    if plot.shape[:2] != (inner.height, inner.width):
        return
    threshold = latest_threshold(state.tracks)
    axes = Axes(inner.width, inner.height, state.t_ns, state.span_s, top_score(state.tracks, threshold))
    _draw_seconds(canvas, plot, axes, state)
    for event in state.events:
        _draw_event(canvas, plot, axes, event, state.run_start_ns)
    for number, track in enumerate(state.tracks):
        _draw_track(canvas, plot, axes, track, FACE_COLOURS[number % len(FACE_COLOURS)])
    if threshold is not None:
        y = float(axes.y(threshold))
        _draw_dashes(canvas, plot, y)
        right = inner.left - canvas.px(4)
        text(canvas, f"{threshold:.3g}", (right, inner.top + round(y) + canvas.px(3)), cap=7, align=1.0)
    _draw_caption(canvas, state, box.top + canvas.px(10), inner)


def _draw_caption(canvas: Canvas, state: OverlayState, base: int, inner: Box) -> None:
    text(canvas, "movement; over the dashes: spotted", (inner.left, base), cap=6, colour=MUTED)
    text(canvas, f"last {state.span_s:.0f} s", (inner.right, base), cap=6, colour=MUTED, align=1.0)


def latest_threshold(tracks: tuple[Track, ...]) -> float | None:
    """The threshold of the face seen last; None before any is known."""
    known = [t for t in tracks if len(t.t_ns) and np.isfinite(t.threshold[-1])]
    return float(max(known, key=lambda t: int(t.t_ns[-1])).threshold[-1]) if known else None


def top_score(tracks: tuple[Track, ...], threshold: float | None) -> float:
    """The score at the upper edge: the highest in sight, within 2 and MOST_THRESHOLDS thresholds."""
    base = threshold or 1.0
    finite = [t.score[np.isfinite(t.score)] for t in tracks]
    highest = max((float(scores.max()) for scores in finite if len(scores)), default=0.0)
    return float(np.clip(highest * HEADROOM, 2 * base, MOST_THRESHOLDS * base))


def _draw_seconds(canvas: Canvas, plot: BgrImage, axes: Axes, state: OverlayState) -> None:
    """A faint line at every second of the run, a stronger one at every fifth."""
    elapsed_ns = state.t_ns - state.run_start_ns
    first = max(0, -int(-(elapsed_ns - state.span_s * NS_PER_S) // NS_PER_S))
    for second in range(first, elapsed_ns // NS_PER_S + 1):
        x = int(axes.x(state.run_start_ns + second * NS_PER_S))
        if 0 <= x < axes.width:
            share = 0.3 if second % 5 == 0 else 0.12
            column = plot[:, x]
            column[:] = (column * (1 - share) + np.array(MUTED) * share).astype(np.uint8)


def _draw_event(canvas: Canvas, plot: BgrImage, axes: Axes, event: Event, start_ns: int) -> None:
    """From onset to offset in the colour of its label, with a line at the apex."""
    times = np.array([event.onset_ns, event.apex_ns, event.offset_ns], np.int64) + start_ns
    onset, apex, offset = (int(x) for x in axes.x(times))
    if offset < 0:
        return
    colour = LABEL_COLOURS[event.label]
    span = plot[:, max(0, onset) : max(offset, onset + 2)]
    if span.size:
        cv2.addWeighted(span, 1, np.full_like(span, colour), SPAN_OPACITY[event.kind], 0, dst=span)
        span[: canvas.px(2)] = colour
    if 0 <= apex < axes.width:
        plot[:, apex] = colour


def _draw_track(canvas: Canvas, plot: BgrImage, axes: Axes, track: Track, colour: Colour) -> None:
    points = np.stack([axes.x(track.t_ns), axes.y(track.score)], axis=1)
    thickness = max(1, round(1.2 * canvas.scale))
    for part, armed in runs(track):
        line = points[part]
        if armed:
            _fill_under(plot, line, colour)
        polylines(plot, [line], colour if armed else FAINT, thickness=thickness, closed=False)


def runs(track: Track) -> Iterator[tuple[slice, bool]]:
    """Stretches of a track to draw in one go, and whether the face was watched in them.

    A stretch ends where the score is not known, where time has a gap, and where `armed` changes; in the
    last case the next one begins with the same point, so that the line does not break.
    """
    known = np.isfinite(track.score)
    torn = ~known[1:] | ~known[:-1] | (np.diff(track.t_ns) > GAP_S * NS_PER_S)
    turns = track.armed[1:] != track.armed[:-1]
    start = 0
    for end in [*np.flatnonzero(torn | turns).tolist(), len(known) - 1]:
        # `end` is the last point before the change
        joined = end + 1 < len(known) and not torn[end]
        if known[start]:
            yield slice(start, end + 2 if joined else end + 1), bool(track.armed[start])
        start = end + 1


def _fill_under(plot: BgrImage, line: NDArray[np.float64], colour: Colour) -> None:
    left, right = max(0, int(line[0, 0])), min(plot.shape[1], int(line[-1, 0]) + 2)
    part = plot[:, left:right]
    if part.size == 0:
        return
    base = plot.shape[0]
    floor = np.array([(line[-1, 0], base), (line[0, 0], base)])
    outline: NDArray[np.float64] = np.concatenate([line, floor]) - (left, 0)
    filled = part.copy()
    cv2.fillPoly(filled, [fixed_point(outline)], colour, cv2.LINE_AA, shift=4)
    cv2.addWeighted(filled, 0.22, part, 0.78, 0, dst=part)


def _draw_dashes(canvas: Canvas, plot: BgrImage, y: float) -> None:
    dash, step = canvas.px(DASH), canvas.px(DASH) + canvas.px(DASH_GAP)
    row, below = int(y), int(y) + canvas.px(1)
    lit = (np.arange(plot.shape[1]) % step) < dash
    plot[row:below, lit] = WHITE
