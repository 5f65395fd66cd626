"""The last seconds of every face, and what is cut from them for one event.

Not thread-safe: it lives on the `record` thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.overlay.heat import Heat, heat_of
from realtime.review.clip_loop import cut_view, encode_loop, gray_view
from realtime.review.records import AROUND_NS, Evidence
from realtime.types import Analysis, FaceChip, Recognition, SpotSignal, Window

TRAIL_S = 7.0  # a movement of 4.5 s, half a second before and after, and the time until it is known
TRAIL_BYTES = 48_000_000  # of one face
MOST_PICTURES = 240  # of one event; a longer one is thinned out between its marks
PNG_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """One face in one frame."""

    chip: FaceChip
    jpeg: bytes  # the face in colour, as the loop shows it
    score: float  # NaN: not measured
    threshold: float


class Trail:
    """The last seconds of every face in sight."""

    def __init__(self, seconds: float = TRAIL_S, max_bytes: int = TRAIL_BYTES) -> None:
        self._span_ns = int(seconds * NS_PER_S)
        self._max_bytes = max_bytes
        self._faces: dict[int, deque[Glimpse]] = {}

    def push(self, analysis: Analysis) -> None:
        """Keeps the frame's faces, and forgets what is too old or too much."""
        signals = {signal.face: signal for signal in analysis.signals}
        for chip in analysis.chips:
            glimpses = self._faces.setdefault(chip.face, deque())
            glimpses.append(_glimpse(analysis, chip, signals.get(chip.face)))
        for face in list(self._faces):
            self._forget(face, analysis.frame.t_ns)

    def _forget(self, face: int, now_ns: int) -> None:
        glimpses = self._faces[face]
        most = self._max_bytes // (len(glimpses[-1].jpeg) + glimpses[-1].chip.gray_u8.nbytes)
        while glimpses and (now_ns - glimpses[0].chip.t_ns > self._span_ns or len(glimpses) > most):
            glimpses.popleft()
        if not glimpses:
            del self._faces[face]

    def around(self, window: Window) -> list[Glimpse]:
        """The window's face from AROUND_NS before its onset to AROUND_NS after its offset, in order.

        Frames whose picture was not kept come from the window's own chips, in gray.
        """
        first_ns = window.chips[window.onset].t_ns - AROUND_NS
        last_ns = window.chips[window.offset].t_ns + AROUND_NS
        seen = {
            g.chip.frame_index: g
            for g in self._faces.get(window.face, ())
            if first_ns <= g.chip.t_ns <= last_ns
        }
        for chip in window.chips:
            if chip.frame_index not in seen and first_ns <= chip.t_ns <= last_ns:
                seen[chip.frame_index] = Glimpse(chip, gray_view(chip), np.nan, np.nan)
        return [seen[index] for index in sorted(seen)]


def _glimpse(analysis: Analysis, chip: FaceChip, signal: SpotSignal | None) -> Glimpse:
    score, threshold = (np.nan, np.nan) if signal is None else (signal.score, signal.threshold)
    # the mesh weighs as much as the chip and is not looked at again
    light = replace(chip, landmarks_px=chip.landmarks_px[:0])
    return Glimpse(light, cut_view(analysis.frame.bgr, chip), float(score), float(threshold))


def evidence_of(
    recognition: Recognition, glimpses: Sequence[Glimpse], *, frames: int, shift_ns: int
) -> Evidence:
    """What is kept of one event; `frames` and `shift_ns` are taken off the source's numbers and times."""
    window = recognition.maps.flow.window
    marks = {window.chips[i].frame_index for i in (window.onset, window.apex, window.offset)}
    kept = list(thinned(glimpses, marks))
    t_ns = [glimpse.chip.t_ns for glimpse in kept]
    heat = heat_of(recognition)
    return Evidence(
        frames=np.array([glimpse.chip.frame_index - frames for glimpse in kept], np.int64),
        t_ns=np.array(t_ns, np.int64) - shift_ns,
        scores=np.array([glimpse.score for glimpse in kept], np.float32),
        thresholds=np.array([glimpse.threshold for glimpse in kept], np.float32),
        loop_mp4=encode_loop([glimpse.jpeg for glimpse in kept], t_ns),
        chips_png=_png(np.concatenate([glimpse.chip.gray_u8 for glimpse in kept])),
        heat_png=heat_picture(heat),
        heat_range_px=heat.range_px,
        maps_u8=recognition.maps.maps_u8,
    )


def thinned(glimpses: Sequence[Glimpse], marks: set[int], most: int = MOST_PICTURES) -> Iterator[Glimpse]:
    """At most about `most` of them, evenly spread; the marked ones always."""
    step = max(1.0, len(glimpses) / most)
    wanted = {round(i * step) for i in range(most)}
    for position, glimpse in enumerate(glimpses):
        if position in wanted or glimpse.chip.frame_index in marks:
            yield glimpse


def heat_picture(heat: Heat) -> bytes:
    """PNG, (128, 128) BGRA on the chip's grid."""
    return _png(_with_alpha(heat.light, heat.opacity))


def _with_alpha(light: NDArray[np.uint8], opacity: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(128, 128, 4): the colours as they are, not yet mixed with their opacity."""
    share = np.maximum(opacity, 1)[..., None] / 255
    colours = np.clip(light / share, 0, 255).astype(np.uint8)
    return np.dstack([colours, opacity])


def _png(image: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", image, PNG_FAST)[1].tobytes()
