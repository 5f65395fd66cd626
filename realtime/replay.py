"""`python -m realtime.replay`: recorded clips analysed as a live run would have, one folder each.

Every frame is used, as fast as the machine goes. A clip that cannot be used is told in one line and the
others go on; the exit code is then 2. A recorded session is a clip too, and brings its own settings.
Exit codes: see `realtime.app.cli`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from multiprocessing.synchronize import Event as Flag
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from realtime.app.cli import (
    DONE,
    INTERRUPTED,
    USER_ERROR,
    Interruption,
    Parser,
    add_shared_flags,
    flags_of,
    layers_of,
    run_main,
)
from realtime.app.jobs import POLL_S, Job, Outcome, Settings, clips_in, jobs_of, replayed
from realtime.cluster import on_ray
from realtime.config import load_config, to_toml
from realtime.errors import ConfigError, FlinchError

Stopped = Callable[[], bool]


def parser() -> argparse.ArgumentParser:
    made = Parser(prog="python -m realtime.replay", description="Analyse recorded clips, one folder each.")
    made.add_argument(
        "clips", nargs="*", type=Path, metavar="CLIP", help="a video file or a recorded session"
    )
    made.add_argument("--batch", type=Path, metavar="DIR", help="every clip and session in this folder")
    made.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="default: out")
    made.add_argument("--video", action="store_true", help="write annotated.mp4 too")
    made.add_argument(
        "--workers", type=int, default=1, metavar="N", help="clips at the same time (processes)"
    )
    made.add_argument("--ray", metavar="ADDRESS", help="clips on a Ray cluster (auto, host:6379), or local")
    add_shared_flags(made)
    return made


def main(arguments: Sequence[str]) -> int:
    args = parser().parse_args(arguments)
    settings = Settings(args.config, flags_of(args), args.video, layers_of(args))
    config = load_config(settings.config_file, settings.flags)
    if args.print_config:
        print(to_toml(config), end="")
        return DONE
    jobs = jobs_of(clips_of(args), args.out)
    if args.workers < 1:
        raise ConfigError(f"--workers must be 1 or more, not {args.workers}")
    with Interruption() as interruption, Board(len(jobs)) as board:
        failed = done = 0
        for outcome in outcomes_of(jobs, settings, lambda: interruption.came, board, args.workers, args.ray):
            board.ended(outcome)
            failed += not outcome.ok
            done += 1
    if interruption.came:
        if done < len(jobs):
            print(f"flinch: interrupted; {len(jobs) - done} of {len(jobs)} clips not begun", file=sys.stderr)
        return INTERRUPTED
    return USER_ERROR if failed else DONE


def clips_of(args: argparse.Namespace) -> list[Path]:
    """The clips of the command line and of --batch. Raises: ConfigError when there are none."""
    clips = [*args.clips, *(clips_in(args.batch) if args.batch is not None else [])]
    if not clips:
        raise ConfigError("no clip given; name CLIP... or --batch DIR")
    return clips


def outcomes_of(
    jobs: list[Job], settings: Settings, stopped: Stopped, board: Board, workers: int, ray: str | None = None
) -> Iterator[Outcome]:
    """Every clip's outcome as it comes; which worker took a clip changes nothing in its folder."""
    if ray is not None:
        absolute = [Job(job.clip.absolute(), job.folder.absolute()) for job in jobs]
        file = settings.config_file
        work = partial(_work, settings=replace(settings, config_file=file and file.absolute()))
        spread = on_ray(ray, work, absolute, absolute[0].folder.parent, workers=workers, stopped=stopped)
        yield from (outcome for _, outcome in spread)
        return
    if workers > 1 and len(jobs) > 1:
        yield from _side_by_side(jobs, settings, stopped, workers)
        return
    for job in jobs:
        if not stopped():
            board.begins(job)
            yield replayed(job, settings, stopped, board.stands)


def _side_by_side(jobs: list[Job], settings: Settings, stopped: Stopped, workers: int) -> Iterator[Outcome]:
    context = multiprocessing.get_context("spawn")  # a fork would copy the libraries' threads half
    stop = context.Event()
    with ProcessPoolExecutor(min(workers, len(jobs)), context, _begin_worker, (stop,)) as pool:
        waiting = {pool.submit(_unless_stopped, job, settings) for job in jobs}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=POLL_S)
                yield from (outcome for each in done if (outcome := each.result()) is not None)
                if stopped():
                    stop.set()
                    # One that no worker has begun never ends by itself: `wait` would wait for it for ever.
                    waiting = {each for each in waiting if not each.cancel()}
        except BrokenProcessPool as error:
            raise FlinchError(
                "a worker process was killed, perhaps for want of memory; what other clips have is complete, "
                "give fewer --workers"
            ) from error
        finally:
            # Also when one worker's disk is full: the others end their clips where they are.
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


_stop: Flag | None = None  # of this worker process


def _begin_worker(stop: Flag) -> None:
    global _stop
    _stop = stop
    # A Ctrl-C reaches every process of the terminal, `timeout` and the like every one of the group; only the
    # first one decides.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, signal.SIG_IGN)


def _stopped() -> bool:
    return _stop is not None and _stop.is_set()


def _unless_stopped(job: Job, settings: Settings) -> Outcome | None:
    """Some clips have been handed out by the time that the first process stops."""
    return None if _stopped() else _work(job, settings)


def _work(job: Job, settings: Settings) -> Outcome:
    return replayed(job, settings, _stopped, lambda done, total: None)


class Board:
    """Shows on a terminal how far the replay is; elsewhere only the line of each clip."""

    def __init__(self, clips: int) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        # Lines for a terminal go above the bars; lines for a file must still reach it.
        above = sys.stdout.isatty()
        self._bars = Progress(
            *columns, console=console, redirect_stdout=above, disable=not console.is_terminal
        )
        self._all = self._bars.add_task("clips", total=clips)
        self._clip: TaskID | None = None

    def begins(self, job: Job) -> None:
        self._clip = self._bars.add_task(job.clip.name, total=None)

    def stands(self, frames: int, total: int | None) -> None:
        if self._clip is not None:
            self._bars.update(self._clip, completed=frames, total=total)

    def ended(self, outcome: Outcome) -> None:
        if self._clip is not None:
            self._bars.remove_task(self._clip)
            self._clip = None
        self._bars.advance(self._all)
        if outcome.ok:
            print(outcome.line, flush=True)
        else:
            print(f"flinch: {outcome.line}", file=sys.stderr, flush=True)

    def __enter__(self) -> Board:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()


if __name__ == "__main__":
    sys.exit(run_main(main))
