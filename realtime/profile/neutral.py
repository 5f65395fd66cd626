"""A person at rest: how much each region trembles when nothing moves.

The floor of a region is the spread of a two-dimensional Gaussian with the median of what was seen, or that
with its 99th percentile where the tails are heavier (compression, lamps, a trembling chin), since tails are
what raises false alarms. Tails count twice the median's spread at most: a smile that slipped in must not
make the spotter blind.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.errors import CalibrationError
from realtime.types import Analysis, FaceChip, Flag, SpotSignal

SECONDS = 10.0  # of a resting face
SETTLE_S = 1.0  # after a face came, before it counts: its reference is still being learnt
LEAST_SHARE = 0.6  # of the time must show one face at rest; people blink
LEAST_FRAMES = 30
MIDDLE, TAIL = 50.0, 99.0  # percentiles
MOST_TAIL = 2.0  # how far the tail may raise a floor
MOST_MEDIAN_PX = 0.35  # of the floors: beyond it most of what the spotter looks for would be missed
NOT_AT_REST = (Flag.BLINK, Flag.SPEECH, Flag.HEAD_MOTION, Flag.LIGHT_CHANGE, Flag.YAW, Flag.SMALL)
WORDS = {
    Flag.BLINK: "blinking",
    Flag.SPEECH: "talking",
    Flag.HEAD_MOTION: "head moving",
    Flag.LIGHT_CHANGE: "light changing",
    Flag.YAW: "face turned away",
    Flag.SMALL: "face too small",
}


@dataclass(frozen=True, slots=True)
class Neutral:
    """One person at rest before one camera."""

    seconds: float  # of rest that were used
    frames: int
    iod_px: float  # distance between the eyes' centres, frame pixels
    noise_px: tuple[float, ...]  # (regions,) standard deviation per axis, chip pixels


class NeutralMeter:
    """Gathers what the spotter saw of a resting face. One thread adds; any may ask how it stands."""

    def __init__(self) -> None:
        self.causes: Counter[str] = Counter()  # frames that were left out, by cause
        self.cause = ""  # why the newest frame was left out; empty: it was used
        self.used = 0  # frames
        self._first_ns: int | None = None
        self._last_ns = 0
        self._face: int | None = None
        self._face_ns = 0  # since when this face has been there
        self._lengths: list[NDArray[np.float32]] = []
        self._iods_px: list[float] = []

    def add(self, analysis: Analysis) -> None:
        """The next frame and what it gave."""
        self._last_ns = analysis.frame.t_ns
        if self._first_ns is None:
            self._first_ns = self._last_ns
        self.cause = self._cause(analysis)
        if self.cause:
            self.causes[self.cause] += 1
            return
        self.used += 1
        self._lengths.append(analysis.signals[0].regions_px)
        self._iods_px.append(analysis.chips[0].iod_px)

    @property
    def seconds(self) -> float:
        """Since the first frame, whatever it showed."""
        return 0.0 if self._first_ns is None else (self._last_ns - self._first_ns) / NS_PER_S

    @property
    def share(self) -> float:
        """Of the frames that could have been used, those that were; 0 before the first."""
        judged = self.used + self.causes.total() - self.causes["settling"]
        return self.used / judged if judged else 0.0

    def result(self) -> Neutral:
        """The floors. Raises: CalibrationError in one line when too little was rest."""
        if self.share < LEAST_SHARE or self.used < LEAST_FRAMES:
            raise CalibrationError(
                f"only {self.share:.0%} of {self.seconds:.1f} s showed one face at rest{self._why()}; "
                "sit still, look ahead, do not talk, and measure again"
            )
        noise_px = self.floors()
        if np.median(noise_px) > MOST_MEDIAN_PX:
            moved = f"the face moved by {np.median(noise_px):.2f} px all the time"
            raise CalibrationError(
                f"{moved}, {MOST_MEDIAN_PX:g} is the most for a face at rest; rest it, "
                "lean on something, come nearer to the camera, and measure again"
            )
        used_s = self.seconds * self.used / (self.used + self.causes.total())
        return Neutral(
            seconds=round(used_s, 3),
            frames=self.used,
            iod_px=round(float(np.median(self._iods_px)), 2),
            noise_px=noise_px,
        )

    def floors(self) -> tuple[float, ...]:
        """(regions,) as of now, believable or not; at least one frame must have been used."""
        return tuple(round(floor, 5) for floor in noise_of(np.array(self._lengths)).tolist())

    def _cause(self, analysis: Analysis) -> str:
        """Why this frame does not count; empty when it does."""
        if len(analysis.chips) != 1:
            self._face = None
            return "several faces" if analysis.chips else "no face"
        (chip,), (signal,) = analysis.chips, analysis.signals
        if chip.face != self._face:
            self._face, self._face_ns = chip.face, chip.t_ns
        if chip.t_ns - self._face_ns < SETTLE_S * NS_PER_S:
            return "settling"
        return _unrest(chip, signal)

    def _why(self) -> str:
        worst = [name for name, _ in self.causes.most_common() if name != "settling"][:2]
        return f" ({', '.join(worst)})" if worst else ""


def _unrest(chip: FaceChip, signal: SpotSignal) -> str:
    raised = next((WORDS[flag] for flag in NOT_AT_REST if flag in chip.flags), "")
    return raised or ("" if signal.armed else "not settled")


def noise_of(lengths: NDArray[np.float32]) -> NDArray[np.float64]:
    """(regions,) floors from (frames, regions) lengths of movement, chip pixels."""
    middle = _spread(lengths, MIDDLE)
    return np.maximum(np.clip(_spread(lengths, TAIL), middle, MOST_TAIL * middle), 1e-4)


def _spread(lengths: NDArray[np.float32], percent: float) -> NDArray[np.float64]:
    """(regions,) standard deviation per axis of the Gaussian whose lengths have this percentile."""
    return np.percentile(lengths, percent, axis=0) / math.sqrt(-2 * math.log(1 - percent / 100))
