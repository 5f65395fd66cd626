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


def damaged(folder: Path, holes: tuple[float, ...]) -> None:
    """A hole of zeros at each of these shares of the video."""
    video = folder / "video_001.mkv"
    content = bytearray(video.read_bytes())
    for share in holes:
        at = int(share * len(content))
        content[at : at + 2000] = bytes(2000)
    video.write_bytes(content)


@pytest.mark.parametrize("holes", [(0.5,), (0.1, 0.4, 0.7)])
def test_what_is_damaged_is_left_out_and_the_rest_keeps_its_times(
    tmp_path: Path, holes: tuple[float, ...]
) -> None:
    frames = noise_frames(60)
    damaged(record(tmp_path / "s", frames), holes)
    with open_source(str(tmp_path / "s")) as source:
        back = list(source)
    assert 0 < 60 - len(back) < 45
    for frame in back:
        assert frame.t_ns == frames[frame.index].t_ns
    whole = [frame for frame in back if frame.index < int(60 * holes[0]) - 1]
    assert all(np.array_equal(frame.bgr, frames[frame.index].bgr) for frame in whole) and whole
    assert source.describe()["notes"]["frames missing from its video"] == 60 - len(back)  # type: ignore[index]


def test_a_video_cut_short_is_said(tmp_path: Path) -> None:
    video = record(tmp_path / "s", noise_frames(20)) / "video_001.mkv"
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    with open_source(str(tmp_path / "s")) as source:
        assert source.describe()["notes"] == {}, "nothing is known before it was read"
        count = len(list(source))
    assert source.describe()["notes"]["frames missing from its video"] == 20 - count > 0  # type: ignore[index]


def test_a_table_cut_short_is_said(tmp_path: Path) -> None:
    table = record(tmp_path / "s", noise_frames(6)) / FRAMES_NAME
    table.write_text("\n".join(table.read_text().splitlines()[:-2]) + "\n")
    with open_source(str(tmp_path / "s")) as source:
        assert len(list(source)) == 4
    assert source.describe()["notes"] == {"lines missing from its table": "4 of 6 are there"}


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
