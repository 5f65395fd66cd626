"""What is written of a run, record by record."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from realtime.app.sinks import EventFeed, MemorySink, SessionSink, TableSink, VideoSink
from realtime.errors import OutputError
from realtime.output.tables import RunFacts
from realtime.overlay.state import OverlayMemory
from realtime.recording.recorder import RecordingConfig
from realtime.recording.session_format import read_frames, read_markers, read_session
from realtime.ring import Record, without_picture
from realtime.types import Event
from tests.fakes import make_analysis, make_event
from tests.realtime.made_up import decoded, small_disk

FACTS = RunFacts(
    source={"source": "fake"}, dropped={}, wall_s=1.0, stages={}, model={"name": "fake"}, config_hash="abc"
)


def record(index: int, *events: Event, session: int = 0, picture: bool = True, rest: bool = False) -> Record:
    analysis = replace(make_analysis(index), events=events)
    return Record(analysis if picture else without_picture(analysis), picture, session, late=False, rest=rest)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


# Tables


def test_tables_hold_every_frame_and_event_and_the_rest(tmp_path: Path) -> None:
    sink = TableSink(tmp_path, lambda: FACTS)
    for index in range(5):
        sink.write(record(index, picture=index != 2))
    sink.write(record(5, make_event(0)))
    sink.write(record(5, make_event(1), picture=False, rest=True))
    sink.close()
    assert [row["frame"] for row in rows(tmp_path / "signal.csv")] == ["0", "1", "2", "3", "4", "5"]
    assert [row["event"] for row in rows(tmp_path / "events.csv")] == ["0", "1"]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["frames"], summary["events"]) == (6, 2)
    assert (summary["events_by_kind"], summary["events_by_label"]) == ({"micro": 2}, {"positive": 2})
    assert summary["config_hash"] == "abc"


def test_a_run_without_frames_still_has_every_table(tmp_path: Path) -> None:
    TableSink(tmp_path, lambda: FACTS).close()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"events.csv", "events.jsonl", "events.eaf", "events.vtt", "signal.csv", "summary.json"}


def earlier_run(folder: Path) -> dict[str, bytes]:
    sink = TableSink(folder, lambda: FACTS)
    sink.write(record(0, make_event(0)))
    sink.close()
    (folder / "annotated.mp4").write_bytes(b"video")
    (folder / "other.txt").write_bytes(b"mine")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_run_that_does_not_begin_leaves_an_earlier_one_alone(tmp_path: Path) -> None:
    before = earlier_run(tmp_path)
    TableSink(tmp_path, lambda: FACTS).close()
    VideoSink(tmp_path / "annotated.mp4", lambda analysis: analysis.frame.bgr).close()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("kept", [True, False])
def test_no_file_of_an_earlier_run_stands_beside_new_tables(tmp_path: Path, kept: bool) -> None:
    before = earlier_run(tmp_path)
    sink = TableSink(tmp_path, lambda: FACTS, earlier=tmp_path / "earlier" if kept else None)
    sink.write(record(0))
    assert not {"summary.json", "annotated.mp4"} & {path.name for path in tmp_path.iterdir()}
    sink.close()
    assert rows(tmp_path / "events.csv") == [] and (tmp_path / "other.txt").read_bytes() == b"mine"
    if kept:
        moved = {path.name: path.read_bytes() for path in (tmp_path / "earlier").iterdir()}
        assert moved == {name: content for name, content in before.items() if name != "other.txt"}
    else:
        assert not (tmp_path / "earlier").exists()


def test_a_full_disk_leaves_whole_lines_in_every_table(tmp_path: Path) -> None:
    sink = TableSink(tmp_path, lambda: FACTS)
    with small_disk(1500), pytest.raises(OutputError, match="signal.csv|events"):
        for index in range(1000):
            sink.write(record(index))
    sink.close()
    written = (tmp_path / "signal.csv").read_text()
    assert written.endswith("\n") and len(written) <= 1500
    assert json.loads((tmp_path / "summary.json").read_text())["frames"] > 32


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        TableSink(tmp_path / "file" / "out", lambda: FACTS)


# Memory, feed and video


def test_the_memory_sees_every_analysis() -> None:
    memory = OverlayMemory()
    sink = MemorySink(memory)
    for index in range(3):
        sink.write(record(index, make_event(index)))
    sink.close()
    assert [event.event for event in memory.state(make_analysis(3)).events] == [0, 1, 2]


def test_the_feed_gives_each_event_once() -> None:
    feed = EventFeed(kept=2)
    feed.write(record(0, make_event(0), make_event(1)))
    assert [event.event for event in feed.take()] == [0, 1]
    assert feed.take() == []
    feed.write(record(1, make_event(2), make_event(3), make_event(4)))
    assert [event.event for event in feed.take()] == [3, 4]
    feed.close()


def test_the_video_has_a_picture_for_every_record_that_has_one(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "annotated.mp4", lambda analysis: analysis.frame.bgr)
    for index in range(6):
        sink.write(record(index, picture=index != 3))
    sink.write(record(5, picture=False, rest=True))
    sink.close()
    assert len(decoded(tmp_path / "annotated.mp4")) == 5


# Sessions


@pytest.fixture
def sessions(tmp_path: Path) -> SessionSink:
    return SessionSink(tmp_path, "fake", lambda: {"config": "x = 1"}, RecordingConfig(reserve_mb=0))


def test_each_session_has_its_own_folder_counted_from_its_first_frame(
    sessions: SessionSink, tmp_path: Path
) -> None:
    for index in range(10):
        sessions.write(record(index))
    for index in range(10, 40):
        sessions.write(record(index, *([make_event(3, emitted_frame=30)] if index == 30 else []), session=1))
    assert sessions.since_ns == make_analysis(10).frame.t_ns
    first = sessions.folder
    sessions.write(record(40))
    assert sessions.since_ns is None
    for index in range(41, 44):
        sessions.write(record(index, session=2))
    sessions.close()
    assert first is not None and first != sessions.folder
    assert sorted(folder.name for folder in tmp_path.iterdir())[0] == first.name
    frames = list(read_frames(first))
    assert [frame.index for frame in frames] == list(range(30))
    assert frames[0].t_ns == make_analysis(10).frame.t_ns
    [event] = rows(first / "events.csv")
    assert (event["event"], event["onset_frame"]) == ("0", "10")
    # 10 frames at 30 per second; stamps are whole nanoseconds
    assert float(event["onset_s"]) == pytest.approx(1 / 3, abs=2e-6)
    assert read_session(first)["about"] == {"config": "x = 1"}


def test_a_session_says_which_frames_were_late(sessions: SessionSink) -> None:
    for index in range(4):
        sessions.write(replace(record(index, session=1), late=index in (1, 2)))
    sessions.close()
    assert sessions.folder is not None
    assert [frame.late for frame in read_frames(sessions.folder)] == [False, True, True, False]


def test_events_at_the_end_of_a_session_belong_to_it(sessions: SessionSink) -> None:
    for index in range(30):
        sessions.write(record(index, session=1))
    sessions.write(record(29, make_event(0, emitted_frame=29), session=1, picture=False, rest=True))
    sessions.write(record(30))
    assert sessions.folder is not None
    assert len(rows(sessions.folder / "events.csv")) == 1


def test_marks_stand_where_they_were_made_and_only_in_a_session(sessions: SessionSink) -> None:
    sessions.marks.put("before")
    sessions.write(record(0))
    for index in range(1, 6):
        if index == 3:
            sessions.marks.put("E")
        sessions.write(record(index, session=1))
    sessions.close()
    assert sessions.folder is not None
    [mark] = read_markers(sessions.folder)
    assert (mark.index, mark.note) == (2, "E")


def test_without_a_session_nothing_is_written(sessions: SessionSink, tmp_path: Path) -> None:
    for index in range(5):
        sessions.write(record(index))
    sessions.close()
    assert sessions.folder is None
    assert list(tmp_path.iterdir()) == []
