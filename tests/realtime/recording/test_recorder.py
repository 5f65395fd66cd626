from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.errors import ConfigError, OutputError
from realtime.recording.recorder import RecordingConfig, SessionInfo, SessionRecorder, session_folder
from realtime.recording.session_format import RecordedFrame, read_frames, read_markers, read_session
from realtime.types import Frame
from tests.conftest import ROOT
from tests.realtime.made_up import EVENT, MS, decoded, made_up, pictures, small_disk

STARTED = datetime(2026, 11, 21, 8, 15, 30, tzinfo=timezone.utc)
INFO = SessionInfo("camera:0", facts={"config_hash": "ab"}, started=STARTED)
NO_RESERVE = RecordingConfig(reserve_mb=0)
Disk = namedtuple("Disk", "total used free")


def frame(index: int, bgr: NDArray[np.uint8], t_ns: int | None = None) -> Frame:
    t_ns = 77_000 * MS + index * 33_333_333 if t_ns is None else t_ns
    return Frame("camera:0", index, t_ns, t_ns, bgr)


def recorder(folder: Path, info: SessionInfo = INFO, **options: Any) -> SessionRecorder:
    return SessionRecorder(folder, info, config=NO_RESERVE, **options)


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_a_session_gives_back_every_bit_and_every_nanosecond(tmp_path: Path) -> None:
    shown = pictures(20)
    with recorder(tmp_path) as session:
        for i, bgr in enumerate(shown):
            session.add(frame(i, bgr), late=i == 7)
    assert all(np.array_equal(a, b) for a, b in zip(shown, decoded(tmp_path / "video_001.mkv"), strict=True))
    assert list(read_frames(tmp_path)) == [
        RecordedFrame(i, 77_000 * MS + i * 33_333_333, 1, i == 7) for i in range(20)
    ]


def test_a_real_clip_is_recorded_bit_for_bit(tmp_path: Path, data_dir: Path) -> None:
    shown = decoded(data_dir / "faces" / "clips" / "pyfeat_single_face.mp4")[:30]
    assert shown
    with recorder(tmp_path) as session:
        for i, bgr in enumerate(shown):
            session.add(frame(i, bgr))
    back = decoded(tmp_path / "video_001.mkv")
    assert all(np.array_equal(a, b) for a, b in zip(shown, back, strict=True))


def test_the_session_says_what_it_holds(tmp_path: Path) -> None:
    with recorder(tmp_path) as session:
        started = read_session(tmp_path)
        session.add(frame(0, pictures(1)[0]))
        session.mark()
    found = read_session(tmp_path)
    assert (started["finished"], started["frames"]) == (False, 0)
    assert (found["finished"], found["frames"], found["markers"]) == (True, 1, 1)
    assert (found["source"], found["started"]) == ("camera:0", "2026-11-21T08:15:30+00:00")
    assert found["parts"] == [{"file": "video_001.mkv", "width": 64, "height": 48, "frames": 1}]
    assert found["about"] == {"config_hash": "ab"}


def test_another_size_begins_another_part(tmp_path: Path) -> None:
    shown = [*pictures(3), *pictures(2, (80, 60)), *pictures(2)]
    with recorder(tmp_path) as session:
        for i, bgr in enumerate(shown):
            session.add(frame(i, bgr))
    assert [part["frames"] for part in read_session(tmp_path)["parts"]] == [3, 2, 2]
    assert [line.part for line in read_frames(tmp_path)] == [1, 1, 1, 2, 2, 3, 3]
    back = [bgr for part in (1, 2, 3) for bgr in decoded(tmp_path / f"video_00{part}.mkv")]
    assert all(np.array_equal(a, b) for a, b in zip(shown, back, strict=True))


def test_lost_frames_leave_holes_in_the_table_as_they_do_in_the_events(tmp_path: Path) -> None:
    with recorder(tmp_path) as session:
        for i in (100, 101, 105, 106):
            session.add(frame(i, pictures(1)[0], i * MS))
        session.mark("here")
    assert [line.index for line in read_frames(tmp_path)] == [0, 1, 5, 6]
    assert read_markers(tmp_path)[0].index == 6
    assert read_session(tmp_path)["frames"] == 4


def test_marks_stand_at_the_last_frame(tmp_path: Path) -> None:
    with recorder(tmp_path) as session:
        session.mark("before anything")
        for i, bgr in enumerate(pictures(4)):
            session.add(frame(i + 100, bgr, i * MS))
        session.mark("he, laughed")
    (marker,) = read_markers(tmp_path)
    assert (marker.index, marker.t_ns, marker.note) == (3, 3 * MS, "he, laughed")


def test_events_of_a_whole_run_are_kept_as_they_are(tmp_path: Path) -> None:
    with recorder(tmp_path) as session:
        session.add(frame(0, pictures(1)[0]))
        session.add_event(EVENT)
    (event,) = events(tmp_path)
    assert (event["event"], event["onset_frame"], event["onset_s"]) == (0, 30, 1.000001)
    assert (tmp_path / "events.eaf").exists() and (tmp_path / "events.vtt").exists()


