"""The learned spotter: a small causal network says when a micro-expression has just ended, and since when.

    chip --chained motion--> row --grid--> features --network--> evidence --peak--> Window

Longer movements it leaves to the rules (`realtime.spotting.spotter`), which run beside it. The network was
trained on known movements put into faces of people that no figure is reported on: train/SPOTTING.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.spotter import SpotterNet
from realtime.clock import NS_PER_S
from realtime.spotting.chain import ROW_PARTS, Chain
from realtime.spotting.evidence import STEP_NS, Evidence, Grid
from realtime.spotting.outputs import OUTPUTS
from realtime.spotting.peaks import OFFSET, Peaks, Said, Spotted
from realtime.spotting.regions import LIDS, REGIONS
from realtime.spotting.spotter import MICRO_MAX_S, Spotter, SpotterConfig, flags_of, is_blink
from realtime.types import FaceChip, Flag, Kind, SpotSignal, Window, freeze

F32 = NDArray[np.float32]

CAUSES = {
    Flag.SPEECH: OUTPUTS.index("speech"),
    Flag.BLINK: OUTPUTS.index("blink"),
    Flag.HEAD_MOTION: OUTPUTS.index("head_motion"),
}
FOLLOW_NS = 7_000_000  # of frames that come faster only some are followed: the grid has steps of 20 ms
AROUND_NS = 300_000_000  # speech goes on: it is listened for this long before a movement
TREMBLES = 3.0  # standard deviations of a person's own tremble, as a profile has it, that count as none
KEPT_NS = 2 * NS_PER_S  # chips and rows, longer than any movement and its delay


class LearnedSpotter:
    """Spots the movements of one face. Not thread-safe: it lives on `analyse`."""

    def __init__(self, config: SpotterConfig, net: SpotterNet) -> None:
        self._config = config
        self._net = net
        self._rules = Spotter(config)
        self._chain = Chain(config.motion, config.chain, net.templates)
        self._threshold = net.card.threshold if config.evidence is None else config.evidence
        person_px = np.array(config.rest.person_px or [0.0] * len(REGIONS), np.float32)
        self._least_px = np.maximum(TREMBLES * person_px, config.least_px)
        self._kept: deque[tuple[FaceChip, F32]] = deque()
        self._heard: deque[Said] = deque(maxlen=KEPT_NS // STEP_NS)
        self._followed_ns = 0
        self._begin()

    def step(self, chip: FaceChip) -> tuple[SpotSignal, tuple[Window, ...]]:
        """The signal of the next chip of this face, and the movements that it shows to have ended."""
        signal, windows = self._rules.step(chip)
        windows = tuple(window for window in windows if window.kind is Kind.MACRO)
        if not self._kept or chip.t_ns - self._kept[-1][0].t_ns > self._config.gap_s * NS_PER_S:
            self._begin()
            self._chain.restart(chip)
            self._since_ns = chip.t_ns
        if self._kept and chip.t_ns - self._followed_ns < FOLLOW_NS:
            self._keep(chip, self._kept[-1][1])
            return self._signal(signal, chip), windows
        self._followed_ns = chip.t_ns
        row = self._chain.step(chip)
        self._keep(chip, row)
        steps = list(self._grid.add(chip.t_ns, row))
        if steps:
            self._now = 0.0  # the largest evidence since the last frame: a peak may fall between two
        for t_ns, mean in steps:
            windows += self._listen(t_ns, mean, chip)
        return self._signal(signal, chip), windows

    def finish(self) -> tuple[Window, ...]:
        """The long movement still open at the end of the stream; short ones are told of when they end."""
        return tuple(window for window in self._rules.finish() if window.kind is Kind.MACRO)

    def rebaseline(self) -> None:
        """Take the face as it is now for the person at rest."""
        self._rules.rebaseline()
        self._kept.clear()

    def _begin(self) -> None:
        self._grid, self._evidence, self._past = Grid(), Evidence(), self._net.start()
        self._peaks = Peaks(self._threshold, int(self._config.min_s * NS_PER_S))
        self._kept.clear()
        self._heard.clear()
        self._since_ns = 0
        self._now = 0.0

    def _keep(self, chip: FaceChip, row: F32) -> None:
        self._kept.append((chip, row))
        while self._kept[0][0].t_ns < chip.t_ns - KEPT_NS:
            self._kept.popleft()

    def _listen(self, t_ns: int, mean: F32, chip: FaceChip) -> tuple[Window, ...]:
        outputs, self._past = self._net.step(self._evidence.step(mean), self._past)
        self._now = max(self._now, float(outputs[OFFSET]))
        self._heard.append(Said(t_ns, outputs))
        found = self._peaks.add(self._heard[-1])
        if found is None or not self._armed(chip):
            return ()
        windows = self._window(found, chip)
        if windows:
            self._peaks.told(found)
        return windows

    def _armed(self, chip: FaceChip) -> bool:
        rested = chip.t_ns - self._since_ns >= self._config.settled_s * NS_PER_S
        return rested and not chip.flags & {Flag.YAW, Flag.SMALL}

    def _window(self, found: Spotted, newest: FaceChip) -> tuple[Window, ...]:
        """The frames nearest to the movement's ends; none if too few lie between."""
        times = np.array([chip.t_ns for chip, _ in self._kept])
        onset, apex, offset = (
            int(np.abs(times - t).argmin()) for t in (found.onset_ns, found.apex_ns, found.offset_ns)
        )
        while times[offset] - times[onset] > MICRO_MAX_S * NS_PER_S:
            offset -= 1
        apex = min(max(apex, onset + 1), offset - 1)
        if not onset < apex < offset:
            return ()
        shown = [self._kept[i] for i in range(onset, offset + 1)]
        chips = tuple(chip for chip, _ in shown)
        moved = _bulge([row for _, row in shown], times[onset : offset + 1])
        sizes = np.linalg.norm(moved, axis=1).astype(np.float32)
        if not (sizes >= self._least_px)[~LIDS].any():
            return ()
        return (
            Window(
                chips=chips, onset=0, apex=apex - onset, offset=len(chips) - 1, kind=Kind.MICRO,
                score=found.evidence, regions_px=freeze(sizes), flags=self._flags(found, chips, moved),
                emitted_ns=newest.t_ns,
            ),
        )  # fmt: skip

    def _flags(self, found: Spotted, chips: tuple[FaceChip, ...], moved: F32) -> frozenset[Flag]:
        """Why it should be trusted less; what else it might be is left unsaid where the evidence is sure."""
        flags = flags_of(chips) | self._causes(found)
        if is_blink(moved):
            flags |= {Flag.BLINK}
        return flags.difference(CAUSES) if found.evidence >= self._config.sure else flags

    def _causes(self, found: Spotted) -> frozenset[Flag]:
        """What else the network takes the movement for at some time of it; speech also around it."""
        meanwhile = _highest(self._heard, found.onset_ns, found.offset_ns)
        around = _highest(self._heard, found.onset_ns - AROUND_NS, self._heard[-1].t_ns)
        meanwhile[CAUSES[Flag.SPEECH]] = around[CAUSES[Flag.SPEECH]]
        return frozenset(flag for flag, at in CAUSES.items() if meanwhile[at] > self._config.cause)

    def _signal(self, rules: SpotSignal, chip: FaceChip) -> SpotSignal:
        return SpotSignal(
            rules.source, rules.frame_index, rules.t_ns, rules.face, self._now, self._threshold,
            rules.quality, self._armed(chip), rules.regions_px,
        )  # fmt: skip


def _highest(heard: Iterable[Said], from_ns: int, to_ns: int) -> F32:
    """(outputs,) the largest of each in that time, 0 where nothing was heard."""
    meanwhile = [one.outputs for one in heard if from_ns <= one.t_ns <= to_ns]
    highest: F32 = np.max(meanwhile, axis=0, initial=0.0) if meanwhile else np.zeros(len(OUTPUTS), np.float32)
    return highest


def _bulge(rows: list[F32], times: NDArray[np.int64]) -> F32:
    """(regions, 2) how far the movement goes from the straight way between both ends, chip pixels.

    Where each region is farthest: the apex is placed for all of them and may miss a brief one.
    """
    places = np.stack([row[: ROW_PARTS["regions"]] for row in rows])
    share = ((times - times[0]) / (times[-1] - times[0])).astype(np.float32)[:, None]
    bulges = (places - places[0] - share * (places[-1] - places[0])).reshape(len(rows), -1, 2)
    farthest = np.linalg.norm(bulges, axis=2).argmax(axis=0)
    moved: F32 = bulges[farthest, np.arange(bulges.shape[1])]
    return moved
