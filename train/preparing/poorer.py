"""The same frames as a poorer camera or cable would bring them: fewer, smaller, compressed, lost.

Each is a `Pictures` around another, so that a sample with poorer pictures is prepared like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from engine.errors import ConfigError
from train.known.codecs import h264
from train.readers import Sample
from train.readers.pictures import Bgr, Pictures


class Condition(Protocol):
    """What happens to the pictures of a sample."""

    @property
    def group(self) -> str: ...  # conditions of one group lie on one curve
    @property
    def value(self) -> float: ...
    def applied(self, sample: Sample) -> Sample: ...


@dataclass(frozen=True, slots=True)
class Fewer:
    """Only some of the frames. Frame numbers stay, and with them the times."""

    inner: Pictures
    numbers: tuple[int, ...]

    @property
    def where(self) -> str:
        return self.inner.where

    def read(self, first: int, last: int) -> Iterator[tuple[int, Bgr]]:
        kept = set(self.numbers)
        return ((number, bgr) for number, bgr in self.inner.read(first, last) if number in kept)


@dataclass(frozen=True, slots=True)
class Smaller:
    """Every frame reduced, as a camera farther away or of fewer pixels would give it."""

    inner: Pictures
    scale: float

    @property
    def where(self) -> str:
        return self.inner.where

    @property
    def numbers(self) -> tuple[int, ...]:
        return self.inner.numbers

    def read(self, first: int, last: int) -> Iterator[tuple[int, Bgr]]:
        for number, bgr in self.inner.read(first, last):
            small = cv2.resize(bgr, None, fx=self.scale, fy=self.scale, interpolation=cv2.INTER_AREA)
            yield number, np.asarray(small, np.uint8)


@dataclass(frozen=True, slots=True)
class Compressed:
    """Every frame through H.264 as for a call, at a bit rate."""

    inner: Pictures
    kbits_per_s: int
    fps: float

    @property
    def where(self) -> str:
        return self.inner.where

    @property
    def numbers(self) -> tuple[int, ...]:
        return self.inner.numbers

    def read(self, first: int, last: int) -> Iterator[tuple[int, Bgr]]:
        numbers, pictures = [], []
        for number, bgr in self.inner.read(first, last):
            height, width = (side - side % 2 for side in bgr.shape[:2])  # 4:2:0 wants them even
            numbers.append(number)
            pictures.append(np.ascontiguousarray(bgr[:height, :width]))
        if pictures:
            codec = replace(h264(self.kbits_per_s), fps=self.fps)
            yield from zip(numbers, codec.through(pictures), strict=True)


@dataclass(frozen=True, slots=True)
class FrameRate:
    """Frames as often as a slower camera gives them."""

    value: float
    group: str = "frames per second"

    def applied(self, sample: Sample) -> Sample:
        if self.value >= sample.fps:
            return sample
        numbers = _pictures(sample).numbers
        ticks = np.arange(numbers[0], numbers[-1] + 0.5, sample.fps / self.value)
        nearest = np.abs(np.subtract.outer(ticks, np.array(numbers))).argmin(axis=1)
        return fewer(sample, sorted({numbers[at] for at in nearest}))


@dataclass(frozen=True, slots=True)
class Dropped:
    """A share of the frames never comes."""

    value: float
    seed: int = 0
    group: str = "share of frames dropped"

    def __post_init__(self) -> None:
        if not 0 <= self.value < 1:
            raise ConfigError(f"a share of frames lies in 0 .. 1, not {self.value}")

    def applied(self, sample: Sample) -> Sample:
        numbers = np.array(_pictures(sample).numbers)
        rng = np.random.default_rng([self.seed, sample.row])
        return fewer(sample, numbers[rng.random(len(numbers)) >= self.value].tolist())


@dataclass(frozen=True, slots=True)
class Resolution:
    """Pictures of a share of their width and height."""

    value: float
    group: str = "share of the width"

    def applied(self, sample: Sample) -> Sample:
        return replace(sample, pictures=Smaller(_pictures(sample), self.value))


@dataclass(frozen=True, slots=True)
class BitRate:
    """Pictures sent at so many kbit/s."""

    value: float
    group: str = "kbit/s"

    def applied(self, sample: Sample) -> Sample:
        sent = Compressed(_pictures(sample), round(self.value), sample.fps)
        return replace(sample, pictures=sent)


CONDITIONS: dict[str, tuple[Condition, ...]] = {
    "fps": tuple(FrameRate(fps) for fps in (200.0, 100.0, 60.0, 30.0)),
    "resolution": tuple(Resolution(share) for share in (0.5, 0.25)),
    "bitrate": tuple(BitRate(kbps) for kbps in (8000.0, 2000.0, 500.0)),
    "dropped": tuple(Dropped(share) for share in (0.1, 0.3, 0.5)),
}


def fewer(sample: Sample, numbers: Sequence[int]) -> Sample:
    """The sample with these frames only; its key frames are the nearest that are left."""
    left = np.array(numbers)

    def nearest(number: int) -> int:
        return int(left[np.abs(left - number).argmin()])

    return replace(
        sample,
        pictures=Fewer(_pictures(sample), tuple(numbers)),
        onset=nearest(sample.onset),
        apex=None if sample.apex is None else nearest(sample.apex),
        offset=nearest(sample.offset),
    )


def _pictures(sample: Sample) -> Pictures:
    if sample.pictures is None:
        raise ConfigError(f"{sample.dataset} has features only, no frames")
    return sample.pictures
