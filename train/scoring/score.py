"""What counts as spotted: the rule of the MEGC challenges, and STRS.

A spotted interval is a true positive if its intersection over union (IoU) with a not yet matched interval
of the truth, of the same type and in the same video, is 0.5 or more; each is matched once, the best
overlaps first. TP, FP and FN are pooled over all videos before F1 is taken. Intervals are frames, both
ends included: [10, 19] is ten frames long. Source: See et al., MEGC 2019; Li et al., MEGC 2022, STRS.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from realtime.types import UNCLEAR
from train.overlap import iou

LEAST_IOU = 0.5
KINDS = ("micro", "macro")


@dataclass(frozen=True, slots=True)
class Interval:
    """One movement of the truth, or one that was spotted."""

    video: str
    onset: int  # frames, both ends included
    offset: int
    kind: str  # micro or macro
    label: str = ""
    amplitude_px: float = math.nan  # truth: largest displacement at chip scale
    flags: frozenset[str] = frozenset()  # spotted: why to trust it less
    offset_s: float = math.nan  # spotted: time of its last frame
    frame_s: float = math.nan  # spotted: seconds per frame around it
    emitted_s: float = math.nan  # spotted: time of the frame at which it was said

    @property
    def span(self) -> tuple[int, int]:
        return self.onset, self.offset


class Match(NamedTuple):
    truth: Interval
    spotted: Interval


@dataclass(frozen=True, slots=True)
class Scored:
    """Everything that came of one comparison."""

    matches: tuple[Match, ...]
    false_alarms: tuple[Interval, ...]
    missed: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Pooled counts and what follows from them; a ratio of nothing is 0."""

    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float:
        return self.tp / max(self.tp + self.fp, 1)

    @property
    def recall(self) -> float:
        return self.tp / max(self.tp + self.fn, 1)

    @property
    def f1(self) -> float:
        return 2 * self.tp / max(2 * self.tp + self.fp + self.fn, 1)

    def table(self) -> dict[str, float]:
        ratios = {name: round(getattr(self, name), 4) for name in ("precision", "recall", "f1")}
        return {"tp": self.tp, "fp": self.fp, "fn": self.fn, **ratios}


def compare(truth: Sequence[Interval], spotted: Sequence[Interval]) -> Scored:
    """Matches per video and type, the best overlaps first; equal ones in order of their onset."""
    pairs = [
        (-common, true.onset, found.onset, i, j)
        for i, true in enumerate(truth)
        for j, found in enumerate(spotted)
        if true.video == found.video
        and true.kind == found.kind
        and (common := iou(true.span, found.span, step=1)) >= LEAST_IOU
    ]
    mates: dict[int, int] = {}
    for *_, i, j in sorted(pairs):
        if i not in mates and j not in mates.values():
            mates[i] = j
    taken = set(mates.values())
    return Scored(
        tuple(Match(truth[i], spotted[j]) for i, j in sorted(mates.items())),
        tuple(found for j, found in enumerate(spotted) if j not in taken),
        tuple(true for i, true in enumerate(truth) if i not in mates),
    )


def left_out(scored: Scored, truth_ignored: Callable[[Interval], bool]) -> Scored:
    """The same without the ignored intervals of the truth: neither found nor missed, no false alarm."""
    return Scored(
        tuple(match for match in scored.matches if not truth_ignored(match.truth)),
        scored.false_alarms,
        tuple(true for true in scored.missed if not truth_ignored(true)),
    )


def forgiven(scored: Scored, excused: frozenset[str]) -> Scored:
    """The same without the false alarms that carry one of the `excused` flags."""
    return Scored(
        scored.matches,
        tuple(found for found in scored.false_alarms if not found.flags & excused),
        scored.missed,
    )


def counts(scored: Scored, kind: str | None = None) -> Counts:
    """Of one type, or (None) of all together."""
    return Counts(
        sum(kind in (None, match.truth.kind) for match in scored.matches),
        sum(kind in (None, found.kind) for found in scored.false_alarms),
        sum(kind in (None, true.kind) for true in scored.missed),
    )


def latencies_ms(matches: Sequence[Match]) -> list[float]:
    """From the true offset to the frame at which the movement was said; only where times are known."""
    waits = [
        found.emitted_s - (found.offset_s + (true.offset - found.offset) * found.frame_s)
        for true, found in matches
    ]
    return [1000 * wait for wait in waits if math.isfinite(wait)]


def percentile(values: Sequence[float], share: float) -> float | None:
    return round(float(np.percentile(values, share)), 2) if len(values) else None


def recognition(matches: Sequence[Match]) -> dict[str, float] | None:
    """How well the correctly spotted are recognised; None if no truth among them has a label.

    Macro precision and recall run over the classes that occur, in the truth or as an answer; `unclear`
    is no class, it only costs recall. F1 is the harmonic mean of the two.
    """
    pairs = [(true.label, found.label) for true, found in matches if true.label]
    if not pairs:
        return None
    classes = sorted({label for pair in pairs for label in pair} - {UNCLEAR, ""})
    right = {label: pairs.count((label, label)) for label in classes}
    said = {label: sum(found == label for _, found in pairs) for label in classes}
    true = {label: sum(truth == label for truth, _ in pairs) for label in classes}
    precision = sum(right[label] / max(said[label], 1) for label in classes) / len(classes)
    recall = sum(right[label] / max(true[label], 1) for label in classes) / len(classes)
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "events": len(pairs)}


def strs(scored: Scored, kind: str) -> dict[str, float] | None:
    """Spot-then-recognise score: F1 of spotting times F1 of recognition over the correctly spotted."""
    found = recognition([match for match in scored.matches if match.truth.kind == kind])
    if found is None:
        return None
    spotting_f1 = counts(scored, kind).f1
    together = {"spotting_f1": spotting_f1, "recognition_f1": found["f1"], "strs": spotting_f1 * found["f1"]}
    rounded = {**found, **together}
    return {name: round(value, 4) for name, value in rounded.items() if name != "f1"}


def report(scored: Scored, minutes: float | None) -> dict[str, object]:
    """The keys of `python -m train.spotting_eval --json`; a figure that cannot be known is None."""
    tables: dict[str, object] = {}
    for name, kind in (("micro", "micro"), ("macro", "macro"), ("overall", None)):
        counted = counts(scored, kind)
        tables[name] = {**counted.table(), "false_alarms_per_minute": _rate(counted.fp, minutes)}
    return {
        **tables,
        "latency_ms_p95": percentile(latencies_ms(scored.matches), 95),
        "false_alarms_per_minute": _rate(counts(scored).fp, minutes),
        "strs": {kind: strs(scored, kind) for kind in KINDS},
        "minutes": None if minutes is None else round(minutes, 4),
    }


def _rate(false_alarms: int, minutes: float | None) -> float | None:
    return round(false_alarms / minutes, 4) if minutes else None
