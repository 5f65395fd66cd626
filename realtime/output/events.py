"""The tables of events: events.csv, events.jsonl, events.vtt and events.eaf.

The first two grow by one line per event, in the hands of the system when it is emitted. The captions and
the ELAN document are views of events.jsonl: replaced in one step now and then while the run goes on, and
completed on close. `write_views` makes them again for the folder of a run that was killed.

Everything here is called from the `record` thread only: not thread-safe.
"""

from __future__ import annotations

import json
import math
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from realtime.clock import seconds
from realtime.errors import OutputError
from realtime.output.files import LineFile, csv_line, fixed, make_folder, replace_file, writing
from realtime.output.views import Candidate, elan_document, vtt_document
from realtime.types import LABELS, Event, Flag

CSV_NAME = "events.csv"
JSONL_NAME = "events.jsonl"
VTT_NAME = "events.vtt"
EAF_NAME = "events.eaf"

HEADER = (
    *("event", "source", "face", "onset_frame", "apex_frame", "offset_frame"),
    *("onset_s", "apex_s", "offset_s", "kind", "label", "confidence"),
    *(f"p_{label}" for label in LABELS),
    *("flags", "spot_score", "emitted_s"),
)
SECONDS_DECIMALS = 6
REAL_DECIMALS = 4
VIEW_GROWTH = 1.125  # views are replaced when there are an eighth more events: linear work in the end


def flag_names(flags: frozenset[Flag]) -> str:
    """`blink;speech`: always in the order in which the flags are declared."""
    return ";".join(flag.value for flag in Flag if flag in flags)


def event_values(event: Event) -> dict[str, str | int | float]:
    """The event by column, in the order of HEADER."""
    return {
        "event": event.event,
        "source": event.source,
        "face": event.face,
        "onset_frame": event.onset_frame,
        "apex_frame": event.apex_frame,
        "offset_frame": event.offset_frame,
        "onset_s": seconds(event.onset_ns),
        "apex_s": seconds(event.apex_ns),
        "offset_s": seconds(event.offset_ns),
        "kind": event.kind.value,
        "label": event.label,
        "confidence": float(event.confidence),
        **{f"p_{label}": float(p) for label, p in zip(LABELS, event.probabilities, strict=True)},
        "flags": flag_names(event.flags),
        "spot_score": float(event.spot_score),
        "emitted_s": seconds(event.emitted_ns),
    }


def event_line(event: Event) -> str:
    """The event's line of events.csv, without its line end."""
    return csv_line(
        fixed(value, _decimals(name)) if isinstance(value, float) else str(value)
        for name, value in event_values(event).items()
    )


def event_record(event: Event) -> dict[str, Any]:
    """The event's line of events.jsonl: the columns, plus `regions_px` (name: px at the apex)."""
    regions_px = {name: _rounded(float(px), REAL_DECIMALS) for name, px in event.regions_px.items()}
    columns = {
        name: _rounded(value, _decimals(name)) if isinstance(value, float) else value
        for name, value in event_values(event).items()
    }
    return {**columns, "regions_px": regions_px}


def _decimals(name: str) -> int:
    return SECONDS_DECIMALS if name.endswith("_s") else REAL_DECIMALS


def _rounded(value: float, decimals: int) -> float | None:
    # JSON has no word for NaN or infinity.
    return round(value, decimals) if math.isfinite(value) else None


class EventWriter:
    """Writes all four files of events into one folder; use it with `with`.

    `media` is the clip that the ELAN document opens beside the tiers, when there is one.
    Raises: OutputError, from the constructor on a folder that cannot be written to and from `write` and
    `close` on a full disk; lines written before stay whole.
    """

    def __init__(self, folder: Path, *, media: Path | None = None) -> None:
        self._folder = make_folder(folder)
        self._media = media
        self._csv = LineFile(folder / CSV_NAME)
        self._jsonl = LineFile(folder / JSONL_NAME)
        self._csv.write(csv_line(HEADER))
        write_views(folder, media=media)
        self._events = 0
        self._viewed = 0

    def write(self, event: Event) -> None:
        record = json.dumps(event_record(event), ensure_ascii=False, allow_nan=False)
        self._csv.write(event_line(event))
        self._jsonl.write(record)
        self._events += 1
        if self._events >= self._viewed * VIEW_GROWTH:
            self._complete_views()

    def _complete_views(self) -> None:
        write_views(self._folder, media=self._media)
        self._viewed = self._events

    def close(self) -> None:
        """Completes the views; idempotent."""
        self._csv.close()
        self._jsonl.close()
        if self._viewed < self._events:
            self._complete_views()

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What went wrong first is what the user should read.
        with suppress(OutputError) if error is not None else nullcontext():
            self.close()


def read_records(folder: Path) -> list[dict[str, Any]]:
    """The lines of a folder's events.jsonl; a last line that a kill cut short is left out."""
    with writing(folder / JSONL_NAME):
        lines = (folder / JSONL_NAME).read_bytes().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def write_views(folder: Path, *, media: Path | None = None) -> None:
    """Makes events.vtt and events.eaf from the folder's events.jsonl."""
    candidates = [Candidate.from_record(record) for record in read_records(folder)]
    replace_file(folder / VTT_NAME, vtt_document(candidates))
    replace_file(folder / EAF_NAME, elan_document(candidates, folder=folder, media=media))
