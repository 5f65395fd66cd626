"""Figures of one run of the spotting benchmark: scores, coverage, boundaries, by amplitude and duration.

Three ways to count, for talking faces above all: `all` events; `forgiven`, where a false alarm that names
another cause (blink, speech, head motion, light) is not counted but such events still find; `unflagged`,
where events that name another cause are left out altogether. The flags gapped, low_fps and edge are no cause.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from realtime.types import Flag
from train.scoring.run import Watched, coverage
from train.scoring.score import Interval, Match, Scored, compare, forgiven, left_out, report

CAUSES = frozenset(flag.value for flag in (Flag.BLINK, Flag.SPEECH, Flag.HEAD_MOTION, Flag.LIGHT_CHANGE))
LEAST_PX = 0.5  # weaker micro-expressions are neither asked for nor held against the spotter
AMPLITUDES_PX = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 9.0)
DURATIONS_MS = (0, 150, 250, 350, 450, 600)

Rule = Callable[[Interval], bool]


def too_weak(least_px: float) -> Rule:
    return lambda true: true.kind == "micro" and true.amplitude_px < least_px


def ways(truth: Sequence[Interval], spotted: Sequence[Interval], least_px: float) -> dict[str, Scored]:
    """The three ways to count, weak micro-expressions left out of each."""
    scored = compare(truth, spotted)
    clean = compare(truth, [found for found in spotted if not found.flags & CAUSES])
    counted = {"all": scored, "forgiven": forgiven(scored, CAUSES), "unflagged": clean}
    return {name: left_out(one, too_weak(least_px)) for name, one in counted.items()}


def figures(
    truth: Sequence[Interval], spotted: Sequence[Interval], watched: Sequence[Watched], least_px: float
) -> dict[str, Any]:
    """Everything the benchmark says of one set. Rates are per minute of face time."""
    minutes = sum(one.face_s for one in watched) / 60
    counted = ways(truth, spotted, least_px)
    frame_ms = {Path(one.video).stem: one.frame_ms for one in watched}
    return {
        "least_px": least_px,
        "face_minutes": round(minutes, 3),
        "videos": len(watched),
        "coverage": coverage(watched),
        **{name: report(scored, minutes or None) for name, scored in counted.items()},
        "boundaries_ms": boundaries(counted["all"].matches),
        "recall_by_amplitude_px": recalls(compare(truth, spotted), AMPLITUDES_PX, _amplitude),
        "recall_by_duration_ms": recalls(
            counted["all"],
            DURATIONS_MS,
            lambda true: (true.offset - true.onset) * frame_ms.get(true.video, 0.0),
        ),
        "flags_of_false_alarms": flag_counts(counted["all"].false_alarms),
        "confusion": confusion(counted["all"].matches),
    }


def boundaries(matches: Sequence[Match]) -> dict[str, float]:
    """Median distance and median signed difference (spotted - true) of both ends, found micro, ms."""
    micro = [match for match in matches if match.truth.kind == "micro"]
    if not micro:
        return {}
    ends = {
        "onset": [1000 * found.frame_s * (found.onset - true.onset) for true, found in micro],
        "offset": [1000 * found.frame_s * (found.offset - true.offset) for true, found in micro],
    }
    both = np.abs(ends["onset"] + ends["offset"])
    signed = {f"{name}_bias": round(float(np.median(off)), 1) for name, off in ends.items()}
    return {"median": round(float(np.median(both)), 1), **signed}


def recalls(
    scored: Scored, edges: Sequence[float], of: Callable[[Interval], float]
) -> dict[str, list[float]]:
    """Of micro-expressions, per band `low-high`: [found, asked]."""
    found = [of(match.truth) for match in scored.matches if match.truth.kind == "micro"]
    missed = [of(true) for true in scored.missed if true.kind == "micro"]
    bands: dict[str, list[float]] = {}
    for low, high in zip(edges, edges[1:], strict=False):
        hits = sum(low <= value < high for value in found)
        asked = hits + sum(low <= value < high for value in missed)
        bands[f"{low:g}-{high:g}"] = [hits, asked]
    return bands


def flag_counts(false_alarms: Sequence[Interval]) -> dict[str, int]:
    """Micro false alarms by flag; `none` names no other cause."""
    micro = [found for found in false_alarms if found.kind == "micro"]
    named = {cause: sum(cause in found.flags for found in micro) for cause in sorted(CAUSES)}
    return {**named, "none": sum(not found.flags & CAUSES for found in micro)}


def confusion(matches: Sequence[Match]) -> dict[str, dict[str, int]]:
    """Of found micro-expressions: true label -> label that was said -> how many."""
    table: dict[str, dict[str, int]] = {}
    for true, found in matches:
        if true.kind == "micro" and true.label:
            row = table.setdefault(true.label, {})
            row[found.label] = row.get(found.label, 0) + 1
    return table


def as_table(found: dict[str, Any], title: str) -> Table:
    """The figures of `figures` for people."""
    table = Table("", "TP", "FP", "FN", "precision", "recall", "F1", "FP/min", title=title)
    for way in ("all", "forgiven", "unflagged"):
        for kind in ("micro", "macro"):
            row = found[way][kind]
            numbers = [f"{row[name]:.3f}" for name in ("precision", "recall", "f1")]
            rate = row["false_alarms_per_minute"]
            said = "-" if rate is None else f"{rate:.2f}"
            table.add_row(f"{kind}, {way}", *(str(row[n]) for n in ("tp", "fp", "fn")), *numbers, said)
    return table


def summary_lines(found: dict[str, Any]) -> list[str]:
    bands = "  ".join(
        f"{band} px {hits}/{of}" for band, (hits, of) in found["recall_by_amplitude_px"].items()
    )
    flags = "  ".join(f"{name} {count}" for name, count in found["flags_of_false_alarms"].items())
    said = [
        f"coverage {found['coverage']}   face time {found['face_minutes']} min   "
        f"emitted after the true offset p95 {found['all']['latency_ms_p95']} ms   "
        f"boundaries {found['boundaries_ms']}",
        f"micro found by amplitude: {bands}",
        f"micro false alarms by flag: {flags}",
    ]
    strs = found["all"]["strs"]["micro"]
    if strs and strs["recognition_f1"] > 0:  # without the recogniser everything is `unclear`
        said.append(f"micro STRS {strs['strs']}, recognition F1 {strs['recognition_f1']}")
        rows = (f"{true}: {', '.join(f'{n} {name}' for name, n in row.items())}" for true, row in
                sorted(found["confusion"].items()))  # fmt: skip
        said.append(f"said of the found ones: {'; '.join(rows)}")
    return said


def _amplitude(true: Interval) -> float:
    return true.amplitude_px
