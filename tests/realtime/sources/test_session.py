"""What was recorded comes back bit for bit, under its own name and times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime.errors import ClipRejected
from realtime.recording.recorder import RecordingConfig, SessionInfo, SessionRecorder
from realtime.recording.session_format import FRAMES_NAME, SESSION_NAME
from realtime.sources import open_source
from realtime.types import Frame, freeze

KEEP_NOTHING = RecordingConfig(reserve_mb=0)


def noise_frames(count: int, sizes: tuple[tuple[int, int], ...] = ((48, 64),)) -> list[Frame]:
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.integers(1, 90_000_000, count))
    pictures = [rng.integers(0, 256, (*sizes[i % len(sizes)], 3), np.uint8) for i in range(count)]
    return [Frame("camera:0", 7 + i, int(times[i]), 0, freeze(pictures[i])) for i in range(count)]


def record(folder: Path, frames: list[Frame]) -> Path:
    with SessionRecorder(folder, SessionInfo("camera:0"), config=KEEP_NOTHING) as recorder:
        for number, frame in enumerate(frames):
            recorder.add(frame, late=number == 3)
    return folder


@pytest.mark.parametrize("sizes", [((48, 64),), ((48, 64), (64, 96))])
def test_pictures_times_and_name_come_back_exactly(
    tmp_path: Path, sizes: tuple[tuple[int, int], ...]
) -> None:
    frames = noise_frames(6, sizes)
    with open_source(str(record(tmp_path / "s", frames))) as source:
        back = list(source)
    assert [frame.t_ns for frame in back] == [frame.t_ns for frame in frames]
    assert [frame.index for frame in back] == list(range(6))
    assert {frame.source for frame in back} == {"camera:0"}
    assert all(np.array_equal(a.bgr, b.bgr) for a, b in zip(frames, back, strict=True))
    assert source.late == {3}
    assert source.describe()["notes"] == {}


def test_a_killed_recording_plays_up_to_the_shorter_of_table_and_video(tmp_path: Path) -> None:
    folder = record(tmp_path / "s", noise_frames(6))
    table = folder / FRAMES_NAME
    table.write_text("\n".join(table.read_text().splitlines()[:-2]) + "\n5,12")
    session = folder / SESSION_NAME
    session.write_text(session.read_text().replace('"finished": true', '"finished": false'))
    with open_source(str(folder)) as source:
        assert len(list(source)) == 4
    assert "interrupted" in source.describe()["notes"]


def test_damaged_sessions_are_refused_in_one_line(tmp_path: Path) -> None:
    folder = record(tmp_path / "s", noise_frames(3))
    (folder / "video_001.mkv").unlink()
    with pytest.raises(ClipRejected, match="no such file"):
        open_source(str(folder))
    (folder / FRAMES_NAME).write_text("index,t_ns,part,late\n")
    with pytest.raises(ClipRejected, match="only 0 frames"):
        open_source(str(folder))
    (folder / SESSION_NAME).write_text("{")
    with pytest.raises(ClipRejected, match="damaged"):
        open_source(str(folder))


def test_an_ordinary_folder_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(ClipRejected, match="without session.json"):
        open_source(str(tmp_path))
