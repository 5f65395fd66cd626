"""One source analysed and written, as both `cam` and `replay` do it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from realtime.app.assemble import Rooms, rooms_of
from realtime.app.sinks import EventFeed, MemorySink, SessionSink, TableSink, VideoSink
from realtime.app.status import frames_in
from realtime.clock import NS_PER_MS, Clock, now_ns, seconds
from realtime.config import Config, config_hash, to_toml
from realtime.contracts import Sink
from realtime.output.tables import RunFacts
from realtime.overlay.layers import DEFAULT_LAYERS, Hud, OverlayMemory, draw
from realtime.pipeline import Pipeline
from realtime.profile.belongs import ProfileCheck
from realtime.recording.session_format import ANNOTATED_NAME
from realtime.recording.video import BgrImage
from realtime.sources import Source
from realtime.stats import StageTimes
from realtime.types import Analysis

SESSIONS = Path("out")  # where sessions go unless said otherwise
LOW_FPS = 25.0  # under this, movements of a micro-expression's length are seen too coarsely


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run shall leave behind."""

    out: Path | None = None  # the tables
    earlier: Path | None = None  # where tables of an earlier run that lie there go; unset: they are replaced
    video: bool = False  # annotated.mp4 beside them
    sessions: Path = SESSIONS  # recorded sessions, each in a folder of its own
    media: Path | None = None  # the clip that the ELAN document opens
    limit_s: float | None = None  # end after so much of the source's own time
    layers: Collection[str] = DEFAULT_LAYERS
    late_frames: Collection[int] = ()  # at which analysis was behind when this was recorded


class Run:
    """A source, its rooms, its sinks and the pipeline between them. Used with `with`; runs once.

    Raises: OutputError at once when the folder cannot be written to; from `with` what the pipeline raises.
    """

    def __init__(
        self,
        source: Source,
        config: Config,
        wanted: Wanted,
        *,
        lossless: bool,
        rooms: Rooms | None = None,
        more_sinks: Sequence[Sink] = (),
        show: Callable[[Analysis], None] | None = None,
        clock: Clock = now_ns,
    ) -> None:
        self.times = StageTimes(clock)
        self.rooms = rooms or rooms_of(config, self.times)
        self.feed = EventFeed()
        self.profile = ProfileCheck(config.profile)
        self.lossless = lossless
        self.interrupted = False  # set before the pipeline is stopped ahead of the source's end
        self._memory = OverlayMemory(config.overlay)
        self._source = source
        self._config = config
        self.wanted = wanted
        self._clock = clock
        self.sessions = SessionSink(wanted.sessions, source.name, self.session_facts, config.recording)
        self.pipeline = Pipeline(
            source,
            self.rooms,
            [*self._sinks(), *more_sinks],
            config=config.ring,
            lossless=lossless,
            limit_s=wanted.limit_s,
            late_frames=wanted.late_frames,
            times=self.times,
            show=show,
            clock=clock,
        )

    def _sinks(self) -> list[Sink]:
        # The memory comes first: what is painted over a frame includes that frame. The video comes last:
        # closing a long one takes a while, and by then everything else is complete.
        wanted = self.wanted
        sinks: list[Sink] = [MemorySink(self._memory), self.feed, self.profile, self.sessions]
        if wanted.out is not None:
            sinks.append(TableSink(wanted.out, self.facts, media=wanted.media, earlier=wanted.earlier))
        if wanted.out is not None and wanted.video:
            sinks.append(VideoSink(wanted.out / ANNOTATED_NAME, self.painted))
        return sinks

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the run beside its figures."""
        if not self.interrupted:
            return self.profile.notes
        total = frames_in(self._source.describe())
        frames = f"{self.pipeline.progress().frames}{f' of {total}' if total else ''} frames"
        return (*self.profile.notes, f"interrupted after {frames}")

    def facts(self) -> RunFacts:
        """What summary.json says beyond the counts, as of now."""
        progress = self.pipeline.progress()
        return RunFacts(
            source=self._source.describe(),
            dropped=progress.dropped,
            wall_s=progress.wall_s,
            stages=self.times.summary(),
            model=self.rooms.model,
            config_hash=config_hash(self._config),
            profile=self._config.profile.name,
            notes=self.notes,
        )

    def session_facts(self) -> dict[str, object]:
        """What a session needs to be analysed again as it was."""
        config = self._config
        return {"config": to_toml(config), "config_hash": config_hash(config), "model": self.rooms.model}

    def painted(
        self, analysis: Analysis, layers: Collection[str] | None = None, *, paused: bool = False
    ) -> BgrImage:
        """The frame with the layers over it; the wanted ones unless others are given."""
        state = self._memory.state(analysis, self.hud(analysis, paused=paused))
        return draw(analysis.frame.bgr, state, self.wanted.layers if layers is None else layers)

    def hud(self, analysis: Analysis, *, paused: bool = False) -> Hud:
        """The figures beside this analysis; frames that do not come in real time have no age."""
        live = self._source.live
        progress = self.pipeline.progress()
        fps = progress.analysed_fps if live else progress.source_fps
        age_ms = (self._clock() - analysis.frame.arrived_ns) / NS_PER_MS
        since_ns = self.sessions.since_ns
        return Hud(
            fps=fps,
            age_ms=age_ms if live and not paused else None,
            drops=progress.dropped,
            backend=str(self.rooms.model.get("backend", "")),
            source=self._source.name,
            recorded_s=None if since_ns is None else seconds(analysis.frame.t_ns - since_ns),
            paused=paused,
            notes=("low_fps",) if fps is not None and fps < LOW_FPS else (),
        )

    def __enter__(self) -> Run:
        self.pipeline.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pipeline.__exit__(kind, error, trace)
