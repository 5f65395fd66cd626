"""A recorded session, played back exactly: the same pictures, times and source name as were analysed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from realtime.clock import Clock, now_ns
from realtime.errors import ClipRejected
from realtime.recording.session_format import read_frames, read_session, video_name
from realtime.sources.base import SourceBase
from realtime.sources.file import FileSource
from realtime.types import Frame


class SessionSource(SourceBase):
    """The frames of a session folder, bit for bit, at the times written in its table.

    `late` holds the indices of the frames that the live analysis was told were late, so that a replay
    can be told the same. After a kill the table and the video may differ by a frame: the shorter one
    counts.

    Raises: ClipRejected in one line, naming the folder or the damaged file in it.
    """

    def __init__(self, folder: Path, clock: Clock = now_ns) -> None:
        self.folder = folder
        self._session: dict[str, Any] = read_session(folder)
        super().__init__(str(self._session.get("source") or folder.name), clock, live=False)
        self._lines = tuple(read_frames(folder))
        if len(self._lines) < 2:
            raise ClipRejected(f"{folder}: only {len(self._lines)} frames recorded; motion needs at least 2")
        self.late = frozenset(line.index for line in self._lines if line.late)
        for part in {line.part for line in self._lines}:  # refused now rather than in the middle
            self._open(part).close()

    def _open(self, part: int) -> FileSource:
        return FileSource(self.folder / video_name(part), self._clock, least_frames=1)

    def _frames(self) -> Iterator[Frame]:
        for part, lines in groupby(self._lines, key=lambda line: line.part):
            with self._open(part) as video:
                for line, picture in zip(lines, video, strict=False):
                    yield self._frame(line.t_ns, picture.bgr)

    def describe(self) -> dict[str, object]:
        notes = {} if self._session.get("finished") else {"interrupted": "the recording was not closed"}
        recorded = {"recorded_frames": len(self._lines), "late_frames": len(self.late)}
        return {**super().describe(), "container": "session", **recorded, "notes": notes}
