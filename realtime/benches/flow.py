"""Window flow against exact truth, beside OpenCV's methods in the same run, on the same chips.

Four methods see every case. Errors are mean endpoint errors in chip pixels, over both phases, where the
face itself moves; false motion is the mean length of the flow on still, noisy faces. Times are for one
whole window: two phases, and for ours the maps too. Chips of people in `faces/stills` only: the settings
of our flow were chosen on those in `faces/neutral` (`--tuning` measures there).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime import flow
from realtime.benches.flow_cases import CONDITIONS, Case, cases_of, load_person, people_in
from realtime.clock import NS_PER_MS, now_ns
from realtime.errors import ConfigError
from realtime.maps import direction_map, flow_map, maps_of
from realtime.stats import DurationHistogram
from realtime.types import FaceChip, Kind, Window

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Chips = tuple[U8, U8, U8]  # onset, apex, offset
Method = Callable[[U8, U8, U8], F32]  # the same -> (2, 128, 128, 2)

Table = dict[str, dict[str, float]]  # row -> method -> value

OURS = "ours"
TIMED_WINDOWS = 20
TIMED_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Errors:
    """Of one method on one case, pixels and degrees."""

    moved_px: float  # endpoint error where the face moves
    whole_px: float  # over the whole chip
    angle_deg: float  # where the face moves; Barron, Fleet, Beauchemin 1994
    length_px: float  # mean length of the flow that was found


def methods() -> dict[str, Method]:
    """Ours and OpenCV's, by the names of the report. Raises: ConfigError: OpenCV without optflow."""
    make_tvl1 = getattr(getattr(cv2, "optflow", None), "DualTVL1OpticalFlow_create", None)
    if make_tvl1 is None:
        raise ConfigError("this OpenCV has no TV-L1: install opencv-contrib-python, and no other OpenCV")
    tvl1 = make_tvl1()
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    none = np.zeros(0, np.float32)
    return {
        OURS: lambda onset, apex, offset: flow.window_flow(onset, apex, offset),
        "opencv_tvl1": _both(lambda a, b: tvl1.calc(a, b, None)),
        "dis_medium": _both(lambda a, b: dis.calc(a, b, none)),
        "farneback": _both(lambda a, b: cv2.calcOpticalFlowFarneback(a, b, none, 0.5, 3, 15, 3, 5, 1.2, 0)),
    }


def _both(pair: Callable[[U8, U8], NDArray]) -> Method:
    return lambda onset, apex, offset: np.stack([pair(onset, apex), pair(apex, offset)]).astype(np.float32)


def run(data: Path, people: int, tuning: bool, say: Callable[[str], None]) -> dict[str, object]:
    """The whole report, as `--json` writes it. Raises: SourceError, ConfigError."""
    flow.warm_up()
    tools = methods()
    seen: list[tuple[Case, dict[str, Errors]]] = []
    for number, path in enumerate(islice(people_in(data, tuning), people)):
        say(f"{path.stem}")
        for case in cases_of(load_person(path), number):
            seen.append(
                (case, {name: errors(case, method(*case.chips_u8)) for name, method in tools.items()})
            )
    windows = [case.chips_u8 for case, _ in seen if case.condition == "noise"][:TIMED_WINDOWS]
    people_seen = sorted({case.person for case, _ in seen})
    return {
        "window_ms": window_ms(tools, windows),
        "window_to_maps_ms": window_to_maps_ms(windows),
        **_report(seen),
        "people": people_seen,
    }


def errors(case: Case, found: F32) -> Errors:
    """What `found` (2, 128, 128, 2) misses of the case's truth."""
    off = np.linalg.norm(found - case.truth_hw2, axis=-1)
    return Errors(
        moved_px=float(off[case.moved].mean()),
        whole_px=float(off.mean()),
        angle_deg=float(_angles_deg(found, case.truth_hw2)[case.moved].mean()),
        length_px=float(np.linalg.norm(found, axis=-1).mean()),
    )


def _angles_deg(found: F32, truth: F32) -> F32:
    """Angle between (u, v, 1) of both: direction and length in one number."""
    dot = (found * truth).sum(axis=-1) + 1
    lengths = np.sqrt(((found**2).sum(axis=-1) + 1) * ((truth**2).sum(axis=-1) + 1))
    return np.degrees(np.arccos(np.clip(dot / lengths, -1, 1))).astype(np.float32)


