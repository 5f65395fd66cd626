"""A recorded session, played back exactly: the same pictures, times and source name as were analysed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.errors import ClipRejected
from realtime.recording.session_format import read_frames, read_session, video_name
from realtime.recording.video import LOSSLESS, Stamps
from realtime.sources.base import SourceBase
from realtime.sources.file import FileSource
from realtime.types import Frame

MISSING = "frames missing from its video"


class SessionSource(SourceBase):
    """The frames of a session folder, bit for bit, at the times written in its table.

    `late` holds the indices of the frames that the live analysis was told were late, so that a replay
    can be told the same. A picture and its line of the table belong together by their time: where one is
    damaged or missing, as after a kill, the other is left out and the notes say so.

    Raises: ClipRejected in one line, naming the folder or the damaged file in it.
    """

    def __init__(self, folder: Path, clock: Clock = now_ns) -> None:
        self.folder = folder
        self._session: dict[str, Any] = read_session(folder)
        super().__init__(str(self._session.get("source") or folder.name), clock, live=False)
        self._lines = tuple(read_frames(folder))
        if len(self._lines) < 2:
            raise ClipRejected(f"{folder}: only {len(self._lines)} frames recorded; motion needs at least 2")
        self._counted: Counter[str] = Counter()
        self._said: dict[str, object] = {}
        self.late = frozenset(line.index for line in self._lines if line.late)
        for part in {line.part for line in self._lines}:  # refused now rather than in the middle
            self._open(part).close()

    def _open(self, part: int) -> FileSource:
        return FileSource(self.folder / video_name(part), self._clock, least_frames=1)

    def _frames(self) -> Iterator[Frame]:
        for part, lines in groupby(self._lines, key=lambda line: line.part):
            stamps = Stamps(LOSSLESS.time_base)
            unseen = {stamps.next(line.t_ns): line for line in lines}
            with self._open(part) as video:
                for picture in video:
                    line = unseen.pop(_stamp(picture), None)
                    if line is not None:
                        yield replace(self._frame(line.t_ns, picture.bgr), index=line.index)
                if self._closed.is_set():
                    return
                self._note(video, len(unseen))

    def _note(self, video: FileSource, missing: int) -> None:
        said = video.describe()["notes"]
        for name, note in said.items() if isinstance(said, dict) else ():
            if isinstance(note, int):
                self._counted[name] += note
            else:
                self._said[name] = note
        self._counted[MISSING] += missing

    def describe(self) -> dict[str, object]:
        notes: dict[str, object] = {**+self._counted, **self._said}
        if not self._session.get("finished"):
            notes["interrupted"] = "the recording was not closed"
        elif (expected := self._session.get("frames")) != len(self._lines):
            notes["lines missing from its table"] = f"{len(self._lines)} of {expected} are there"
        recorded = {"recorded_frames": len(self._lines), "late_frames": len(self.late)}
        return {**super().describe(), "container": "session", **recorded, "notes": notes}


def _stamp(picture: Frame) -> int:
    return round(Fraction(picture.t_ns, NS_PER_S) / LOSSLESS.time_base)