def test_events_count_from_the_first_recorded_frame(tmp_path: Path) -> None:
    run_start_ns = 77_000 * MS
    info = SessionInfo("camera:0", run_start_ns=run_start_ns, started=STARTED)
    with recorder(tmp_path, info) as session:
        session.add(frame(20, pictures(1)[0], run_start_ns + 700 * MS))
        session.add_event(made_up(4, 600, onset_frame=18))
        session.add_event(made_up(5, 1000))
    (event,) = events(tmp_path)
    assert (event["event"], event["onset_frame"], event["offset_frame"]) == (0, 10, 22)
    assert (event["onset_s"], event["offset_s"], event["emitted_s"]) == (0.3, 0.7, 0.733)


def test_the_annotated_picture_lies_beside(tmp_path: Path) -> None:
    with recorder(tmp_path, annotated=True) as session:
        for i, bgr in enumerate(pictures(10)):
            session.add(frame(i, bgr))
            session.add_annotated(bgr, i * 33 * MS)
    assert len(decoded(tmp_path / "annotated.mp4")) == 10
    assert "annotated.mp4" in (tmp_path / "events.eaf").read_text()


def test_without_being_asked_nothing_annotated_is_written(tmp_path: Path) -> None:
    with recorder(tmp_path) as session:
        session.add_annotated(pictures(1)[0], 0)
    assert not (tmp_path / "annotated.mp4").exists()


def test_an_earlier_recording_is_never_overwritten(tmp_path: Path) -> None:
    with recorder(tmp_path) as session:
        session.add(frame(0, pictures(1)[0]))
    with pytest.raises(OutputError, match="already holds"):
        recorder(tmp_path).start()
    assert read_session(tmp_path)["frames"] == 1


def test_folders_are_named_after_the_start_and_never_twice(tmp_path: Path) -> None:
    first = session_folder(tmp_path, STARTED)
    first.mkdir()
    assert first.name == "session-20261121-081530"
    assert session_folder(tmp_path, STARTED).name == "session-20261121-081530-2"


def test_a_disk_with_too_little_space_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(10**12, 0, 150 * 10**6))
    with pytest.raises(OutputError, match="150 MB free, 200 MB"):
        SessionRecorder(tmp_path / "s", INFO).start()


def test_the_recording_ends_before_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter([10**9, 10**9, 10**8])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(10**12, 0, next(free)))
    session = SessionRecorder(tmp_path, INFO, config=RecordingConfig(reserve_mb=200))
    session.start()
    shown = pictures(30)
    with pytest.raises(OutputError, match="100 MB free"):
        for i, bgr in enumerate(shown):
            session.add(frame(i, bgr))
    session.add(frame(99, shown[0]))
    session.close()
    found = read_session(tmp_path)
    assert found["finished"] and found["frames"] == len(list(read_frames(tmp_path))) == 16
    assert len(decoded(tmp_path / "video_001.mkv")) == 16


def test_a_full_disk_leaves_a_session_that_can_be_read(tmp_path: Path) -> None:
    session = recorder(tmp_path)
    session.start()
    with small_disk(200_000), pytest.raises(OutputError, match=r"cannot write .*video_001\.mkv"):
        for i, bgr in enumerate(pictures(200)):
            session.add(frame(i, bgr))
    session.close()
    back = decoded(tmp_path / "video_001.mkv")
    lines = list(read_frames(tmp_path))
    assert len(lines) >= len(back) - 1 > 5
    assert all(np.array_equal(a, b) for a, b in zip(pictures(200), back, strict=False))
    assert read_session(tmp_path)["frames"] == len(lines)


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write") as caught:
        recorder(tmp_path / "file" / "session").start()
    assert "\n" not in str(caught.value)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.realtime.recording.test_recorder import frame, made_up, pictures, recorder
session = recorder(Path(sys.argv[1]), annotated=True)
session.start()
for i, bgr in enumerate(pictures(120)):
    session.add(frame(i, bgr))
    session.add_annotated(bgr, i * 33_000_000)
    if i % 40 == 20:
        session.add_event(made_up(i // 40, 33 * i))
        session.mark()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_loses_one_frame_at_most(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    back, lines = decoded(tmp_path / "video_001.mkv"), list(read_frames(tmp_path))
    assert (len(back), len(lines)) in ((119, 120), (120, 120))
    assert all(np.array_equal(a, b) for a, b in zip(pictures(120), back, strict=False))
    assert read_session(tmp_path)["finished"] is False
    assert len(read_markers(tmp_path)) == len(events(tmp_path)) == 3
    with (tmp_path / "events.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 3
    assert len(decoded(tmp_path / "annotated.mp4")) >= 60


def test_a_reserve_below_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"recording\.reserve_mb"):
        RecordingConfig(reserve_mb=-1)
