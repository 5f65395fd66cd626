from __future__ import annotations

from pathlib import Path

import pytest

from realtime.errors import OutputError
from realtime.output.files import LineFile, csv_line, fixed, make_folder, replace_file
from tests.realtime.made_up import small_disk


def test_a_line_is_on_disk_when_write_returns(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.txt")
    file.write("one")
    assert (tmp_path / "a.txt").read_text() == "one\n"
    file.close()


def test_buffered_lines_come_in_order_and_all_on_close(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.txt", buffer_lines=3)
    for number in range(7):
        file.write(str(number))
    assert (tmp_path / "a.txt").read_text().split() == list("012345")
    file.close()
    file.close()
    assert (tmp_path / "a.txt").read_text().split() == list("0123456")


def test_a_full_disk_keeps_whole_lines_and_says_so_once(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.txt")
    with small_disk(25):
        file.write("0123456789")
        file.write("0123456789")
        with pytest.raises(OutputError, match=r"cannot write .*a\.txt: .*stays") as caught:
            file.write("0123456789")
        file.close()
    assert "\n" not in str(caught.value)
    assert (tmp_path / "a.txt").read_text() == "0123456789\n" * 2


def test_writing_goes_on_when_there_is_space_again(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.txt")
    with small_disk(4), pytest.raises(OutputError):
        file.write("too long")
    file.write("fits")
    file.close()
    assert (tmp_path / "a.txt").read_text() == "fits\n"


def test_the_device_that_is_always_full() -> None:
    with pytest.raises(OutputError, match="No space left"):
        LineFile(Path("/dev/full")).write("x")


def test_close_reports_what_did_not_fit_and_closes(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.txt", buffer_lines=100)
    file.write("x" * 100)
    with small_disk(10), pytest.raises(OutputError):
        file.close()
    file.close()
    assert (tmp_path / "a.txt").read_text() == ""


def test_replace_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    replace_file(path, "old")
    with small_disk(10), pytest.raises(OutputError):
        replace_file(path, "x" * 100)
    assert path.read_text() == "old"
    assert [child.name for child in tmp_path.iterdir()] == ["a.txt"]
    replace_file(path, "new")
    assert path.read_text() == "new"


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "a" / "b")
    assert made.is_dir() and not list(made.iterdir())
    make_folder(made)


@pytest.mark.parametrize("place", ["file/sub", "file"])
def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write") as caught:
        make_folder(tmp_path / place)
    assert "\n" not in str(caught.value)


def test_a_read_only_file_system_is_refused_before_any_work() -> None:
    with pytest.raises(OutputError, match="/proc/flinch: .*; give another place to write to"):
        make_folder(Path("/proc/flinch"))


def test_odd_bytes_of_a_file_name_do_not_stop_the_run(tmp_path: Path) -> None:
    replace_file(tmp_path / "a.txt", "clip\udcff.mp4 é")
    assert (tmp_path / "a.txt").read_bytes() == b"clip\\udcff.mp4 \xc3\xa9"


def test_csv_quotes_only_what_needs_it() -> None:
    assert csv_line(["a", "b,c", 'd"e', ""]) == 'a,"b,c","d""e",'


@pytest.mark.parametrize(
    ("value", "text"), [(1 / 3, "0.3333"), (2.0, "2.0000"), (float("nan"), ""), (float("inf"), "inf")]
)
def test_real_numbers_have_fixed_decimals(value: float, text: str) -> None:
    assert fixed(value, 4) == text
