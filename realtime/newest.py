"""What is shown where pictures go to another program: the newest frame, however late its analysis is."""

from __future__ import annotations

from dataclasses import replace

from realtime.clock import NS_PER_S, Clock, seconds
from realtime.mailbox import Mailbox
from realtime.types import Analysis, Frame

PATIENCE_S = 0.03  # a frame waits so long for its own analysis
STALE_S = 0.15  # an older analysis no longer says where the face is


class Newest:
    """Joins the frames as they come with the analyses as they are done. Taken from by one thread.

    A frame whose analysis is not done in time is shown with the last one's face, and without any once
    that is stale: a window that takes seconds delays no picture.
    """

    def __init__(self, analysed: Mailbox[Analysis], clock: Clock) -> None:
        self.frames: Mailbox[Frame] = Mailbox()
        self._analysed = analysed
        self._clock = clock
        self._last: Analysis | None = None
        self._shown = -1  # index of the frame shown last

    def take(self, timeout_s: float) -> Analysis | None:
        """The newest frame not yet shown; None when none comes within `timeout_s`."""
        frame = self.frames.take(timeout_s)
        if frame is None or frame.index <= self._shown:
            return None
        last = self._analysis_for(frame)
        shown = last if last is not None and last.frame.index >= frame.index else unanalysed(frame, last)
        self._shown = shown.frame.index
        return shown

    def _analysis_for(self, frame: Frame) -> Analysis | None:
        """The analysis of this frame or a later one if it comes in time, else the last there is."""
        self._look(0.0)
        # Who was late for the last frame is not waited for: the pictures keep their age.
        behind = self._last is None or self._last.frame.index < self._shown
        deadline_ns = frame.arrived_ns + int(PATIENCE_S * NS_PER_S)
        while not behind and self._last is not None and self._last.frame.index < frame.index:
            left_s = seconds(deadline_ns - self._clock())
            if left_s <= 0 or not self._look(left_s):
                break
        return self._last

    def _look(self, timeout_s: float) -> bool:
        """Takes the newest analysis, if one comes in time."""
        analysis = self._analysed.take(timeout_s)
        if analysis is not None:
            self._last = analysis
        return analysis is not None


def unanalysed(frame: Frame, last: Analysis | None) -> Analysis:
    """The frame with the face of the last analysis, unless that is stale."""
    if last is None or seconds(frame.t_ns - last.frame.t_ns) > STALE_S:
        return Analysis(frame, chips=(), signals=(), events=(), recognitions=())
    return replace(last, frame=frame, events=(), recognitions=())
