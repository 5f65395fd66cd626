"""Records a session into a folder from which it is replayed bit for bit; see `session_format`.

Not thread-safe: everything that writes lives on the `record` thread.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from realtime.errors import ConfigError, OutputError
from realtime.output.events import EventWriter
from realtime.output.files import LineFile, csv_line, dated_folder, make_folder, replace_file, writing
from realtime.output.tables import json_ready, versions
from realtime.recording.session_format import (
    ANNOTATED_NAME,
    FORMAT,
    FORMAT_VERSION,
    FRAMES_HEADER,
    FRAMES_NAME,
    MARKERS_HEADER,
    MARKERS_NAME,
    SESSION_NAME,
    is_session,
    video_name,
)
from realtime.recording.video import LOSSLESS, AnnotatedVideo, BgrImage, VideoWriter
from realtime.sizes import MB
from realtime.types import Event, Frame

FRAMES_PER_DISK_CHECK = 16


@dataclass(frozen=True, slots=True)
class RecordingConfig:
    """When a recording stops by itself."""

    reserve_mb: int = 200  # kept free on the disk, so that the tables and the system can still write

    def __post_init__(self) -> None:
        if self.reserve_mb < 0:
            raise ConfigError(f"recording.reserve_mb must be 0 or more, not {self.reserve_mb}")


def utc_now() -> datetime:
    """Wall-clock time, for people only: nothing is measured with it."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What is recorded."""

    source: str  # the name that its frames and events carry
    facts: Mapping[str, object] = field(default_factory=dict)  # configuration, its hash, model, notes
    run_start_ns: int | None = None  # t_ns of the run's first frame; None: the recording begins with the run
    started: datetime = field(default_factory=utc_now)


@dataclass(slots=True)
class Part:
    """One video file of a session, as session.json lists it."""

    file: str
    width: int
    height: int
    frames: int = 0


def session_folder(out: Path, started: datetime) -> Path:
    """A folder under `out` that does not exist yet, named after the start: session-20261121-081530."""
    return dated_folder(out, "session", started)


