"""The command: tables in, JSON out, one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from train.scoring.tables import read_intervals, video_key
from train.spotting_eval import main

TRUTH = (
    "video,onset,apex,offset,type,label,aus,amplitude_px\n"
    "v1.mp4,10,14,19,micro,negative,4,0.9\nv2.mp4,,,,,,,\n"
)
EVENTS = (
    "event,source,face,onset_frame,apex_frame,offset_frame,onset_s,apex_s,offset_s,kind,label,confidence,"
    "p_negative,p_positive,p_surprise,flags,spot_score,emitted_s\n"
    "0,v1.mp4,0,10,14,20,1.000000,1.400000,2.000000,micro,negative,0.9,.9,.1,0,blink;speech,9,2.100000\n"
    "1,v2.mp4,0,30,35,40,3.000000,3.500000,4.000000,macro,unclear,0.4,.4,.3,.3,,9,4.100000\n"
)


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    truth, pred = tmp_path / "truth.csv", tmp_path / "events.csv"
    truth.write_text(TRUTH)
    pred.write_text(EVENTS)
    return truth, pred


def evaluated(tmp_path: Path, *arguments: str) -> dict:
    assert main([*arguments, "--json", str(tmp_path / "found.json")]) == 0
    return json.loads((tmp_path / "found.json").read_text())


def test_events_of_a_replay_against_the_truth(tmp_path: Path, tables: tuple[Path, Path]) -> None:
    truth, pred = tables
    found = evaluated(tmp_path, "--truth", str(truth), "--pred", str(pred), "--minutes", "0.5")
    assert set(found) >= {"micro", "macro", "overall", "latency_ms_p95", "false_alarms_per_minute"}
    assert found["micro"]["tp"] == 1 and found["macro"]["fp"] == 1 and found["overall"]["fn"] == 0
    assert found["latency_ms_p95"] == pytest.approx(200)  # said at 2.1 s, over at frame 19: 1.9 s
    assert found["false_alarms_per_minute"] == 2.0
    assert found["strs"]["micro"]["strs"] == 1.0


def test_the_length_of_the_videos_is_found_beside_the_truth(
    tmp_path: Path, tables: tuple[Path, Path]
) -> None:
    truth, pred = (str(path) for path in tables)
    assert evaluated(tmp_path, "--truth", truth, "--pred", pred)["false_alarms_per_minute"] is None
    (tmp_path / "videos.csv").write_text("video,seconds\nv1.mp4,20\nv2.mp4,10\n")
    assert evaluated(tmp_path, "--truth", truth, "--pred", pred)["false_alarms_per_minute"] == 2.0


@pytest.mark.parametrize("seconds", ["nan", "-20", "inf"])
def test_lengths_that_are_none_are_refused(
    tmp_path: Path, tables: tuple[Path, Path], seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "videos.csv").write_text(f"video,seconds\nv1.mp4,{seconds}\n")
    assert main(["--truth", str(tables[0]), "--pred", str(tables[1])]) == 2
    assert "a video lasts 0 seconds or more" in capsys.readouterr().err


def test_cells_beyond_the_header_are_left_out(
    tmp_path: Path, tables: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    tables[1].write_text("video,onset,offset\nv1,1,2,micro,extra\n")
    assert main(["--truth", str(tables[0]), "--pred", str(tables[1])]) == 2
    assert "no column type or kind; it has video, onset, offset" in capsys.readouterr().err


def test_a_folder_of_replays_is_one_table(tmp_path: Path) -> None:
    for clip in ("v1", "v2"):
        (tmp_path / clip).mkdir()
        header, *rows = EVENTS.splitlines()
        own = [row for row in rows if f"{clip}.mp4" in row]
        (tmp_path / clip / "events.csv").write_text("\n".join([header, *own]) + "\n")
    assert [(i.video, i.onset) for i in read_intervals(tmp_path)] == [("v1", 10), ("v2", 30)]


def test_flags_are_read() -> None:
    assert video_key("a.b.mp4") == "a.b" and video_key("s01.2") == "s01.2"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "is empty"),
        ("video,onset,type\n", "no column offset"),
        ("video,onset,offset,type\na,1,2,nano\n", "line 2: type is micro or macro"),
        ("video,onset,offset,type\na,9,2,micro\n", "offset 2 lies before onset 9"),
        ("video,onset,offset,type\na,1.5,2,micro\n", "onset must be a frame number"),
    ],
)
def test_a_bad_table_is_told_in_one_line(
    tmp_path: Path, tables: tuple[Path, Path], table: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(table)
    assert main(["--truth", str(tables[0]), "--pred", str(bad)]) == 2
    error = capsys.readouterr().err
    assert said in error and "bad.csv" in error and error.count("\n") == 1


def test_a_table_with_a_header_alone_holds_nothing(tmp_path: Path, tables: tuple[Path, Path]) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("video,onset,offset,type\n")
    assert evaluated(tmp_path, "--truth", str(tables[0]), "--pred", str(empty))["micro"]["fn"] == 1
