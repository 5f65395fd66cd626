"""Whether the labels of a live run agree with the demo's truth: events.csv beside demo_truth.csv."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from realtime.types import UNCLEAR
from train.errors import DatasetError
from train.overlap import iou

LEAST_OVERLAP = 0.3  # of event and movement (intersection over union of time), to be the same

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts of events; what was spotted where nothing moves has no true class."""

    movements: int
    events: int
    matched: int  # events that lie on a movement with a class
    unclear: int  # of the matched
    right: int  # of the matched and named

    def __str__(self) -> str:
        named = self.matched - self.unclear
        return (
            f"{self.movements} movements, {self.events} events, {self.matched} on a movement: "
            f"{named} named, {self.right} of them right, {self.unclear} unclear"
        )


def agreement(folder: Path) -> Agreement:
    """Raises: DatasetError if a table is missing."""
    truth = [row for row in _rows(folder / "demo_truth.csv") if row["label"]]
    events = _rows(folder / "events.csv")
    pairs = [(event, found) for event in events if (found := _movement(event, truth)) is not None]
    unclear = sum(event["label"] == UNCLEAR for event, _ in pairs)
    right = sum(event["label"] == found["label"] for event, found in pairs)
    return Agreement(len(truth), len(events), len(pairs), unclear, right)


def _movement(event: Row, truth: list[Row]) -> Row | None:
    span = _span_s(event)
    best = max(truth, key=lambda row: iou(span, _span_s(row)), default=None)
    return best if best is not None and iou(span, _span_s(best)) >= LEAST_OVERLAP else None


def _span_s(row: Row) -> tuple[float, float]:
    return float(row["onset_s"]), float(row["offset_s"])


def _rows(path: Path) -> list[Row]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise DatasetError(f"no table {path} ({error.strerror}); run realtime.cam --source demo") from error
