"""The rules of a decision: what may be changed of a candidate, and what the marks must keep."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from realtime.errors import ReviewError
from realtime.review.records import Change, Review, Status
from realtime.types import LABELS, UNCLEAR, Event

MARKS = ("onset", "apex", "offset")
MOST_NOTE = 2_000  # characters


def changed(event: Event, now: Review, change: Change, frames: Sequence[int], t_ns: Sequence[int]) -> Review:
    """The review after `change`. `frames` and `t_ns` are the evidence's, both empty where there is none.

    Raises: ReviewError in one line for an unknown label or marks out of order or out of the evidence.
    """
    label = now.label if change.label is None else change.label
    if label not in (*LABELS, UNCLEAR):
        raise ReviewError(f"{label!r} is no label; give one of {', '.join((*LABELS, UNCLEAR))}")
    note = now.note if change.note is None else change.note
    if len(note) > MOST_NOTE:
        raise ReviewError(f"a note of {len(note)} characters is too long; {MOST_NOTE} are kept")
    return replace(
        _moved(event, now, change, frames, t_ns),
        status=now.status if change.status is None else Status(change.status),
        label=label,
        note=note,
    )


def shift(now: Review, mark: str, steps: int, frames: Sequence[int]) -> Change:
    """The change that moves one mark by so many frames of the evidence, or of the count without any.

    Raises: ReviewError for another mark, or past either end of the evidence.
    """
    if mark not in MARKS:
        raise ReviewError(f"{mark!r} is no mark; give one of {', '.join(MARKS)}")
    at: int = getattr(now, f"{mark}_frame")
    if not frames:
        return Change(**{f"{mark}_frame": at + steps})  # type: ignore[arg-type]
    position = bisect_left(frames, at) + steps
    if not 0 <= position < len(frames):
        side = "before" if steps < 0 else "after"
        raise ReviewError(f"the {mark} cannot move on: nothing was kept {side} this frame")
    return Change(**{f"{mark}_frame": int(frames[position])})  # type: ignore[arg-type]


def _moved(event: Event, now: Review, change: Change, frames: Sequence[int], t_ns: Sequence[int]) -> Review:
    marks = [getattr(change, f"{mark}_frame") for mark in MARKS]
    at = [
        getattr(now, f"{mark}_frame") if frame is None else frame
        for mark, frame in zip(MARKS, marks, strict=True)
    ]
    if at == [now.onset_frame, now.apex_frame, now.offset_frame]:
        return now
    onset, apex, offset = at
    if not onset < apex < offset:
        raise ReviewError(f"onset {onset}, apex {apex}, offset {offset}: each must come before the next")
    if onset < 0:
        raise ReviewError(f"onset {onset}: frames are counted from 0")
    onset_ns, apex_ns, offset_ns = (_time_of(event, frame, frames, t_ns) for frame in at)
    return replace(
        now, onset_frame=onset, apex_frame=apex, offset_frame=offset,
        onset_ns=onset_ns, apex_ns=apex_ns, offset_ns=offset_ns,
    )  # fmt: skip


def _time_of(event: Event, frame: int, frames: Sequence[int], t_ns: Sequence[int]) -> int:
    """The frame's own time; where it was not kept, at the event's mean distance of frames."""
    position = bisect_left(frames, frame)
    if position < len(frames) and frames[position] == frame:
        return int(t_ns[position])
    for mark in MARKS:
        if frame == getattr(event, f"{mark}_frame"):
            return int(getattr(event, f"{mark}_ns"))
    if frames:
        raise ReviewError(f"frame {frame} is not among the frames kept with this event")
    step_ns = (event.offset_ns - event.onset_ns) / (event.offset_frame - event.onset_frame)
    return event.onset_ns + round((frame - event.onset_frame) * step_ns)
