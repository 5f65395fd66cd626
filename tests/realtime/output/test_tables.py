from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime.errors import OutputError
from realtime.output.tables import (
    SIGNAL_NAME,
    SUMMARY_NAME,
    RunFacts,
    SignalWriter,
    Tally,
    versions,
    write_summary,
)
from realtime.types import Analysis, Event, FaceChip, Frame, Kind, SpotSignal
from tests.realtime.made_up import MS, made_up, small_disk

FACTS = RunFacts(
    source={"source": "clip.mp4", "truncated": "after 3.2 s"},
    dropped={"late": 2, "gone": 1},
    wall_s=1.23456789,
    stages={"flow": {"count": 3, "p50_ms": 5.0, "p95_ms": 9.5}},
    model={"name": "compact", "sha256": "ab12"},
    config_hash="0123456789abcdef",
    notes=("the clip is cut short",),
)


def chip(index: int, t_ns: int, face: int) -> FaceChip:
    return FaceChip(
        source="clip.mp4",
        frame_index=index,
        t_ns=t_ns,
        face=face,
        gray_u8=np.zeros((128, 128), np.uint8),
        to_chip=np.eye(2, 3),
        landmarks_px=np.zeros((468, 2), np.float32),
        iod_px=60.0,
        quality=0.9,
        flags=frozenset(),
    )


def signal(index: int, t_ns: int, face: int, score: float = 1.5, armed: bool = True) -> SpotSignal:
    regions = np.zeros(3, np.float32)
    return SpotSignal("clip.mp4", index, t_ns, face, score, 4.0, 0.9, armed, regions)


def analysis(index: int, t_ns: int, *faces: int, events: tuple[Event, ...] = (), **of: Any) -> Analysis:
    frame = Frame("clip.mp4", index, t_ns, t_ns, np.zeros((4, 4, 3), np.uint8))
    chips = tuple(chip(index, t_ns, face) for face in faces)
    return Analysis(frame, chips, tuple(signal(index, t_ns, face, **of) for face in faces), events, ())


def rows(folder: Path) -> list[list[str]]:
    with (folder / SIGNAL_NAME).open(newline="") as file:
        return list(csv.reader(file))


def test_one_row_per_frame_and_face(tmp_path: Path) -> None:
    writer = SignalWriter(tmp_path)
    writer.add(analysis(0, 5_000 * MS))
    writer.add(analysis(1, 5_033 * MS, 0))
    writer.add(analysis(2, 5_066 * MS, 0, 3, armed=False))
    writer.close()
    assert (tmp_path / SIGNAL_NAME).read_text().splitlines() == [
        "frame,time_s,face,score,threshold,quality,armed",
        "0,0.000000,,,,0.0000,0",
        "1,0.033000,0,1.5000,4.0000,0.9000,1",
        "2,0.066000,0,1.5000,4.0000,0.9000,0",
        "2,0.066000,3,1.5000,4.0000,0.9000,0",
    ]


def test_a_score_that_is_not_known_yet_is_empty(tmp_path: Path) -> None:
    writer = SignalWriter(tmp_path)
    writer.add(analysis(0, 0, 0, score=float("nan"), armed=False))
    writer.close()
    assert rows(tmp_path)[1][3:] == ["", "4.0000", "0.9000", "0"]


def test_the_header_is_there_at_once_and_memory_is_bounded(tmp_path: Path) -> None:
    writer = SignalWriter(tmp_path)
    assert len(rows(tmp_path)) == 1
    for index in range(1000):
        writer.add(analysis(index, index * 33 * MS, 0))
        assert index + 2 - len(rows(tmp_path)) < 32
    writer.close()
    writer.close()
    assert [int(row[0]) for row in rows(tmp_path)[1:]] == list(range(1000))


def test_a_full_disk_keeps_whole_rows(tmp_path: Path) -> None:
    writer = SignalWriter(tmp_path)
    with small_disk(4000):
        with pytest.raises(OutputError, match=r"signal\.csv"):
            for index in range(1000):
                writer.add(analysis(index, index * 33 * MS, 0))
        writer.close()
    assert len(rows(tmp_path)) > 60
    assert {len(row) for row in rows(tmp_path)} == {7}


def tally_of(*analyses: Analysis) -> Tally:
    tally = Tally()
    for one in analyses:
        tally.add(one)
    return tally


def test_the_tally_counts_what_passed() -> None:
    events = (made_up(0), made_up(1, kind=Kind.MACRO, label="unclear"))
    tally = tally_of(
        analysis(0, 700 * MS),
        analysis(1, 740 * MS, 0, 1, armed=False),
        analysis(2, 780 * MS, 1, 2, events=events),
    )
    summary = tally.summary()
    assert (summary["frames"], summary["faces"], summary["most_faces_at_once"]) == (3, 3, 2)
    assert (summary["frames_with_face"], summary["frames_armed"]) == (2, 1)
    assert (summary["fps"], summary["duration_s"]) == (pytest.approx(25.0), 0.08)
    assert (summary["events"], summary["events_by_kind"]) == (2, {"macro": 1, "micro": 1})
    assert summary["events_by_label"] == {"positive": 1, "unclear": 1}


def test_the_most_faces_are_not_the_last() -> None:
    tally = tally_of(analysis(0, 0, 0, 1, 2), analysis(1, 40 * MS, 0))
    assert tally.summary()["most_faces_at_once"] == 3


@pytest.mark.parametrize("frames", [0, 1])
def test_a_rate_needs_two_frames(frames: int) -> None:
    assert tally_of(*(analysis(i, 0) for i in range(frames))).summary()["fps"] is None


def test_the_summary_has_every_key_agreed_upon(tmp_path: Path) -> None:
    write_summary(tmp_path, tally_of(analysis(0, 0, 0), analysis(1, 40 * MS, 0)), FACTS)
    summary = json.loads((tmp_path / SUMMARY_NAME).read_text())
    agreed = {"frames", "faces", "fps", "events", "dropped", "wall_s", "stages", "versions", "model"}
    assert agreed | {"config_hash", "source", "notes"} <= set(summary)
    assert summary["dropped"] == {"gone": 1, "late": 2}
    assert summary["wall_s"] == 1.234568
    assert summary["source"]["truncated"] == "after 3.2 s"
    assert summary["versions"]["numpy"] == np.__version__


def test_whatever_a_source_says_becomes_json(tmp_path: Path) -> None:
    odd = {
        "path": Path("a"),
        "nan": float("nan"),
        "np": np.float32(0.5),
        "tuple": (1,),
        "none": None,
        3: np.int64(4),
    }
    facts = RunFacts(odd, {}, float("inf"), {}, {}, "")
    write_summary(tmp_path, Tally(), facts)
    summary = json.loads((tmp_path / SUMMARY_NAME).read_text())
    assert summary["source"] == {"path": "a", "nan": None, "np": 0.5, "tuple": [1], "none": None, "3": 4}
    assert summary["wall_s"] is None


def test_a_summary_that_does_not_fit_leaves_the_old_one(tmp_path: Path) -> None:
    write_summary(tmp_path, Tally(), FACTS)
    before = (tmp_path / SUMMARY_NAME).read_text()
    with small_disk(100), pytest.raises(OutputError, match=r"summary\.json"):
        write_summary(tmp_path, tally_of(analysis(0, 0)), FACTS)
    assert (tmp_path / SUMMARY_NAME).read_text() == before


def test_versions_name_what_decides_the_results() -> None:
    assert {"python", "numpy", "opencv-contrib-python", "mediapipe"} <= set(versions())
