"""A signal ends a recording with a playable file and complete tables."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from realtime.pipeline import HURRIED_S
from realtime.recording.session_format import read_frames, read_session
from realtime.ring import LOSSLESS_ROWS
from tests.conftest import ROOT
from tests.realtime.made_up import decoded

LONG_S = 60.0  # only a hanging test waits so long


def begun(*flags: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "realtime.cam", *flags]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_recording(tmp_path: Path, number: signal.Signals) -> None:
    flags = ["--source", "demo", "--headless", "--record", "--video", "--out", str(tmp_path)]
    process = begun(*flags, "--set", "recording.reserve_mb=0")
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("source delivers"):
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=LONG_S)
    assert (process.returncode, err) == (130, "")
    assert "frames in" in out

    with (tmp_path / "signal.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert len(rows) == summary["frames"] > 20
    assert (tmp_path / "demo_truth.csv").exists()
    # On a machine in trouble the last pictures, never rows, are given up for an end in time.
    assert len(rows) - LOSSLESS_ROWS <= len(decoded(tmp_path / "annotated.mp4")) <= len(rows)
    [session] = tmp_path.glob("session-*")
    assert read_session(session)["finished"] is True
    recorded = len(list(read_frames(session)))
    assert len(rows) - LOSSLESS_ROWS <= recorded == len(decoded(session / "video_001.mkv"))


def test_a_signal_while_everything_is_still_being_loaded(tmp_path: Path) -> None:
    process = begun("--source", "demo", "--headless", "--out", str(tmp_path / "O"))
    while process.poll() is None and not (tmp_path / "O").exists():
        pass
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=LONG_S)
    assert (process.returncode, err) == (130, "")
    assert json.loads((tmp_path / "O" / "summary.json").read_text())["frames"] == 0


def test_the_threads_are_given_less_than_three_seconds_in_all() -> None:
    assert sum(HURRIED_S.values()) < 3.0
