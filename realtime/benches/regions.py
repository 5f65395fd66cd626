"""What the spotter asks of every frame, the movement of each face region, answered in three ways.

`tiles` is the spotter's own tracker (`realtime.spotting.motion`): square tiles followed from a reference
prepared once. `dis_medium` and `window_flow` compute a dense flow from the same reference chip, take the
head motion out (`realtime.flow.rigid`) and average over the same regions. Each sees the same chips with exact
truth: first phases of `realtime.benches.flow_cases`, the truth averaged over the regions in the same way.
Errors are mean endpoint errors over all regions, in chip pixels; `seen` is the length found where the region
that moves most moves, as a share of the truth; `tremble` is the mean length on still, noisy faces, and what a
movement must stand out of.

Measured on eight people, one core, in one run:

    |                      | tiles | DIS medium | window flow |
    | ms per frame         |  0.46 |       2.40 |        9.2  |
    | seen of the peak     |  0.79 |       0.65 |        0.72 |
    | tremble, px          | 0.028 |      0.030 |       0.013 |
    | error, noise, 0.2 px | 0.039 |      0.040 |       0.027 |
    | error, light, 0.2 px | 0.048 |      0.061 |       0.026 |
    | error, noise, 0.5 px | 0.075 |      0.054 |       0.038 |
    | error, noise, 1 px   | 0.110 |      0.086 |       0.050 |

The spotter follows tiles: they cost a fifth of DIS, which alone would take more than the 2 ms that a frame
may cost, and they show more of the peak of a movement over no more tremble, which is what a threshold needs.
Their larger mean error beyond 0.5 px is a strong movement that is partly taken for the head's. Window flow is
the most exact, and is kept for the few windows where exactness counts.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime import flow
from realtime.benches.flow import add_flags as add_flags  # the same people, chosen in the same way
from realtime.benches.flow_cases import FINER, Case, Person, cases_of, load_person, people_in
from realtime.clock import NS_PER_MS, now_ns
from realtime.errors import ConfigError
from realtime.flow.rigid import remove_rigid
from realtime.spotting import motion
from realtime.spotting.motion import FaceMotion, MotionConfig
from realtime.spotting.regions import region_weights
from realtime.types import CHIP_SIZE, FaceChip

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Dense = Callable[[U8, U8], F32]
Table = dict[str, dict[str, float]]  # row -> method -> value

TILES = "tiles"
PIXELS = np.moveaxis(np.mgrid[:CHIP_SIZE, :CHIP_SIZE], 0, -1).reshape(-1, 2)  # row, column
TREMBLE, SEEN, MS = "tremble_px", "seen", "frame_ms"


@dataclass(frozen=True, slots=True)
class Answer:
    """One method on one case."""

    regions_px: F32  # (regions, 2)
    ms: float


def dense_methods() -> dict[str, Dense]:
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    none = np.zeros(0, np.float32)
    return {
        "dis_medium": lambda a, b: np.asarray(dis.calc(a, b, none), np.float32),
        "window_flow": lambda a, b: flow.flow_pair(a, b),
    }


def answers(person: Person, case: Case, methods: dict[str, Dense]) -> tuple[F32, dict[str, Answer]]:
    """(true movement of the regions, what each method says)."""
    onset, apex, _ = case.chips_u8
    chips = [_chip(person, onset, 0), _chip(person, apex, 1)]
    weights = region_weights(chips[0], PIXELS)
    weights /= weights.sum(axis=1, keepdims=True)
    found = {TILES: _by_tiles(chips[0], chips[1])}
    for name, method in methods.items():
        begun = now_ns()
        regions = _means(method(onset, apex), weights)
        found[name] = Answer(regions, (now_ns() - begun) / NS_PER_MS)
    return _means(case.truth_hw2[0], weights), found


def _by_tiles(reference: FaceChip, chip: FaceChip) -> Answer:
    follower = FaceMotion(MotionConfig())
    follower.restart(reference)  # once per reference, not per frame
    begun = now_ns()
    regions_px = follower.step(chip).regions_px
    return Answer(regions_px, (now_ns() - begun) / NS_PER_MS)


def _means(flow_hw2: F32, weights: F32) -> F32:
    own, _ = remove_rigid(flow_hw2)
    return np.asarray(weights @ own.reshape(-1, 2), np.float32)


def _chip(person: Person, gray_u8: U8, index: int) -> FaceChip:
    landmarks_px = (person.landmarks_px[:, :2] + 0.5) / FINER - 0.5
    return FaceChip(
        person.name, index, index * 33_000_000, 0, gray_u8, person.to_chip, landmarks_px.astype(np.float32),
        88.0, 1.0, frozenset(),
    )  # fmt: skip


class Report:
    """Gathers answers; `table` has their means."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def add(self, case: Case, truth_px: F32, found: dict[str, Answer]) -> None:
        for name, answer in found.items():
            self._values[MS][name].append(answer.ms)
            lengths = np.linalg.norm(answer.regions_px, axis=1)
            if case.amplitude_px == 0:
                self._values[TREMBLE][name].append(float(lengths.mean()))
                continue
            error = float(np.linalg.norm(answer.regions_px - truth_px, axis=1).mean())
            self._values[f"{case.condition} {case.amplitude_px:g} px"][name].append(error)
            most = int(np.linalg.norm(truth_px, axis=1).argmax())
            share = answer.regions_px[most] @ truth_px[most] / float((truth_px[most] ** 2).sum())
            self._values[SEEN][name].append(float(share))

    def table(self) -> Table:
        mean = {MS: statistics.median}
        return {
            row: {name: round(mean.get(row, statistics.fmean)(values), 4) for name, values in columns.items()}
            for row, columns in self._values.items()
        }


def lines_of(table: Table) -> Iterator[str]:
    yield f"{'':24}" + "".join(f"{name:>14}" for name in table[MS])
    for row in sorted(table, key=lambda name: (name not in (MS, SEEN, TREMBLE), name)):
        yield f"{row:24}" + "".join(f"{value:14.3f}" for value in table[row].values())


def main(args: argparse.Namespace) -> dict[str, object]:
    """Measure, print, and give the report. Raises: SourceError, ConfigError."""
    if args.people < 1:
        raise ConfigError("--people must be at least 1")
    flow.warm_up()
    motion.warm_up()
    cv2.setNumThreads(1)  # a frame has one core: the other one captures and writes
    methods, report = dense_methods(), Report()
    for number, path in enumerate(islice(people_in(args.data, args.tuning), args.people)):
        print(path.stem, file=sys.stderr, flush=True)
        person = load_person(path)
        for case in cases_of(person, number):
            report.add(case, *answers(person, case, methods))
    table = report.table()
    for line in lines_of(table):
        print(line)
    return {
        **{key: table.pop(key) for key in (MS, SEEN, TREMBLE)},
        "epe_px": cast(dict[str, object], table),
    }
