"""What the server asks of the child process that analyses one clip."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

TOLD_S = 0.2  # between two lines of progress


@dataclass(frozen=True, slots=True)
class ReplayLimits:
    """What analysing one clip may take. The memory is what the process may write to, libraries among it."""

    memory_mb: int = 2_000  # measured: 850 for 20 s of 1080x1920, 907 for 3840x2160
    cpu_s: int = 7_200
    wall_s: float = 5_400.0
    written_mb: int = 500  # of one file: the store of what was found


@dataclass(frozen=True, slots=True)
class Task:
    """One clip to analyse."""

    clip: str
    title: str
    config: str  # TOML; a recorded session brings its own
    store: str  # the review store to write
    limits: ReplayLimits

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(line: str) -> Task:
        said = json.loads(line)
        return Task(**{**said, "limits": ReplayLimits(**said["limits"])})
