"""A person at rest: how much each region trembles, and the slowly learnt neutral face."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.spotting.motion import FaceMotion
from realtime.spotting.regions import REGIONS

if TYPE_CHECKING:
    from realtime.spotting.excursion import Seen

# median length of a two-dimensional Gaussian vector, in standard deviations
_RAYLEIGH_MEDIAN = 1.1774
MOST_PX = 5.0  # chip pixels: a face that trembles this much is not at rest


@dataclass(frozen=True, slots=True)
class RestConfig:
    """How rest is learnt."""

    floor_px: float = 0.03  # chip pixels: no region is believed to be calmer than this
    memory_s: float = 8.0  # of rest, over which the noise is measured
    refresh_s: float = 0.2  # how often it is measured again
    delay_s: float = 0.3  # a chip enters the reference only after this much rest behind it
    reference_s: float = 0.8  # time constant of the reference
    person_px: tuple[float, ...] = ()  # one floor for each of REGIONS, from a profile; empty: nobody measured

    def __post_init__(self) -> None:
        if min(self.floor_px, self.memory_s, self.refresh_s, self.delay_s, self.reference_s) <= 0:
            raise ConfigError("rest: every setting must be positive")
        believable = all(0 < px < MOST_PX for px in self.person_px)
        if not believable or len(self.person_px) not in (0, len(REGIONS)):
            raise ConfigError(f"rest.person_px: {len(REGIONS)} numbers over 0 and under {MOST_PX:g}, or none")

    @property
    def floors_px(self) -> NDArray[np.float32]:
        """(regions,) no region is believed to be calmer than this."""
        person_px = self.person_px or (self.floor_px,) * len(REGIONS)
        return np.maximum(np.array(person_px, np.float32), np.float32(self.floor_px))

    @property
    def first_px(self) -> NDArray[np.float32]:
        """(regions,) what the noise is taken for before it is measured: a person's, or a cautious guess."""
        return self.floors_px if self.person_px else 2 * self.floors_px


class Rest:
    """Noise floor and reference of one face. Not thread-safe: it lives on `analyse`."""

    def __init__(self, config: RestConfig) -> None:
        self._config = config
        self._lengths: deque[tuple[int, NDArray[np.float32]]] = deque()
        self._waiting: deque[Seen] = deque()
        self._floors_px = config.floors_px
        self.noise_px = config.first_px
        self._measured_ns = 0
        self._learnt = 0
        self._learnt_ns: int | None = None

    def scores(self, regions_px: NDArray[np.float32]) -> NDArray[np.float32]:
        """(regions,) lengths of (regions, 2) movements in multiples of the noise."""
        return np.linalg.norm(regions_px, axis=1) / self.noise_px

    def learn(self, seen: Seen, motion: FaceMotion, *, calm: bool) -> None:
        """A chip at rest: its tremble counts at once, its picture once rest has followed it."""
        self._measure(seen)
        if not calm:
            self._waiting.clear()
            return
        self._waiting.append(seen)
        due_ns = seen.chip.t_ns - int(self._config.delay_s * NS_PER_S)
        while self._waiting and self._waiting[0].chip.t_ns <= due_ns:
            self._mix(self._waiting.popleft(), motion)

    def restart(self) -> None:
        """The reference starts anew; the person's noise stays known."""
        self._waiting.clear()
        self._learnt = 0
        self._learnt_ns = None

    def forget(self) -> None:
        """The person starts anew."""
        self.restart()
        self._lengths.clear()
        self.noise_px = self._config.first_px

    def _mix(self, seen: Seen, motion: FaceMotion) -> None:
        """A plain mean of the first chips, then an exponential one."""
        self._learnt += 1
        step_s = 0.0 if self._learnt_ns is None else (seen.chip.t_ns - self._learnt_ns) / NS_PER_S
        self._learnt_ns = seen.chip.t_ns
        motion.learn(seen.movement, min(1.0, max(step_s / self._config.reference_s, 1 / (self._learnt + 1))))

    def _measure(self, seen: Seen) -> None:
        now_ns = seen.chip.t_ns
        self._lengths.append((now_ns, np.linalg.norm(seen.movement.regions_px, axis=1)))
        while self._lengths[0][0] < now_ns - self._config.memory_s * NS_PER_S:
            self._lengths.popleft()
        if abs(now_ns - self._measured_ns) < self._config.refresh_s * NS_PER_S or len(self._lengths) < 5:
            return
        self._measured_ns = now_ns
        median = np.median([lengths for _, lengths in self._lengths], axis=0)
        self.noise_px = np.maximum(median / _RAYLEIGH_MEDIAN, self._floors_px).astype(np.float32)
