"""Events, evidence and reviews as JSON and bytes, without losing a bit: in the file and in exports."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import ReviewError
from realtime.review.records import Evidence, Review, Status
from realtime.spotting.regions import REGIONS
from realtime.types import CHIP_SIZE, LABELS, MAP_SIZE, UNCLEAR, Event, Flag, Kind

MAPS_SHAPE = (4, MAP_SIZE, MAP_SIZE, 3)
_NS = ("onset_ns", "apex_ns", "offset_ns", "emitted_ns")
_FRAMES = ("onset_frame", "apex_frame", "offset_frame")


def event_record(event: Event) -> dict[str, Any]:
    """Every field of the event; reals that are none (NaN) as null."""
    return {
        **{name: getattr(event, name) for name in ("event", "source", "face", *_FRAMES, *_NS)},
        "kind": event.kind.value,
        "label": event.label,
        "confidence": _real(event.confidence),
        "probabilities": [_real(chance) for chance in event.probabilities],
        "flags": [flag.value for flag in Flag if flag in event.flags],
        "spot_score": _real(event.spot_score),
        "regions_px": {name: _real(px) for name, px in event.regions_px.items()},
    }


def event_of(record: Mapping[str, Any]) -> Event:
    """The event of such a record. Raises: ReviewError for anything that is none."""
    try:
        event = Event(
            event=int(record["event"]),
            source=str(record["source"]),
            face=int(record["face"]),
            **{name: int(record[name]) for name in (*_FRAMES, *_NS)},
            kind=Kind(record["kind"]),
            label=str(record["label"]),
            confidence=_float(record["confidence"]),
            probabilities=tuple(_float(chance) for chance in record["probabilities"]),  # type: ignore[arg-type]
            flags=frozenset(Flag(flag) for flag in record["flags"]),
            spot_score=_float(record["spot_score"]),
            regions_px={str(name): _float(px) for name, px in record["regions_px"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ReviewError(f"this is no event: {type(error).__name__}: {error}") from error
    problem = _problem(event)
    if problem:
        raise ReviewError(f"event {event.event}: {problem}")
    return event


def _problem(event: Event) -> str | None:
    if event.label not in (*LABELS, UNCLEAR):
        return f"{event.label[:40]!r} is no label"
    if len(event.probabilities) != len(LABELS):
        return f"{len(event.probabilities)} probabilities instead of {len(LABELS)}"
    if not 0 <= event.onset_frame < event.apex_frame < event.offset_frame < 2**53 or event.event < 0:
        return "onset, apex and offset are not in order"
    if max(abs(getattr(event, name)) for name in _NS) >= 2**63:
        return "a time is out of range"
    if len(event.regions_px) > 4 * len(REGIONS) or len(event.source) > 4096:
        return "its names are too long"
    return None


def review_record(review: Review) -> dict[str, Any]:
    return {**asdict(review), "status": review.status.value}


def review_of(record: Mapping[str, Any]) -> Review:
    """The review of such a record. Raises: ReviewError for anything that is none."""
    try:
        review = Review(
            status=Status(record["status"]),
            label=str(record["label"]),
            **{name: int(record[name]) for name in (*_FRAMES, *_NS[:3])},
            note=str(record["note"]),
            decided=None if record["decided"] is None else str(record["decided"])[:40],
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ReviewError(f"this is no review: {type(error).__name__}: {error}") from error
    if review.label not in (*LABELS, UNCLEAR):
        raise ReviewError(f"{review.label[:40]!r} is no label; give one of {', '.join((*LABELS, UNCLEAR))}")
    if not 0 <= review.onset_frame < review.apex_frame < review.offset_frame < 2**53:
        raise ReviewError(
            f"onset {review.onset_frame}, apex {review.apex_frame}, offset {review.offset_frame}: "
            "each must come before the next"
        )
    return review


def dumped(record: Mapping[str, Any]) -> str:
    """One line of ASCII: the odd bytes that a file name may hold survive it."""
    return json.dumps(record, allow_nan=False, separators=(",", ":"))


def _real(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _float(value: Any) -> float:
    return math.nan if value is None else float(value)


def series_text(evidence: Evidence) -> str:
    """The rows of the score curve as JSON."""
    return dumped(
        {
            "frames": evidence.frames.tolist(),
            "t_ns": evidence.t_ns.tolist(),
            "scores": [_real(score) for score in evidence.scores],
            "thresholds": [_real(score) for score in evidence.thresholds],
        }
    )


def series_lists(series: str) -> tuple[list[int], list[int]]:
    """The numbers and times of the frames kept with an event."""
    rows = json.loads(series)
    return rows["frames"], rows["t_ns"]


def evidence_of(
    series: str, loop: bytes, chips: bytes, heat: bytes, range_px: float, maps: bytes
) -> Evidence:
    """The evidence as its row of the file holds it."""
    rows = json.loads(series)
    return Evidence(
        frames=np.array(rows["frames"], np.int64),
        t_ns=np.array(rows["t_ns"], np.int64),
        scores=np.array(rows["scores"], np.float32),  # None becomes NaN
        thresholds=np.array(rows["thresholds"], np.float32),
        loop_mp4=loop,
        chips_png=chips,
        heat_png=heat,
        heat_range_px=range_px,
        maps_u8=np.frombuffer(maps, np.uint8).reshape(MAPS_SHAPE),
    )


def chips_of(evidence: Evidence) -> NDArray[np.uint8]:
    """(n, 128, 128) gray chips, bit for bit as they were analysed."""
    strip = cv2.imdecode(np.frombuffer(evidence.chips_png, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(strip, np.uint8).reshape(-1, CHIP_SIZE, CHIP_SIZE)
