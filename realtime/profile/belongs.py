"""Whether the camera at hand is the one that a profile was measured with."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.ring import Record
from realtime.types import Frame

RATE_RANGE = (0.8, 1.25)  # measured over the profile's own: within, it is the same rate
JUDGED_AFTER = 30  # frames


@dataclass(frozen=True, slots=True)
class ProfileConfig:
    """Where the profile in use comes from; `spotting.rest.person_px` holds what it measured."""

    name: str = ""  # empty: no profile
    width: int = 0  # of the camera it was measured with
    height: int = 0
    fps: float = 0.0

    def __post_init__(self) -> None:
        if self.name and not (self.width > 0 and self.height > 0 and self.fps > 0):
            raise ConfigError("profile: width, height and fps of its camera must be positive")


class ProfileCheck:
    """Says in one line, once, that the frames are not those of the profile's camera. A sink of the run."""

    def __init__(self, config: ProfileConfig) -> None:
        self.notes: tuple[str, ...] = ()  # everything said so far; any thread may read it
        self._config = config
        self._news: deque[str] = deque()
        self._first: Frame | None = None
        self._sized = self._rated = not config.name

    def write(self, record: Record) -> None:
        if record.rest or (self._sized and self._rated):
            return
        frame = record.analysis.frame
        self._first = self._first or frame
        if record.picture and not self._sized:
            self._sized = True
            self._check_size(*frame.bgr.shape[:2])
        span_ns = frame.t_ns - self._first.t_ns
        if not self._rated and frame.index - self._first.index >= JUDGED_AFTER and span_ns > 0:
            self._rated = True  # by index: frames that this computer skipped came all the same
            self._check_rate((frame.index - self._first.index) * NS_PER_S / span_ns)

    def take(self) -> list[str]:
        """What was said since the last call."""
        return [self._news.popleft() for _ in range(len(self._news))]

    def close(self) -> None:
        """Nothing is held."""

    def _check_size(self, height: int, width: int) -> None:
        config = self._config
        if (width, height) != (config.width, config.height):
            self._say(f"{config.width}x{config.height}", f"{width}x{height}")

    def _check_rate(self, fps: float) -> None:
        if not RATE_RANGE[0] <= fps / self._config.fps <= RATE_RANGE[1]:
            self._say(f"{self._config.fps:.1f} fps", f"{fps:.1f} fps")

    def _say(self, wanted: str, found: str) -> None:
        note = (
            f"profile '{self._config.name}' was measured at {wanted}, this source gives {found}: "
            "its noise floor may not fit; measure again with calibration.neutral"
        )
        self.notes += (note,)
        self._news.append(note)