def window_ms(tools: dict[str, Method], windows: Iterable[Chips]) -> dict[str, float]:
    """Median wall time of one window, the methods taking turns; ours goes on to the maps."""
    taken: dict[str, list[float]] = {name: [] for name in tools}
    for chips in windows:
        for name, method in tools.items():
            begun = now_ns()
            phases = method(*chips)
            if name == OURS:
                direction_map(np.stack([flow_map(phase) for phase in phases]))
            taken[name].append((now_ns() - begun) / NS_PER_MS)
    return {name: round(statistics.median(times), 3) for name, times in taken.items()}


def window_to_maps_ms(windows: Sequence[Chips]) -> Table:
    """p50 and p95 of all that a spotted window costs up to its maps, head motion taken out as well.

    On so many cores, where the system lets a process choose them. One window runs on one thread.
    """
    return {f"{cores} core{'s'[: cores - 1]}": _on_cores(cores, windows) for cores in (1, 2)}


def _on_cores(cores: int, windows: Sequence[Chips]) -> dict[str, float]:
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if allowed is not None:
        os.sched_setaffinity(0, sorted(allowed)[:cores])
    try:
        taken = DurationHistogram()
        for chips in [chips for _ in range(TIMED_ROUNDS) for chips in windows]:
            begun = now_ns()
            maps_of(flow.flow_of(_window(chips)))
            taken.add(now_ns() - begun)
    finally:
        if allowed is not None:
            os.sched_setaffinity(0, allowed)
    return {f"p{percent}": round(taken.percentile_ms(percent), 2) for percent in (50, 95)}


def _window(chips_u8: Chips) -> Window:
    chips = tuple(
        FaceChip(
            "", index, index, 0, gray, np.eye(2, 3), np.zeros((468, 2), np.float32), 60.0, 1.0, frozenset()
        )
        for index, gray in enumerate(chips_u8)
    )
    return Window(chips, 0, 1, 2, Kind.MICRO, 0.0, np.zeros(0, np.float32), frozenset(), 0)


def _report(seen: list[tuple[Case, dict[str, Errors]]]) -> dict[str, object]:
    moved, whole, angle = (_Means() for _ in range(3))
    false_motion, false_by_condition = _Means(), _Means()
    for case, by_method in seen:
        condition = f"{case.condition} {case.amplitude_px:g} px"
        for name, error in by_method.items():
            if case.amplitude_px > 0:
                moved.add(condition, name, error.moved_px)
                whole.add(condition, name, error.whole_px)
                angle.add(condition, name, error.angle_deg)
            else:
                # a turning head is no false motion: there the whole error counts
                false_by_condition.add(case.condition, name, error.whole_px)
                if case.condition == CONDITIONS[0]:
                    false_motion.add("still", name, error.length_px)
    return {
        "epe_px": moved.table(),
        "epe_whole_chip_px": whole.table(),
        "angular_error_deg": angle.table(),
        "false_motion_px": false_motion.table()["still"],
        "still_error_px": false_by_condition.table(),
    }


class _Means:
    """Mean per row and column."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def add(self, row: str, column: str, value: float) -> None:
        self._values[row][column].append(value)

    def table(self) -> Table:
        return {
            row: {column: round(statistics.fmean(values), 4) for column, values in columns.items()}
            for row, columns in self._values.items()
        }


def lines_of(report: dict[str, object]) -> Iterator[str]:
    """The report as a table for people."""
    names = list(cast(dict[str, float], report["window_ms"]))
    yield f"{'':34}" + "".join(f"{name:>13}" for name in names)
    yield _line("window, ms", cast(dict[str, float], report["window_ms"]))
    for cores, times in cast(Table, report["window_to_maps_ms"]).items():
        yield f"window to maps, {cores}: p50 {times['p50']:.1f} ms, p95 {times['p95']:.1f} ms"
    yield _line("false motion, px", cast(dict[str, float], report["false_motion_px"]))
    for title, key in (("moved", "epe_px"), ("chip", "epe_whole_chip_px"), ("still", "still_error_px")):
        for row, values in cast(Table, report[key]).items():
            yield _line(f"endpoint error, {title}: {row}", values)


def _line(title: str, values: dict[str, float]) -> str:
    return f"{title:34}" + "".join(f"{value:13.3f}" for value in values.values())


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", type=int, default=8, metavar="N", help="faces to move; default: 8")
    parser.add_argument("--tuning", action="store_true", help="the people whom settings are chosen on")


def main(args: argparse.Namespace) -> dict[str, object]:
    """Measure, print, and give the report. Raises: SourceError, ConfigError."""
    if args.people < 1:
        raise ConfigError("--people must be at least 1")
    report = run(args.data, args.people, args.tuning, lambda line: print(line, file=sys.stderr, flush=True))
    for line in lines_of(report):
        print(line)
    return report
