"""Heat and motion maps of a candidate whose marks were moved, computed again from the chips kept with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.flow import flow_of
from realtime.maps import maps_of
from realtime.overlay.heat import heat_of
from realtime.review.codec import chips_of
from realtime.review.evidence import heat_picture
from realtime.review.records import Evidence, Review
from realtime.types import Event, FaceChip, Kind, MotionMaps, Recognition, Window

NOTHING = np.empty((0, 2), np.float32)


@dataclass(frozen=True, slots=True)
class Heat:
    """The heat map as a picture, and what its hottest colour stands for."""

    png: bytes
    range_px: float


def heat_as_reviewed(event: Event, review: Review, evidence: Evidence) -> Heat:
    """The heat from the onset to the apex that hold now."""
    if not was_moved(event, review):
        return Heat(evidence.heat_png, evidence.heat_range_px)
    maps = _remade(review, evidence)
    chances = event.probabilities
    heat = heat_of(Recognition(maps, review.label, max(chances), chances))
    return Heat(heat_picture(heat), heat.range_px)


def maps_as_reviewed(event: Event, review: Review, evidence: Evidence) -> NDArray[np.uint8]:
    """(4, 28, 28, 3) what the network saw, or would have seen with the marks that hold now."""
    return _remade(review, evidence).maps_u8 if was_moved(event, review) else evidence.maps_u8


def was_moved(event: Event, review: Review) -> bool:
    found = event.onset_frame, event.apex_frame, event.offset_frame
    return found != (review.onset_frame, review.apex_frame, review.offset_frame)


def _remade(review: Review, evidence: Evidence) -> MotionMaps:
    marks = review.onset_frame, review.apex_frame, review.offset_frame
    rows = [min(int(np.searchsorted(evidence.frames, mark)), len(evidence.frames) - 1) for mark in marks]
    chips = chips_of(evidence)
    three = tuple(_chip(chips[row], int(evidence.frames[row])) for row in rows)
    window = Window(three, 0, 1, 2, Kind.MICRO, 0.0, np.empty(0, np.float32), frozenset(), 0)
    return maps_of(flow_of(window))


def _chip(gray_u8: NDArray[np.uint8], frame: int) -> FaceChip:
    return FaceChip("", frame, 0, 0, gray_u8, np.eye(2, 3), NOTHING, 0.0, 1.0, frozenset())
