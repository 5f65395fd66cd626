"""Bounded histories: frames on their way to `analyse`, rows on their way to `record`, chips of one face.

A live source must never wait, so its ring overwrites the oldest frame and counts the loss with its
cause. A recording must never lose a frame, so there the producer waits for the reader instead.
Every wait ends when the other side closes: a reader that is being joined cannot hang its producer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace

import numpy as np

from realtime.channel import CAP_SECONDS, Channel, check_bounds
from realtime.clock import NS_PER_S, seconds
from realtime.errors import ConfigError
from realtime.sizes import MB
from realtime.types import Analysis, FaceChip, Frame, freeze

BEHIND_SECONDS = "frames_behind_seconds"  # causes of lost frames, as they stand in summary.json
BEHIND_BYTES = "frames_behind_bytes"
RECORD_BEHIND = "recording_behind"
LIVE_ROWS = 2_000  # results waiting to be written: over a minute at 30 frames per second
LOSSLESS_ROWS = 16


@dataclass(frozen=True, slots=True)
class RingConfig:
    """How much may wait between the threads."""

    seconds: float = 5.0  # frames of a live source waiting for analysis: more than a slow window takes
    max_mb: float = 256.0  # the same frames, in 10^6 bytes
    ahead_s: float = 0.25  # how far a recording is read ahead of analysis
    ahead_mb: float = 128.0
    record_mb: float = 128.0  # pictures waiting to be written
    late_s: float = 0.5  # a live backlog above this drops windows rather than frames

    def __post_init__(self) -> None:
        check_bounds("ring.seconds, ring.max_mb", self.seconds, self.max_mb)
        check_bounds("ring.ahead_s, ring.ahead_mb", self.ahead_s, self.ahead_mb)
        check_bounds("ring.record_mb", CAP_SECONDS, self.record_mb)
        if not 0.0 < self.late_s <= self.seconds:
            raise ConfigError(
                f"ring.late_s: {self.late_s:g} s is outside 0 to ring.seconds = {self.seconds:g} s"
            )


class FrameRing(Channel[Frame]):
    """Frames between `capture` and `analyse`, bounded by seconds and by bytes, whichever is less.

    `lossless` makes `push` wait for the reader; otherwise `push` never waits and drops the oldest.
    """

    def __init__(self, duration_s: float, max_mb: float, *, lossless: bool = False) -> None:
        check_bounds("frame ring", duration_s, max_mb)
        super().__init__()
        self._duration_ns = int(duration_s * NS_PER_S)
        self._max_bytes = int(max_mb * MB)
        self._lossless = lossless
        self._name = "ring.ahead_mb" if lossless else "ring.max_mb"

    def push(self, frame: Frame) -> bool:
        """Hand one frame over; False once the ring is closed.

        Raises: ConfigError if this one frame is larger than the whole ring may be.
        """
        if frame.bgr.nbytes > self._max_bytes:
            raise ConfigError(
                f"{frame.source}: one frame takes {frame.bgr.nbytes / MB:.1f} MB, more than"
                f" {self._name} = {self._max_bytes / MB:g}; raise it or ask for a smaller picture"
            )
        with self._changed:
            if self._lossless:
                self._changed.wait_for(lambda: self._closed or not self._full_for(frame))
            if self._closed:
                return False
            while cause := self._full_for(frame):
                self._bytes -= self._waiting.popleft().bgr.nbytes
                self.dropped[cause] += 1
            self._append(frame)
            return True

    @property
    def backlog_s(self) -> float:
        """Time between the oldest and the newest frame that wait."""
        with self._changed:
            return seconds(self._waiting[-1].t_ns - self._waiting[0].t_ns) if self._waiting else 0.0

    def _full_for(self, frame: Frame) -> str | None:
        if not self._waiting:
            return None
        if self._bytes + frame.bgr.nbytes > self._max_bytes:
            return BEHIND_BYTES
        return BEHIND_SECONDS if frame.t_ns - self._waiting[0].t_ns > self._duration_ns else None

    def _size_of(self, item: Frame) -> int:
        return item.bgr.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What `record` gets for one frame: always its rows, and its picture unless writing fell behind."""

    analysis: Analysis
    picture: bool  # False: the picture was left out, analysis.frame.bgr is empty
    session: int = 0  # the session it belongs to, counted from 1; 0 outside of one
    late: bool = False  # the analysis was behind and let windows wait
    rest: bool = False  # True: no row of a frame, only events still open when the frames ended


