"""Bounded histories: frames on their way to `analyse`, rows on their way to `record`, chips of one face.

A live source must never wait, so its ring overwrites the oldest frame and counts the loss with its
cause. A recording must never lose a frame, so there the producer waits for the reader instead.
Every wait ends when the other side closes: a reader that is being joined cannot hang its producer.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from realtime.clock import NS_PER_S, seconds
from realtime.errors import ConfigError
from realtime.types import Analysis, FaceChip, Frame, freeze

CAP_SECONDS = 60.0  # no history may be longer than this
CAP_MB = 1024.0  # nor larger than this, in 10^6 bytes
BYTES_PER_MB = 1_000_000

BEHIND_SECONDS = "frames_behind_seconds"  # causes of lost frames, as they stand in summary.json
BEHIND_BYTES = "frames_behind_bytes"
RECORD_BEHIND = "recording_behind"

T = TypeVar("T")


def check_bounds(name: str, duration_s: float, size_mb: float) -> None:
    """Raise ConfigError unless a history of this length and size stays under the stated caps."""
    if not 0.0 < duration_s <= CAP_SECONDS:
        raise ConfigError(f"{name}: {duration_s:g} s is outside 0 to {CAP_SECONDS:g} s")
    if not 0.0 < size_mb <= CAP_MB:
        raise ConfigError(f"{name}: {size_mb:g} MB is outside 0 to {CAP_MB:g} MB")


@dataclass(frozen=True, slots=True)
class RingConfig:
    """How much may wait between the threads."""

    seconds: float = 2.0  # frames of a live source waiting for analysis
    ahead_s: float = 0.5  # how far a recording is read ahead of analysis
    max_mb: float = 256.0  # the same frames, in 10^6 bytes
    record_mb: float = 128.0  # pictures waiting to be written
    late_s: float = 0.5  # a live backlog above this drops windows rather than frames

    def __post_init__(self) -> None:
        check_bounds("ring.seconds, ring.max_mb", self.seconds, self.max_mb)
        check_bounds("ring.ahead_s, ring.record_mb", self.ahead_s, self.record_mb)
        if not 0.0 < self.late_s <= self.seconds:
            raise ConfigError(
                f"ring.late_s: {self.late_s:g} s is outside 0 to ring.seconds = {self.seconds:g} s"
            )


class Channel(ABC, Generic[T]):
    """What the thread-safe rings share: one producer, one reader, an end and a way out."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[T] = deque()
        self._bytes = 0
        self._ended = False
        self._closed = False
        self.dropped: Counter[str] = Counter()

    def take(self, timeout_s: float) -> T | None:
        """The oldest item not yet taken; None after `timeout_s`, at the end, or once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended or self._closed, timeout_s)
            if not self._waiting:
                return None
            item = self._waiting.popleft()
            self._bytes -= self._size_of(item)
            self._changed.notify_all()
            return item

    def end(self) -> None:
        """The producer has nothing more; what waits can still be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Forget what waits and release both sides at once; idempotent."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._bytes = 0
            self._changed.notify_all()

    @property
    def drained(self) -> bool:
        """Nothing waits and nothing more can come."""
        with self._changed:
            return self._closed or (self._ended and not self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def _append(self, item: T) -> None:
        self._waiting.append(item)
        self._bytes += self._size_of(item)
        self._changed.notify_all()

    @abstractmethod
    def _size_of(self, item: T) -> int:
        """Bytes of pixels that `item` holds."""


class FrameRing(Channel[Frame]):
    """Frames between `capture` and `analyse`, bounded by seconds and by bytes, whichever is less.

    `lossless` makes `push` wait for the reader; otherwise `push` never waits and drops the oldest.
    """

    def __init__(self, duration_s: float, max_mb: float, *, lossless: bool = False) -> None:
        check_bounds("frame ring", duration_s, max_mb)
        super().__init__()
        self._duration_ns = int(duration_s * NS_PER_S)
        self._max_bytes = int(max_mb * BYTES_PER_MB)
        self._lossless = lossless

    def push(self, frame: Frame) -> bool:
        """Hand one frame over; False once the ring is closed.

        Raises: ConfigError if this one frame is larger than the whole ring may be.
        """
        if frame.bgr.nbytes > self._max_bytes:
            raise ConfigError(
                f"{frame.source}: one frame takes {frame.bgr.nbytes / BYTES_PER_MB:.1f} MB, more than"
                f" ring.max_mb = {self._max_bytes / BYTES_PER_MB:g}; raise it or ask for a smaller picture"
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


class RecordRing(Channel[Record]):
    """Results between `analyse` and `record`: rows are never lost, pictures are when they weigh too much.

    `lossless` makes `push` wait for the writer. Otherwise a picture that does not fit is left out and
    counted; only when `max_rows` rows wait does even a live `push` wait, since no row may be lost.
    """

    def __init__(self, max_mb: float, *, max_rows: int = 2_000, lossless: bool = False) -> None:
        check_bounds("record ring", CAP_SECONDS, max_mb)
        super().__init__()
        self._max_bytes = int(max_mb * BYTES_PER_MB)
        self._max_rows = max_rows
        self._lossless = lossless

    def push(self, analysis: Analysis) -> bool:
        """Hand one frame's results over; False once the ring is closed."""
        size = analysis.frame.bgr.nbytes
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._must_wait(size))
            if self._closed:
                return False
            fits = not self._waiting or self._bytes + size <= self._max_bytes
            if not fits:
                self.dropped[RECORD_BEHIND] += 1
            self._append(Record(analysis if fits else without_picture(analysis), fits))
            return True

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
        check_bounds("chip ring", duration_s, max_bytes / BYTES_PER_MB)
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
