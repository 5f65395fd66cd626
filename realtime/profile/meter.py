"""Both measurements of a profile at once, as a sink of a run."""

from __future__ import annotations

from realtime.profile.camera_check import CameraMeter
from realtime.profile.neutral import NeutralMeter
from realtime.ring import Record


class ProfileMeter:
    """Feeds a camera meter and a neutral meter. Written on `record`; any thread may ask how it stands."""

    def __init__(self) -> None:
        self.camera = CameraMeter()
        self.neutral = NeutralMeter()

    def write(self, record: Record) -> None:
        if record.rest:
            return
        self.neutral.add(record.analysis)
        if record.picture:
            self.camera.add(record.analysis.frame)

    def close(self) -> None:
        """Nothing is held."""

    @property
    def word(self) -> str:
        """How it goes, for the person before the camera."""
        neutral = self.neutral
        if neutral.cause:
            return neutral.cause
        return f"good, {neutral.share:.0%} at rest" if neutral.used else ""
