"""The replay of several clips: in order or side by side, and what is shown meanwhile."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from realtime import replay
from realtime.app.cli import DONE, INTERRUPTED, USER_ERROR, run_main
from realtime.app.jobs import Job, Outcome, Settings
from tests.realtime.sources.clips import write_clip

TABLES = ("events.csv", "signal.csv", "events.jsonl", "events.vtt")


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    """Three clips without a face, of 5, 10 and 15 frames."""
    folder = tmp_path / "clips"
    folder.mkdir()
    return [write_clip(folder / f"{name}.mp4", range(0, 200 * n, 40)) for n, name in enumerate("abc", 1)]


def called(*arguments: object) -> int:
    return run_main(replay.main, [str(argument) for argument in arguments])


def frames(folder: Path) -> int:
    return json.loads((folder / "summary.json").read_text())["frames"]


def test_a_batch_has_a_folder_for_each_clip(
    clips: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("--batch", clips[0].parent, "--out", tmp_path / "O") == DONE
    assert [frames(tmp_path / "O" / name) for name in "abc"] == [5, 10, 15]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["a.mp4", "b.mp4", "c.mp4"]


def test_workers_change_nothing_in_the_folders(clips: list[Path], tmp_path: Path) -> None:
    assert called(*clips, "--out", tmp_path / "one") == DONE
    assert called(*clips, "--out", tmp_path / "two", "--workers", 2) == DONE
    for name in "abc":
        for table in TABLES:
            assert (tmp_path / "one" / name / table).read_bytes() == (
                tmp_path / "two" / name / table
            ).read_bytes()


def test_a_bad_clip_beside_good_ones_in_workers(
    clips: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_text("no clip")
    assert called(*clips, bad, "--out", tmp_path / "O", "--workers", 2) == USER_ERROR
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 3
    assert captured.err.count("\n") == 1 and "bad.mp4" in captured.err


@pytest.mark.parametrize("workers", [1, 2])
def test_a_folder_that_cannot_be_written_ends_everything_in_one_line(
    clips: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: int
) -> None:
    (tmp_path / "O").write_text("")
    assert called(*clips, "--out", tmp_path / "O", "--workers", workers) == USER_ERROR
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("flinch: cannot write")


def test_a_signal_ends_the_replay_after_the_clip_at_hand(
    clips: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    really = replay.replayed

    def interrupted(job: Job, settings: Settings, *how: object) -> Outcome:
        outcome = really(job, settings, *how)  # type: ignore[arg-type]
        signals[0].came = True
        return outcome

    signals: list[replay.Interruption] = []

    class Remembered(replay.Interruption):
        def __init__(self) -> None:
            super().__init__()
            signals.append(self)

    monkeypatch.setattr(replay, "replayed", interrupted)
    monkeypatch.setattr(replay, "Interruption", Remembered)
    assert called(*clips, "--out", tmp_path / "O") == INTERRUPTED
    assert [path.name for path in (tmp_path / "O").iterdir()] == ["a"]
    assert "interrupted; 2 of 3 clips not begun" in capsys.readouterr().err


def test_a_signal_ends_workers_with_clips_still_waiting(tmp_path: Path) -> None:
    names = [f"clip{n:02}" for n in range(12)]
    jobs = [Job(write_clip(tmp_path / f"{n}.mp4", range(0, 200, 40)), tmp_path / "O" / n) for n in names]
    outcomes: list[Outcome] = []
    board, settings = replay.Board(len(jobs)), Settings(None, {}, False, frozenset())
    for outcome in replay.outcomes_of(jobs, settings, lambda: bool(outcomes), board, workers=2):
        outcomes.append(outcome)
    assert 1 <= len(outcomes) < len(jobs)
    assert {o.job.folder.name for o in outcomes} == {path.name for path in (tmp_path / "O").iterdir()}


def test_a_signal_to_the_whole_group_lets_workers_end_their_clips(clips: list[Path], tmp_path: Path) -> None:
    long = write_clip(tmp_path / "long.mp4", range(0, 60_000, 5))
    flags = [str(long), *map(str, clips), "--out", str(tmp_path / "O"), "--workers", "2"]
    command = [sys.executable, "-m", "realtime.replay", *flags]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as running:
        while not any((tmp_path / "O").glob("*/summary.json")):
            time.sleep(0.1)
        os.killpg(running.pid, signal.SIGTERM)
        _, error = running.communicate(timeout=60)
    assert running.returncode == INTERRUPTED and "Traceback" not in error
    (note,) = json.loads((tmp_path / "O" / "long" / "summary.json").read_text())["notes"]
    assert note.startswith("interrupted after ") and note.endswith(" of 12000 frames")


def killed(job: Job, settings: Settings) -> None:
    os._exit(9)


def test_a_killed_worker_is_one_line(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replay, "_unless_stopped", killed)
    assert called(*clips, "--out", tmp_path / "O", "--workers", 2) == USER_ERROR
    assert "a worker process was killed" in capsys.readouterr().err


def test_a_terminal_shows_a_bar_for_the_clips_and_one_for_the_frames(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr(replay, "Console", lambda stderr: terminal)
    job = Job(Path("clip.mp4"), Path("O/clip"))
    with replay.Board(2) as board:
        board.begins(job)
        board.stands(30, 75)
        board._bars.refresh()
        board.ended(Outcome(job, "clip.mp4: 75 frames", ok=True))
    shown = screen.getvalue()
    assert "clip.mp4" in shown and "30/75" in shown and "1/2" in shown
    assert capsys.readouterr().out == "clip.mp4: 75 frames\n"
