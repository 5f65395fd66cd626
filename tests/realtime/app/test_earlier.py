"""What an earlier run left: found by its tables, moved or removed, and nothing else touched."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from realtime.app.earlier import Hold, cleared, place_for, results_in
from realtime.errors import OutputError

NOW = datetime(2026, 11, 21, 8, 15, 30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("events.csv", "summary.json", "annotated.mp4", "demo_truth.csv", "notes.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "session-1").mkdir()
    return tmp_path


def test_results_are_the_tables_and_what_belongs_to_them(folder: Path) -> None:
    names = {"events.csv", "summary.json", "annotated.mp4", "demo_truth.csv"}
    assert {path.name for path in results_in(folder)} == names


def test_a_video_without_tables_is_somebody_elses(folder: Path) -> None:
    for name in ("events.csv", "summary.json"):
        (folder / name).unlink()
    assert results_in(folder) == [] and results_in(folder / "absent") == []


def test_results_move_and_the_rest_stays(folder: Path) -> None:
    cleared(folder, folder / "earlier")
    assert {path.name for path in folder.iterdir()} == {"earlier", "notes.txt", "session-1"}
    assert (folder / "earlier" / "annotated.mp4").read_text() == "annotated.mp4"


def test_without_a_place_they_go(folder: Path) -> None:
    cleared(folder, None)
    assert {path.name for path in folder.iterdir()} == {"notes.txt", "session-1"}


def test_a_folder_belongs_to_one_run_at_a_time(tmp_path: Path) -> None:
    first = Hold(tmp_path)
    with pytest.raises(OutputError, match="another run is writing there; give another --out"):
        Hold(tmp_path)
    first.release()
    first.release()
    Hold(tmp_path).release()


def test_what_may_not_be_looked_at_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write .*: File name too long"):
        results_in(tmp_path / ("x" * 300))


def test_nothing_found_makes_no_folder(tmp_path: Path) -> None:
    cleared(tmp_path, tmp_path / "earlier")
    assert list(tmp_path.iterdir()) == []


def test_a_place_is_a_new_folder_each_time(tmp_path: Path) -> None:
    first = place_for(tmp_path, NOW)
    first.mkdir()
    assert first.name == "earlier-20261121-081530"
    assert place_for(tmp_path, NOW).name == "earlier-20261121-081530-2"
