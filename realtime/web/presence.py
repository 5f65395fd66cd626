"""Whether anybody is in the picture."""

from __future__ import annotations

from realtime.clock import seconds
from realtime.ring import Record


class Presence:
    """A sink. `record` writes; the server's loop reads `no_face_s`, None before the first frame."""

    def __init__(self) -> None:
        self.no_face_s: float | None = None  # since a face was last seen, on the frames' own time line
        self._seen_ns: int | None = None

    def write(self, record: Record) -> None:
        analysis = record.analysis
        if self._seen_ns is None or analysis.chips:
            self._seen_ns = analysis.frame.t_ns
        self.no_face_s = seconds(analysis.frame.t_ns - self._seen_ns)

    def close(self) -> None:
        """Nothing is held."""
