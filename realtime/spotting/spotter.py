"""The causal spotter: where a movement begins, peaks and ends, said as soon as it has ended.

Of the OF-FD family (flow against a reference, per region, head motion removed, thresholds over the
local rest), but without a look at the future: the reference is the face at rest as learnt so far
(`realtime.spotting.motion`), and a movement is closed when the pattern it had at its peak has faded.

    rest --score over threshold--> moving --faded | settled--> Window --> rest
                                          --lasting--> new reference --> rest

All durations are in seconds: the same code serves 25 to 200 frames per second.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.spotter import DEFAULT_SPOTTER
from realtime.channel import check_bounds
from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.ring import ChipRing
from realtime.spotting.chain import ChainConfig
from realtime.spotting.excursion import Excursion, Seen
from realtime.spotting.motion import FaceMotion, MotionConfig
from realtime.spotting.regions import AROUND_EYES, LIDS, REGION_LANDMARKS, REGIONS
from realtime.spotting.rest import Rest, RestConfig
from realtime.types import FaceChip, Flag, Kind, SpotSignal, Window, freeze

__all__ = ["REGIONS", "REGION_LANDMARKS", "Spotter", "SpotterConfig"]

MICRO_MAX_S = 0.5  # onset to offset, both ends included
DRAGGED = 0.75  # what moves around an eye by less than this share of its lid was dragged along by it
BLINK_DOWN_PX = 0.5  # chip pixels, as a tile over lid and eye sees it


@dataclass(frozen=True, slots=True)
class SpotterConfig:
    """When a movement counts, and when it is over."""

    kind: Literal["learned", "rules"] = "learned"  # what spots micro-expressions; the rest is by rules
    model: str = DEFAULT_SPOTTER  # a shipped learned spotter's name, or the path of its card (.json)
    # evidence of an offset, 0 to 1, above which the learned spotter speaks; unset: as its card says
    evidence: float | None = None
    least_px: float = 0.3  # chip pixels a region must move for the learned spotter to speak of it
    cause: float = 0.8  # probability of speech, blink or head motion from which a movement is flagged so
    sure: float = 0.7  # evidence from which it is itself: speech, blink and head motion are then left unsaid
    settled_s: float = 0.5  # of a face, before the learned spotter can be believed
    threshold: float = 6.0  # multiples of this person's noise
    min_s: float = 0.04  # shorter than this is noise
    lasting_s: float = 4.5  # longer than this is a new state of the face
    settle_s: float = 0.2  # a face that rests this long elsewhere has ended its movement
    settle_range: float = 0.08  # how little it then moves, as a share of the peak
    settle_level: float = 0.5  # and how far it must have come back
    gap_s: float = 0.5  # a face unseen this long starts afresh
    arm_s: float = 0.3  # rest needed before the first movement can be believed
    history_s: float = 6.0  # chips kept
    history_mb: float = 64.0
    motion: MotionConfig = field(default_factory=MotionConfig)
    chain: ChainConfig = field(default_factory=ChainConfig)
    rest: RestConfig = field(default_factory=RestConfig)

    def __post_init__(self) -> None:
        if self.threshold <= 0 or min(self.min_s, self.settle_s, self.gap_s, self.arm_s) <= 0:
            raise ConfigError("spotting: threshold, min_s, settle_s, gap_s and arm_s must be positive")
        if min(self.settled_s, self.least_px) <= 0:
            raise ConfigError("spotting: settled_s and least_px must be positive")
        check_bounds("spotting.history_s, spotting.history_mb", self.history_s, self.history_mb)
        if not 0 < self.settle_level <= 1:
            raise ConfigError(f"spotting.settle_level must lie above 0 and up to 1, got {self.settle_level}")
        if self.evidence is not None and not 0 < self.evidence < 1:
            raise ConfigError(f"spotting.evidence must lie between 0 and 1, got {self.evidence}")
        for name in ("cause", "sure"):
            if not 0 < getattr(self, name) <= 1:
                raise ConfigError(f"spotting.{name} must lie above 0 and up to 1, got {getattr(self, name)}")
        if not MICRO_MAX_S < self.lasting_s < self.history_s:
            raise ConfigError(f"spotting: lasting_s must lie between {MICRO_MAX_S} s and history_s")


class Spotter:
    """Spots the movements of one face. Not thread-safe: it lives on `analyse`."""

    def __init__(self, config: SpotterConfig = SpotterConfig()) -> None:
        self._config = config
        self._motion = FaceMotion(config.motion)
        self._rest = Rest(config.rest)
        self._ring = ChipRing(config.history_s, int(config.history_mb * 1e6))
        self._seen: deque[Seen] = deque()
        self._moving: Excursion | None = None
        self._armed_ns = 0
        self._closed_ns: int | None = None  # offset of the last window; the next begins no earlier
        self._ebb = 0.0  # lowest score since then: what is left of a strong movement is no new one

    def step(self, chip: FaceChip) -> tuple[SpotSignal, tuple[Window, ...]]:
        """The signal of the next chip of this face, and the movements that it shows to have ended."""
        windows = self._restart(chip) if self._must_restart(chip) else ()
        movement = self._motion.step(chip)
        scores = self._rest.scores(movement.regions_px)
        seen = Seen(chip, movement, scores, float(np.where(_counts(movement.regions_px), scores, 0).max()))
        self._remember(seen)
        armed = self._armed(chip)
        if self._moving is None and armed and self._begins(seen.score):
            self._moving = Excursion(seen, self._rest.noise_px)
        if self._moving is not None:
            windows += self._move(seen)
        elif seen.score < self._config.threshold:
            self._rest.learn(seen, self._motion, calm=seen.score < 0.6 * self._config.threshold)
        return self._signal(seen, armed), windows

    def finish(self) -> tuple[Window, ...]:
        """The movement still open at the end of the stream, closed there and flagged `edge`."""
        if self._moving is None or not self._seen:
            return ()
        window = self._window(self._seen[-1], frozenset({Flag.EDGE}))
        self._moving = None
        return window

    def rebaseline(self) -> None:
        """Take the face as it is now for the person at rest: the next chip starts a new reference."""
        self._armed_ns = 0
        self._rest.forget()
        self._seen.clear()
        self._moving = None

    def _must_restart(self, chip: FaceChip) -> bool:
        return not self._seen or chip.t_ns - self._seen[-1].chip.t_ns > self._config.gap_s * NS_PER_S

    def _restart(self, chip: FaceChip) -> tuple[Window, ...]:
        """A new reference; a movement that was open is closed at the last chip, flagged `edge`."""
        windows = self.finish()
        self._seen.clear()
        self._rest.restart()
        self._motion.restart(chip)
        self._armed_ns = chip.t_ns + int(self._config.arm_s * NS_PER_S)
        return windows

    def _remember(self, seen: Seen) -> None:
        self._ring.push(seen.chip)
        self._seen.append(seen)
        oldest = seen.chip.t_ns - int(self._config.history_s * NS_PER_S)
        while self._seen[0].chip.t_ns < oldest:
            self._seen.popleft()

    def _armed(self, chip: FaceChip) -> bool:
        return chip.t_ns >= self._armed_ns and not chip.flags & {Flag.YAW, Flag.SMALL}

    def _begins(self, score: float) -> bool:
        """Over the threshold, and well over what the last movement left behind."""
        self._ebb = min(self._ebb, score)
        if self._ebb < self._config.threshold:
            self._ebb = 0.0
        return score > self._config.threshold + 1.5 * self._ebb

    def _move(self, seen: Seen) -> tuple[Window, ...]:
        """Follow the open movement; close it when it has faded or settled, drop it when it lasts."""
        assert self._moving is not None
        self._moving.add(seen)
        windows: tuple[Window, ...] = ()
        if seen.chip.flags & {Flag.YAW, Flag.SMALL}:
            self._restart_here(seen)
        elif self._moving.faded:
            windows = self._window(seen)
            self._moving = None
            self._ebb = seen.score
        elif settled := self._moving.settled(
            int(self._config.settle_s * NS_PER_S), self._config.settle_range, self._config.settle_level
        ):
            windows = self._window(settled)
            self._restart_here(seen)
        elif seen.chip.t_ns - self._moving.start_ns > self._config.lasting_s * NS_PER_S:
            self._restart_here(seen)
        return windows

    def _restart_here(self, seen: Seen) -> None:
        self._moving = None
        self._restart(seen.chip)
        self._seen.append(seen)

    def _is_after_the_last(self, seen: Seen) -> bool:
        return self._closed_ns is None or seen.chip.t_ns >= self._closed_ns

    def _window(self, end: Seen, extra: frozenset[Flag] = frozenset()) -> tuple[Window, ...]:
        """The open movement as a Window whose last position is `end`; none if it is too short."""
        assert self._moving is not None
        excursion = self._moving
        rows = [
            seen for seen in self._seen if self._is_after_the_last(seen) and seen.chip.t_ns <= end.chip.t_ns
        ]
        onset, whole = excursion.onset(rows)
        first, last = rows[onset].chip, end.chip
        chips = self._ring.span(first.frame_index, last.frame_index)
        if chips is None or (last.t_ns - first.t_ns) < self._config.min_s * NS_PER_S:
            return ()
        apex = excursion.apex.chip.frame_index
        position = next(i for i, chip in enumerate(chips) if chip.frame_index == apex)
        if not 0 < position < len(chips) - 1:
            return ()
        self._closed_ns = last.t_ns
        micro = last.t_ns - first.t_ns <= MICRO_MAX_S * NS_PER_S
        flags = flags_of(chips) | extra | (frozenset() if whole else frozenset({Flag.EDGE}))
        at_apex = excursion.apex.movement.regions_px
        if is_blink(at_apex):
            flags |= {Flag.BLINK}
        regions_px = freeze(np.linalg.norm(at_apex, axis=1).astype(np.float32))
        return (
            Window(
                chips=chips, onset=0, apex=position, offset=len(chips) - 1,
                kind=Kind.MICRO if micro else Kind.MACRO, score=excursion.apex.score, regions_px=regions_px,
                flags=flags, emitted_ns=self._seen[-1].chip.t_ns,
            ),
        )  # fmt: skip

    def _signal(self, seen: Seen, armed: bool) -> SpotSignal:
        chip = seen.chip
        return SpotSignal(
            chip.source, chip.frame_index, chip.t_ns, chip.face, seen.score, self._config.threshold,
            chip.quality, armed, freeze(np.linalg.norm(seen.movement.regions_px, axis=1).astype(np.float32)),
        )  # fmt: skip


def _counts(regions_px: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which regions may begin a movement: never the lids (blinks), nor what a closing lid drags along."""
    size = np.linalg.norm(regions_px, axis=1)
    return ~LIDS & ~(AROUND_EYES & (size < DRAGGED * size[LIDS].max()))


def is_blink(regions_px: NDArray[np.float32]) -> bool:
    """Whether both lids came down, farther than anything around them moved."""
    down_px = regions_px[LIDS, 1].min()
    return bool(down_px > BLINK_DOWN_PX and down_px > np.linalg.norm(regions_px[AROUND_EYES], axis=1).max())


def flags_of(chips: tuple[FaceChip, ...]) -> frozenset[Flag]:
    """Everything said of any chip of the window, and `gapped` where frames are missing inside."""
    flags = frozenset().union(*(chip.flags for chip in chips)) - {Flag.YAW, Flag.SMALL}
    steps = np.diff([chip.t_ns for chip in chips])
    missing = len(chips) != chips[-1].frame_index - chips[0].frame_index + 1
    return flags | {Flag.GAPPED} if missing or steps.max() > 1.9 * np.median(steps) else flags
