"""Workbooks as rows: formats by content, headers anywhere, cells that say nothing."""

from __future__ import annotations

import pytest

from tests.train.readers.conftest import write_xls, write_xlsx
from train.errors import DatasetError
from train.readers.workbook import (
    Row,
    RowError,
    Sheet,
    find_labels,
    headed,
    headless,
    read_workbook,
)

LINES = [["A title", None], [None, None], ["Subject", "Onset Frame"], ["s01", 7], [None, None], ["s02", "/"]]
COLUMNS = {"subject": ("Subject",), "onset": ("Onset", "OnsetFrame")}


def rows_of(path):
    return headed(read_workbook(path), COLUMNS, ("subject", "onset"))


@pytest.mark.parametrize("write", [lambda path: write_xlsx(path, one=LINES), lambda p: write_xls(p, LINES)])
def test_a_preamble_is_passed_over_and_empty_lines_are_no_rows(tmp_path, write):
    rows = rows_of(write(tmp_path / "labels.xls"))
    assert [(row.number, row.text("subject"), row.frame("onset")) for row in rows] == [
        (4, "s01", 7),
        (6, "s02", None),
    ]


def test_csv_with_a_byte_order_mark(tmp_path):
    (tmp_path / "labels.csv").write_bytes("\ufeffSubject,OnsetFrame\r\ns03,12\r\n".encode())
    (row,) = rows_of(tmp_path / "labels.csv")
    assert (row.text("subject"), row.frame("onset")) == ("s03", 12)


def test_the_header_may_stand_in_a_later_sheet(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", notes=[["read me"]], label=[["subject", "ONSET"], ["x", 1]])
    assert len(rows_of(tmp_path / "a.xlsx")) == 1


def test_a_heading_that_comes_again_counts_as_the_second():
    sheet = Sheet("s", (("OnsetF", "OffsetF", "OnsetF", "OffsetF"), (1, 2, 3, 4)))
    columns = {"onset": ("OnsetF",), "onset2": ("OnsetF2",), "offset2": ("OffsetF2",)}
    (row,) = headed([sheet], columns, ("onset",))
    assert [row.frame(name) for name in columns] == [1, 3, 4]


def test_a_sheet_without_a_header_is_named_in_order():
    (row,) = headless(Sheet("s", ((1, "anger1_1", 8),)), ("subject", "clip", "onset", "apex"))
    assert (row.text("clip"), row.frame("onset"), row.frame("apex")) == ("anger1_1", 8, None)


@pytest.mark.parametrize("cell", [None, "", "/", -1, "-1", -1.0, "?", " "])
def test_cells_that_say_nothing(cell):
    assert Row(1, {"apex": cell}).frame("apex") is None


@pytest.mark.parametrize("cell", ["twelve", 3.5, -7, "12a"])
def test_cells_that_are_no_frames(cell):
    with pytest.raises(RowError, match="apex must be a frame number"):
        Row(1, {"apex": cell}).frame("apex")


def test_whole_numbers_read_as_words_lose_their_point():
    assert Row(1, {"s": 3.0}).text("s") == "3" and Row(1, {"s": "006"}).text("s") == "006"


@pytest.mark.parametrize("content", [b"PK\x03\x04 but no more", b"\xd0\xcf\x11\xe0 damaged"])
def test_a_damaged_workbook_is_one_line(tmp_path, content):
    (tmp_path / "bad.xlsx").write_bytes(content)
    with pytest.raises(DatasetError, match=r"bad\.xlsx cannot be read as a workbook"):
        read_workbook(tmp_path / "bad.xlsx")


def test_the_wrong_workbook_is_said(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", one=[["Name", "Price"], ["tea", 2]])
    with pytest.raises(DatasetError, match="no line has the columns Subject, Onset"):
        rows_of(tmp_path / "a.xlsx")


def test_finding_the_labels(tmp_path):
    with pytest.raises(DatasetError, match=r"no label file like C\*\.xlsx; give --labels"):
        find_labels(tmp_path, ("C*.xlsx",))
    (tmp_path / "sub").mkdir()
    for name in ("~$C1.xlsx", "sub/C1.xlsx"):
        (tmp_path / name).touch()
    assert find_labels(tmp_path, ("B*", "C*.xlsx")).name == "C1.xlsx"
    (tmp_path / "C2.xlsx").touch()
    with pytest.raises(DatasetError, match="could be it; give --labels"):
        find_labels(tmp_path, ("C*.xlsx",))
    with pytest.raises(DatasetError, match="no folder"):
        find_labels(tmp_path / "gone", ("C*",))
