"""The container's own timestamps as strictly increasing nanoseconds."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from realtime.clock import NS_PER_S

JUMP_NS = NS_PER_S // 2  # a step back of more is a new time line, a smaller one a repeated frame


class TimeLine:
    """Places each frame on one time line that only goes forward.

    A frame without a stamp follows at the last gap seen. A stamp that repeats or steps back a little
    belongs to a frame already given: the frame is left out. A long step back (files joined end to
    end) moves the rest, so that time goes on. Each case is counted in `notes`.
    """

    def __init__(self, time_base: Fraction, first_gap_ns: int) -> None:
        self.notes: Counter[str] = Counter()
        self._ns_per_tick = time_base * NS_PER_S
        self._gap_ns = max(1, first_gap_ns)
        self._shift_ns = 0
        self._last_ns: int | None = None

    def place(self, pts: int | None) -> int | None:
        """Time in ns of a frame stamped `pts` (ticks of the time base), or None: leave it out."""
        last_ns = self._last_ns
        if pts is None:
            self.notes["frames without a timestamp, placed at the last interval"] += 1
            t_ns = 0 if last_ns is None else last_ns + self._gap_ns
        else:
            t_ns = round(pts * self._ns_per_tick) + self._shift_ns
        if last_ns is not None and t_ns <= last_ns:
            if last_ns - t_ns <= JUMP_NS:
                self.notes["frames with a repeated timestamp, left out"] += 1
                return None
            self.notes["jumps back in time, joined"] += 1
            self._shift_ns += last_ns + self._gap_ns - t_ns
            t_ns = last_ns + self._gap_ns
        if last_ns is not None:
            self._gap_ns = t_ns - last_ns
        self._last_ns = t_ns
        return t_ns
