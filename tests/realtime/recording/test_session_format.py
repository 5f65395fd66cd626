from __future__ import annotations

import json
from pathlib import Path

import pytest

from realtime.errors import ClipRejected
from realtime.recording.session_format import (
    FORMAT,
    FORMAT_VERSION,
    FRAMES_NAME,
    MARKERS_NAME,
    SESSION_NAME,
    Marker,
    RecordedFrame,
    is_session,
    read_frames,
    read_markers,
    read_session,
    video_name,
)


def session(folder: Path, **changes: object) -> Path:
    text = json.dumps({"format": FORMAT, "version": FORMAT_VERSION, "source": "camera:0", **changes})
    (folder / SESSION_NAME).write_text(text)
    return folder


def test_a_session_is_known_by_its_file(tmp_path: Path) -> None:
    assert not is_session(tmp_path) and not is_session(tmp_path / "missing")
    assert is_session(session(tmp_path))
    assert read_session(tmp_path)["source"] == "camera:0"
    assert video_name(1) == "video_001.mkv"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "damaged"),
        ("[]", "does not describe"),
        ('{"format": "other"}', "does not describe"),
        ('{"format": "flinch-session", "version": 99}', "session format 99"),
    ],
)
def test_what_is_no_session_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / SESSION_NAME).write_text(text)
    with pytest.raises(ClipRejected, match=says) as caught:
        read_session(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClipRejected, match=r"session\.json"):
        read_session(tmp_path)


def test_frames_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / FRAMES_NAME).write_text("index,t_ns,part,late\n0,1234567890123,1,0\n1,1234600890123,2,1\n")
    assert list(read_frames(tmp_path)) == [
        RecordedFrame(0, 1_234_567_890_123, 1, False),
        RecordedFrame(1, 1_234_600_890_123, 2, True),
    ]


@pytest.mark.parametrize("cut", ["1,12", "1,1234,1", "1,", "x,1,1,0", ""])
def test_a_line_that_a_kill_cut_short_ends_the_table(tmp_path: Path, cut: str) -> None:
    (tmp_path / FRAMES_NAME).write_text(f"index,t_ns,part,late\n0,99,1,0\n{cut}")
    assert len(list(read_frames(tmp_path))) == 1


@pytest.mark.parametrize("text", ["", "frame,time\n0,1\n"])
def test_another_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FRAMES_NAME).write_text(text)
    with pytest.raises(ClipRejected, match="first line"):
        list(read_frames(tmp_path))


def test_missing_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ClipRejected, match=r"frames\.csv"):
        list(read_frames(tmp_path))
    with pytest.raises(ClipRejected, match=r"markers\.csv"):
        read_markers(tmp_path)


def test_markers_keep_their_notes(tmp_path: Path) -> None:
    (tmp_path / MARKERS_NAME).write_text('index,t_ns,note\n3,77,"he, ""laughed"""\n9,88,\n')
    assert read_markers(tmp_path) == [Marker(3, 77, 'he, "laughed"'), Marker(9, 88, "")]


def test_a_name_that_cannot_be_is_no_session(tmp_path: Path) -> None:
    assert not is_session(tmp_path / ("y" * 300))


def test_bytes_that_are_no_text_are_a_damaged_table(tmp_path: Path) -> None:
    (tmp_path / FRAMES_NAME).write_bytes(b"index,t_ns,part,late\n0,0,1,0\n\xff\xfe,1,1,0\n")
    with pytest.raises(ClipRejected, match=r"frames.csv: damaged, it is no table"):
        list(read_frames(tmp_path))
