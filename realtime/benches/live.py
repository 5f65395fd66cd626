"""What the benchmarks of the whole house share: frames kept in memory, and times per frame and stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.errors import ConfigError
from realtime.sources.base import SourceBase
from realtime.sources.file import FileSource
from realtime.sources.paced import Wait, in_real_time
from realtime.stats import StageTimes
from realtime.types import Frame

BGR = NDArray[np.uint8]  # (height, width, 3)

MOST_FRAMES = 240  # 220 MB at 640x480
LOOK = "look"  # what every frame costs: landmarks, alignment and spotting together
LOOK_STAGES = ("landmarks", "align", "spot")  # in the order in which they come
STAGES = (*LOOK_STAGES, LOOK, "flow", "maps", "infer", "frame", "age")


def frames_of(clip: Path, most: int = MOST_FRAMES) -> list[BGR]:
    """The clip's first pictures, decoded. Raises: SourceError, ClipRejected."""
    with FileSource(clip) as source:
        return [frame.bgr for frame in islice(source, most)]


class LookTimes(StageTimes):
    """Adds the stage `look`."""

    def __init__(self, clock: Clock = now_ns) -> None:
        super().__init__(clock)
        self._looked_ns = 0.0

    def add(self, name: str, duration_ns: float) -> None:
        super().add(name, duration_ns)
        if name in LOOK_STAGES:
            self._looked_ns = duration_ns + (self._looked_ns if name != LOOK_STAGES[0] else 0)
        if name == LOOK_STAGES[-1]:
            super().add(LOOK, self._looked_ns)


class SwingSource(SourceBase):
    """Pictures from memory at exactly `fps`, there and back without a jump, for `duration_s` seconds.

    In real time where `live`: then each frame comes when it is due, whether anybody is ready or not.
    """

    def __init__(
        self, pictures: Sequence[BGR], fps: float, duration_s: float, *,
        live: bool = True, clock: Clock = now_ns, wait: Wait | None = None,
    ) -> None:  # fmt: skip
        super().__init__(f"memory at {fps:g} fps", clock, live=live)
        if not pictures or fps <= 0 or duration_s <= 0:
            raise ConfigError("a rate is measured on at least one picture, at a positive rate, for some time")
        there_and_back = [*pictures, *pictures[-2:0:-1]]
        self._pictures = there_and_back
        self._fps = fps
        self._count = round(fps * duration_s)
        self._wait: Callable[[float], bool] = self._closed.wait if wait is None else wait

    def _frames(self) -> Iterator[Frame]:
        frames = self._made()
        return in_real_time(frames, self._clock, self._wait) if self.live else frames

    def _made(self) -> Iterator[Frame]:
        for index in range(self._count):
            picture = self._pictures[index % len(self._pictures)]
            yield self._frame(round(index * NS_PER_S / self._fps), picture)
