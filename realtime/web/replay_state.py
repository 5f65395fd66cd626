"""How the clips of a batch stand: what their children said, for the page to show."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

MOST_POINTS = 6_000  # of one clip's curve, ten minutes in tenths of a second; later ones are coarser


class Stage(str, Enum):
    """Where a clip is. The values are what the page says."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass(slots=True)
class ClipState:
    """How one clip stands; changed on the loop only."""

    title: str
    stage: Stage = Stage.WAITING
    frames: int = 0
    total: int | None = None
    rate: float | None = None  # frames analysed a second, lately
    source: dict[str, Any] = field(default_factory=dict)
    seen: int = 0  # frames with a face
    points: list[list[float]] = field(default_factory=list)  # [second, score, threshold]
    events: list[dict[str, Any]] = field(default_factory=list)
    words: str = ""  # why it was refused, or what was odd
    sessions: tuple[str, ...] = ()  # in the review desk

    def hear(self, said: dict[str, Any]) -> None:
        """A line of progress."""
        self.frames, self.total, self.rate = said["frames"], said["total"], said["rate"]
        self.source, self.seen = said["source"], said["seen"]
        self.events += said["events"]
        self.points += said["points"]
        while len(self.points) > MOST_POINTS:
            self.points = coarser(self.points)

    @property
    def share(self) -> float | None:
        """Done, 0 to 1; None while nobody knows."""
        if self.stage is Stage.DONE:
            return 1.0
        return min(1.0, self.frames / self.total) if self.total else None

    @property
    def left_s(self) -> float | None:
        """Time left at the present rate."""
        if self.stage is not Stage.RUNNING or not self.total or not self.rate:
            return None
        return max(0, self.total - self.frames) / self.rate


def coarser(points: Sequence[list[float]]) -> list[list[float]]:
    """Half as many: of two neighbours the earlier time and the higher values."""
    pairs = [points[i : i + 2] for i in range(0, len(points), 2)]
    return [[pair[0][0], max(p[1] for p in pair), max(p[2] for p in pair)] for pair in pairs]


@dataclass(slots=True)
class Batch:
    """What one visitor asked for, and how it stands."""

    clips: list[ClipState]
    kept: bool
    task: asyncio.Task[None] | None = None
    cancelled: bool = False

    @property
    def running(self) -> bool:
        return any(clip.stage in (Stage.WAITING, Stage.RUNNING) for clip in self.clips)