class SessionRecorder:
    """Frames with exact timestamps, events, markers and metadata; use it with `with`, or start and close.

    Raises: OutputError from `start`, `add`, `add_annotated`, `add_event`, `mark` and `close`. It ends the
    recording: everything is closed by then, later calls do nothing, and the folder holds a session up to
    that moment, which replays. A disk with less than the reserve left counts as full.
    """

    def __init__(
        self,
        folder: Path,
        info: SessionInfo,
        *,
        config: RecordingConfig = RecordingConfig(),
        annotated: bool = False,
    ) -> None:
        self.folder = folder
        self.frames = 0
        self.marks = 0
        self.events = 0
        self.recording = False
        self._info = info
        self._config = config
        self._media = folder / (ANNOTATED_NAME if annotated else video_name(1))
        self._annotated = AnnotatedVideo(folder / ANNOTATED_NAME) if annotated else None
        self._parts: list[Part] = []
        self._video: VideoWriter | None = None
        self._first: Frame | None = None
        self._last: Frame | None = None
        self._closing = ExitStack()

    def start(self) -> None:
        """Makes the folder and its empty tables. A folder that holds a session already is left alone."""
        if is_session(self.folder):
            raise OutputError(f"{self.folder} already holds a recorded session; give another --out")
        make_folder(self.folder)
        self._check_disk()
        with self._ending_on_error():
            self._closing.callback(self._write_session, finished=True)
            self._closing.callback(self._close_video)
            self._lines = self._open_table(FRAMES_NAME, FRAMES_HEADER)
            self._markers = self._open_table(MARKERS_NAME, MARKERS_HEADER)
            self._events = EventWriter(self.folder, media=self._media)
            self._closing.callback(self._events.close)
            if self._annotated is not None:
                self._closing.callback(self._annotated.close)
            self._write_session(finished=False)
        self.recording = True

    def _open_table(self, name: str, header: tuple[str, ...]) -> LineFile:
        table = LineFile(self.folder / name)
        self._closing.callback(table.close)
        table.write(csv_line(header))
        return table

    def add(self, frame: Frame, *, late: bool = False) -> None:
        """One analysed frame, in order; a frame of another size begins a new video file.

        `late` is what the analysis was told of this frame, so that a replay can be told the same.
        """
        if not self.recording:
            return
        with self._ending_on_error():
            if self.frames % FRAMES_PER_DISK_CHECK == 0:
                self._check_disk()
            self._video_for(frame).write(frame.bgr, frame.t_ns)
            self._first = self._first or frame
            self._last = frame
            row = (self._index, frame.t_ns, len(self._parts), int(late))
            self._lines.write(csv_line(map(str, row)))
            self._parts[-1].frames += 1
            self.frames += 1

    @property
    def _index(self) -> int:
        """Of the last frame, counted from the first; lost ones leave holes, as they do in the events."""
        assert self._first is not None and self._last is not None
        return self._last.index - self._first.index

    def _video_for(self, frame: Frame) -> VideoWriter:
        height, width = frame.bgr.shape[:2]
        if self._video is not None and self._video.size == (width, height):
            return self._video
        self._close_video()
        part = Part(video_name(len(self._parts) + 1), width, height)
        self._video = VideoWriter(self.folder / part.file, (width, height), LOSSLESS)
        self._parts.append(part)
        self._write_session(finished=False)
        return self._video

    def add_annotated(self, bgr: BgrImage, t_ns: int) -> None:
        """The picture with overlay, where annotated.mp4 was asked for."""
        if self.recording and self._annotated is not None:
            with self._ending_on_error():
                self._annotated.write(bgr, t_ns)

    def add_event(self, event: Event) -> None:
        """One event, counted from the recording's first frame; one that began before it is left out."""
        if not self.recording or self._first is None:
            return
        shift_ns = 0 if self._info.run_start_ns is None else self._first.t_ns - self._info.run_start_ns
        moved = event.counted_from(self._first.index, shift_ns, number=self.events)
        if moved.onset_frame < 0:
            return
        with self._ending_on_error():
            self._events.write(moved)
            self.events += 1

    def mark(self, note: str = "") -> None:
        """A marker at the last frame added; before the first there is nothing to mark."""
        if not self.recording or self._last is None:
            return
        with self._ending_on_error():
            self._markers.write(csv_line((str(self._index), str(self._last.t_ns), note)))
            self.marks += 1

    def close(self) -> None:
        """Finishes every file, also after one of them failed; idempotent."""
        self.recording = False
        self._closing.close()

    @contextmanager
    def _ending_on_error(self) -> Iterator[None]:
        """An error within closes everything first, and is then the one that is raised."""
        try:
            yield
        except BaseException:
            with suppress(OutputError):
                self.close()
            raise

    def _close_video(self) -> None:
        video, self._video = self._video, None
        if video is not None:
            video.close()

    def _check_disk(self) -> None:
        with writing(self.folder):
            free_mb = shutil.disk_usage(self.folder).free // MB
        if free_mb < self._config.reserve_mb:
            raise OutputError(
                f"cannot record in {self.folder}: {free_mb} MB free, {self._config.reserve_mb} MB are kept "
                "in reserve; what was recorded stays"
            )

    def _write_session(self, *, finished: bool) -> None:
        session = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "source": self._info.source,
            "started": self._info.started.isoformat(timespec="seconds"),
            "finished": finished,
            "frames": self.frames,
            "events": self.events,
            "markers": self.marks,
            "parts": [asdict(part) for part in self._parts],
            "versions": versions(),
            "about": self._info.facts,
        }
        text = json.dumps(json_ready(session), indent=2, ensure_ascii=False, allow_nan=False)
        replace_file(self.folder / SESSION_NAME, text + "\n")

    def __enter__(self) -> SessionRecorder:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OutputError) if error is not None else nullcontext():
            self.close()