class RecordRing(Channel[Record]):
    """Results between `analyse` and `record`: rows are never lost, pictures are when they weigh too much.

    `lossless` makes `push` wait for the writer, who is then never far behind. Otherwise a picture that
    does not fit is left out and counted; only when `max_rows` rows wait does even a live `push` wait,
    since no row may be lost.
    """

    def __init__(self, max_mb: float, *, max_rows: int | None = None, lossless: bool = False) -> None:
        check_bounds("record ring", CAP_SECONDS, max_mb)
        super().__init__()
        self._max_bytes = int(max_mb * MB)
        self._max_rows = max_rows or (LOSSLESS_ROWS if lossless else LIVE_ROWS)
        self._lossless = lossless

    def push(self, analysis: Analysis, *, session: int = 0, late: bool = False, rest: bool = False) -> bool:
        """Hand one frame's results over; False once the ring is closed."""
        size = analysis.frame.bgr.nbytes
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._must_wait(size))
            if self._closed:
                return False
            fits = not self._waiting or self._bytes + size <= self._max_bytes
            if not fits:
                self.dropped[RECORD_BEHIND] += 1
                analysis = without_picture(analysis)
            self._append(Record(analysis, analysis.frame.bgr.size > 0, session, late, rest))
            return True

    def leave_out_pictures(self) -> None:
        """The writer is out of time: what waits keeps its rows and loses its pictures, counted."""
        with self._changed:
            for _ in range(len(self._waiting)):
                record = self._waiting.popleft()
                self.dropped[RECORD_BEHIND] += record.picture
                self._waiting.append(
                    replace(record, analysis=without_picture(record.analysis), picture=False)
                )
            self._bytes = 0

    def _must_wait(self, size: int) -> bool:
        too_heavy = self._lossless and bool(self._waiting) and self._bytes + size > self._max_bytes
        return too_heavy or len(self._waiting) >= self._max_rows

    def _size_of(self, item: Record) -> int:
        return item.analysis.frame.bgr.nbytes


def without_picture(analysis: Analysis) -> Analysis:
    """The same rows with an empty (0, 0, 3) picture and no chips."""
    frame = replace(analysis.frame, bgr=freeze(np.empty((0, 0, 3), np.uint8)))
    return replace(analysis, frame=frame, chips=())


class ChipRing:
    """The last seconds of one face, oldest overwritten first. Not thread-safe: it lives on `analyse`."""

    def __init__(self, duration_s: float, max_bytes: int) -> None:
        check_bounds("chip ring", duration_s, max_bytes / MB)
        self._duration_ns = int(duration_s * NS_PER_S)
        self._max_bytes = max_bytes
        self._chips: list[FaceChip] = []
        self._bytes = 0

    def push(self, chip: FaceChip) -> FaceChip | None:
        """Keep `chip`, the newest. Returns what fell out; after a gap, the newest of what fell out."""
        self._chips.append(chip)
        self._bytes += chip_bytes(chip)
        count = self._too_many()
        fallen = self._chips[count - 1] if count else None
        del self._chips[:count]
        return fallen

    def span(self, first: int, last: int) -> tuple[FaceChip, ...] | None:
        """The chips of frames `first` to `last`, both included; None if either end is not held."""
        begin = bisect_left(self._chips, first, key=_frame_index)
        end = bisect_right(self._chips, last, key=_frame_index)
        chips = tuple(self._chips[begin:end])
        held = bool(chips) and chips[0].frame_index == first and chips[-1].frame_index == last
        return chips if held else None

    def __len__(self) -> int:
        return len(self._chips)

    def _too_many(self) -> int:
        """How many of the oldest chips must go; the newest always stays."""
        newest_ns = self._chips[-1].t_ns
        count = 0
        for chip in self._chips[:-1]:
            if self._bytes <= self._max_bytes and newest_ns - chip.t_ns <= self._duration_ns:
                break
            self._bytes -= chip_bytes(chip)
            count += 1
        return count


def chip_bytes(chip: FaceChip) -> int:
    return chip.gray_u8.nbytes + chip.landmarks_px.nbytes + chip.to_chip.nbytes


def _frame_index(chip: FaceChip) -> int:
    return chip.frame_index
