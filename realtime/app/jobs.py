"""One clip of a replay: its folder, its settings, its run, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from realtime.app.run import Run, Wanted
from realtime.app.status import ended_text, frames_in, notes_text
from realtime.config import Config, Table, load_config, parse_toml, updated
from realtime.errors import ClipRejected, ConfigError, SourceError
from realtime.recording.session_format import is_session, read_session, video_name
from realtime.sources import Source, open_source
from realtime.sources.session import SessionSource

POLL_S = 0.1
# What --batch takes for a clip; whether it is one is decided from its first bytes.
SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv")
    + (".flv", ".ogv", ".3gp", ".mjpeg", ".mjpg", ".y4m", ".h264", ".264", ".hevc", ".ivf", ".vob")
)


@dataclass(frozen=True, slots=True)
class Job:
    """A clip or recorded session and the folder that its results go into."""

    clip: Path
    folder: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """The same for every clip of one replay."""

    config_file: Path | None
    flags: Table
    video: bool
    layers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a clip went, in one line."""

    job: Job
    line: str
    ok: bool


def jobs_of(clips: Iterable[Path], out: Path) -> list[Job]:
    """A folder for each clip, named after it; where a name comes again a number is added, in order.

    Never a recorded session's own folder: what was found live stays as it was.
    """
    taken: set[str] = set()
    jobs = []
    for clip in clips:
        stem = clip.resolve().name if is_session(clip) else clip.stem
        if is_session(out / stem):
            stem = f"{stem}-replay"
        name = stem
        number = 1
        while name.casefold() in taken:  # some file systems take A and a for the same
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        jobs.append(Job(clip, out / name))
    return jobs


def clips_in(folder: Path) -> list[Path]:
    """The clips and recorded sessions in a folder, by name. Raises: ConfigError if there are none."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"--batch {folder}: {error.strerror}") from error
    clips = [entry for entry in entries if entry.suffix.lower() in SUFFIXES or is_session(entry)]
    if not clips:
        raise ConfigError(f"--batch {folder}: no clip and no recorded session in it")
    return clips


def config_for(clip: Path, settings: Settings) -> Config:
    """Defaults < what a session was recorded with < the file < the flags."""
    base = None
    if is_session(clip):
        try:
            about = read_session(clip).get("about", {})
            recorded = parse_toml(str(about.get("config", "")), where="its config")
            base = updated(Config(), recorded, where="its config")
        except ConfigError as error:
            raise ClipRejected(f"{clip}: cannot be analysed as it was recorded: {error}") from error
    return load_config(settings.config_file, settings.flags, base=base)


def replayed(
    job: Job, settings: Settings, stopped: Callable[[], bool], told: Callable[[int, int | None], None]
) -> Outcome:
    """Analyses the clip and writes its folder; a clip that cannot be used is told in the outcome.

    `told` is called now and then with the frames done and how many the clip says it has; the clip is
    cut short once `stopped` says so. Raises: OutputError, ModelFileError, EngineMismatch, ConfigError.
    """
    try:
        config = config_for(job.clip, settings)
        # Absolute: a clip may be called `0` or `demo`.
        with open_source(str(job.clip.absolute()), config=config.sources) as source:
            run = _run(source, config, job, settings, stopped, told)
            notes = "; ".join(filter(None, [notes_text(source.describe()), *run.notes]))
    except SourceError as error:
        return Outcome(job, str(error), ok=False)
    said = f"{job.clip.name}: {ended_text(run.pipeline.progress(), job.folder)}"
    return Outcome(job, f"{said} ({notes})" if notes else said, ok=True)


def _run(
    source: Source,
    config: Config,
    job: Job,
    settings: Settings,
    stopped: Callable[[], bool],
    told: Callable[[int, int | None], None],
) -> Run:
    wanted = Wanted(
        out=job.folder,
        video=settings.video,
        media=job.clip / video_name(1) if isinstance(source, SessionSource) else job.clip,
        layers=settings.layers,
        late_frames=source.late if isinstance(source, SessionSource) else (),
    )
    total = frames_in(source.describe())
    run = Run(source, config, wanted, lossless=True)
    with run:
        while not run.pipeline.wait(POLL_S):
            told(run.pipeline.progress().frames, total)
            if stopped():
                run.interrupted = True
                run.pipeline.stop(hurry=True)
                break
    return run
