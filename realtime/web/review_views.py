"""Sessions and candidates as the Review tab gets them: plain words and numbers, ready to be shown."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from realtime.clock import seconds
from realtime.overlay.draw import press
from realtime.review.clip_loop import CHIP_INSET, LOOP_HEIGHT, LOOP_WIDTH, TIME_BASE, loop_pts
from realtime.review.codec import chips_of
from realtime.review.decisions import MARKS
from realtime.review.desk import Entry
from realtime.review.records import SLOWNESS, Candidate, Evidence, unit_of
from realtime.review.remade import was_moved
from realtime.review.snapshot import Reviewed
from realtime.types import LABELS, Flag

STILL_SIZE = (66, 87)  # a face as it is, not squeezed
STILL_QUALITY = 85
MOST_REGIONS = 4


def entry_view(entry: Entry) -> dict[str, Any]:
    """One line of the list of sessions."""
    session, tally = entry.session, entry.tally
    return {
        "id": session.id,
        "name": session.name,
        "source": session.source,
        "origin": session.origin.value,
        "started": session.started,
        "subject": session.subject,
        "recorded": session.folder is not None,
        "finished": session.finished,
        "kept": entry.kept,
        "events": tally.events,
        "accepted": tally.accepted,
        "rejected": tally.rejected,
        "pending": tally.pending,
    }


def candidate_view(found: Candidate, entry: Entry) -> dict[str, Any]:
    """One line of the list of candidates."""
    return {**_shared(found), "session_name": entry.session.name, "kept": entry.kept}


def detail_view(found: Candidate, evidence: Evidence | None) -> dict[str, Any]:
    """All there is about one candidate, but for its pictures."""
    event, review = found.event, found.review
    moved = sorted(event.regions_px.items(), key=lambda item: -item[1])[:MOST_REGIONS]
    return {
        **_shared(found),
        "note": review.note,
        "decided": review.decided,
        "moved": was_moved(event, review),
        "found": {
            "label": event.label,
            "kind": event.kind.value,
            **{mark: getattr(event, f"{mark}_frame") for mark in MARKS},
        },
        "probabilities": dict(zip(LABELS, event.probabilities, strict=True)),
        "regions": [{"name": name.replace("_", " "), "px": round(px, 2)} for name, px in moved],
        "series": None if evidence is None else series_view(evidence),
    }


def _shared(found: Candidate) -> dict[str, Any]:
    event, review = found.event, found.review
    as_reviewed = Reviewed(event, review).as_reviewed
    return {
        "session": found.session,
        "event": event.event,
        "source": event.source,
        "face": event.face,
        "kind": as_reviewed.kind.value,
        "label": review.label,
        "status": review.status.value,
        "confidence": round(float(event.confidence), 4),
        "spot_score": round(float(event.spot_score), 2),
        "spot_unit": unit_of(event).value,
        "flags": [flag.value for flag in Flag if flag in event.flags],
        "evidence": found.evidence,
        "marks": {
            mark: {
                "frame": getattr(review, f"{mark}_frame"),
                "s": round(seconds(getattr(review, f"{mark}_ns")), 4),
            }
            for mark in MARKS
        },
    }


def series_view(evidence: Evidence) -> dict[str, Any]:
    """The score curve, and where each of its frames lies in the loop."""
    t_ns = evidence.t_ns.tolist()
    return {
        "frames": evidence.frames.tolist(),
        "t_s": [round(seconds(t), 5) for t in t_ns],
        "shown_s": [round(float(pts * TIME_BASE), 5) for pts in loop_pts(t_ns)],
        "scores": [_number(score) for score in evidence.scores],
        "thresholds": [_number(score) for score in evidence.thresholds],
        "slowness": SLOWNESS,
        "width": LOOP_WIDTH,
        "height": LOOP_HEIGHT,
        "inset": CHIP_INSET,
        "heat_range_px": round(evidence.heat_range_px, 2),
    }


def _number(value: float) -> float | None:
    return round(float(value), 3) if np.isfinite(value) else None


def still(evidence: Evidence, frame: int) -> bytes:
    """JPEG: the face at one frame with the heat on it, for lists."""
    row = min(int(np.searchsorted(evidence.frames, frame)), len(evidence.frames) - 1)
    chip = cv2.cvtColor(chips_of(evidence)[row], cv2.COLOR_GRAY2BGR)
    heat = cv2.imdecode(np.frombuffer(evidence.heat_png, np.uint8), cv2.IMREAD_UNCHANGED)
    opacity = cv2.cvtColor(heat[..., 3], cv2.COLOR_GRAY2BGR)
    light = cv2.multiply(heat[..., :3].copy(), opacity, scale=1 / 255)
    press(np.asarray(chip, np.uint8), np.asarray(255 - opacity, np.uint8), np.asarray(light, np.uint8))
    small = cv2.resize(chip, STILL_SIZE, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, STILL_QUALITY])[1].tobytes()
