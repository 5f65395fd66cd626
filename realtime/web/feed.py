"""What a run tells the page besides pictures: the signal of every frame, and events with their evidence."""

from __future__ import annotations

import base64
import math
from collections import deque
from typing import Any

import cv2

from realtime.clock import NS_PER_S, seconds
from realtime.overlay.heat import portrait
from realtime.ring import Record
from realtime.types import LABELS, Event, Recognition, SpotSignal

Message = dict[str, Any]

MOST_ROWS = 4_000  # frames that wait for the loop, over ten seconds at 200 fps
MOST_EVENTS = 64
HEAT_SIZE = (96, 127)  # of the small picture, pixels: the chip's own shape
REGIONS_NAMED = 2


class PageFeed:
    """A sink. `record` writes; the server's loop takes. What nobody takes is forgotten."""

    def __init__(self) -> None:
        self._rows: deque[list[float | int | None]] = deque(maxlen=MOST_ROWS)
        self._events: deque[Message] = deque(maxlen=MOST_EVENTS)
        self._start_ns: int | None = None

    def write(self, record: Record) -> None:
        analysis = record.analysis
        if self._start_ns is None:
            self._start_ns = analysis.frame.t_ns
        self._rows.extend(row_of(signal, self._start_ns) for signal in analysis.signals)
        for event, recognition in zip(analysis.events, analysis.recognitions, strict=True):
            self._events.append(message_of(event, recognition))

    def close(self) -> None:
        """Nothing is held."""

    def take(self) -> list[Message]:
        """Everything new, signals first."""
        rows = [self._rows.popleft() for _ in range(len(self._rows))]
        events = [self._events.popleft() for _ in range(len(self._events))]
        return ([{"kind": "signal", "rows": rows}] if rows else []) + events


def row_of(signal: SpotSignal, start_ns: int) -> list[float | int | None]:
    """`[seconds, score, threshold, armed, face]`; None where a number is not known."""
    values = (signal.score, signal.threshold)
    known = [round(float(value), 3) if math.isfinite(value) else None for value in values]
    return [round(seconds(signal.t_ns - start_ns), 4), *known, int(signal.armed), signal.face]


def message_of(event: Event, recognition: Recognition) -> Message:
    """An event as the page shows it."""
    where = sorted(event.regions_px, key=lambda name: -event.regions_px[name])[:REGIONS_NAMED]
    return {
        "kind": "event",
        "event": event.event,
        "face": event.face,
        "onset_s": event.onset_ns / NS_PER_S,
        "apex_s": event.apex_ns / NS_PER_S,
        "offset_s": event.offset_ns / NS_PER_S,
        "emitted_s": event.emitted_ns / NS_PER_S,
        "type": event.kind.value,
        "label": event.label,
        "confidence": round(event.confidence, 4),
        "classes": dict(zip(LABELS, (round(p, 4) for p in event.probabilities), strict=True)),
        "flags": sorted(flag.value for flag in event.flags),
        "where": [name for name in where if event.regions_px[name] > 0],
        "heat": heat_url(recognition),
    }


def heat_url(recognition: Recognition) -> str:
    """The face at its onset with the movement on it, as a data: address of a few kilobytes."""
    done, jpeg = cv2.imencode(".jpg", portrait(recognition, *HEAT_SIZE), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode()}" if done else ""
