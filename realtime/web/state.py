"""What every part of the page may know: settings, folders, and where results go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from realtime.app.assemble import Rooms
from realtime.config import Config
from realtime.errors import ConfigError
from realtime.review.desk import SESSIONS_NAME, Desk
from realtime.stats import StageTimes

PROFILES_NAME = "profiles"  # what calibration measured, one JSON file each
OVER_THE_PICTURE = frozenset({"outline", "regions"})  # the rest stands beside it, in the page


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """How many may watch at once, and how long a connection may be silent. Seconds."""

    sessions: int = 2
    connect_s: float = 15.0  # from the answer to the first sign of life
    silent_s: float = 20.0  # a page says every second that it is there
    offer_s: float = 5.0  # a request body that takes longer is given up
    offers: int = 20  # from one visitor or address ..
    offers_per_s: float = 60.0  # .. in so many seconds

    def __post_init__(self) -> None:
        if not 1 <= self.sessions <= 16:
            raise ConfigError(f"--max-sessions must lie in 1 .. 16, not {self.sessions}")


@dataclass(frozen=True, slots=True)
class WebState:
    """One server's settings. `data` exists and only its owner can read it."""

    config: Config
    data: Path
    desk: Desk
    clips: Path | None = None  # a folder whose clips the Replay tab offers
    default_source: str = "demo"  # what plays when there is no camera
    limits: LiveLimits = field(default_factory=LiveLimits)
    layers: frozenset[str] = OVER_THE_PICTURE  # what a live picture begins with
    rooms: Callable[[Config, StageTimes], Rooms] | None = None  # None: the real ones
    chosen: dict[str, Config] = field(default_factory=dict)  # visitor -> settings with their own profile
    endings: list[Callable[[], Awaitable[None]]] = field(default_factory=list)  # before the desk closes

    def config_of(self, visitor: str) -> Config:
        """The settings that this visitor's runs have."""
        return self.chosen.get(visitor, self.config)

    @property
    def sessions(self) -> Path:
        return self.data / SESSIONS_NAME

    @property
    def profiles(self) -> Path:
        return self.data / PROFILES_NAME


def make_data_folder(path: Path) -> Path:
    """The folder, made where it is missing, closed to everyone else. Raises: ConfigError."""
    try:
        for folder in (path, path / SESSIONS_NAME, path / PROFILES_NAME):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise ConfigError(f"--data {path}: {error.strerror}") from error
    return path.resolve()
