"""Each dataset in its own layout: what is read, what is refused, and that every row is one or the other."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from realtime.types import Kind
from tests.train.readers.conftest import reasons, write_frames, write_xls, write_xlsx
from train.errors import DatasetError
from train.features import LIST_NAME
from train.readers import READERS, reader

CASME2 = ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None, "Action Units"]
CASME2 += ["Estimated Emotion"]


def test_casme2(tmp_path):
    def line(subject, clip, onset, apex, offset, word="happiness"):
        return [subject, clip, None, onset, apex, offset, None, "12", word]

    lines = [
        CASME2,
        line("01", "EP02_01f", 46, 59, 86),
        line(4, "EP12_01f", 10, "/", 20, "Disgust"),
        line("4", "EP12_01f", 10, "/", 20, "disgust"),
        line("04", "EP13_06f", 10, 99, 20),
        line("05", "EP01", 10, 15, 30),
        line("05", "EP02", 10, 15, 20, "bliss"),
        line("05", "EP03", 10, 15, 20),
        line("05", "EP04", None, 15, 20),
        line("05", "EP05", 20, 15, 10),
    ]
    write_xlsx(tmp_path / "CASME2-coding-20190701.xlsx", Sheet1=lines)
    frames = tmp_path / "CASME2_RAW_selected"
    for clip, numbers in (("sub01/EP02_01f", range(46, 87)), ("sub04/EP12_01f", range(10, 21)),
                          ("sub04/EP13_06f", range(10, 21)), ("sub05/EP01", range(10, 25)),
                          ("sub05/EP02", range(10, 21))):  # fmt: skip
        write_frames(frames / clip, numbers)
    reading = reader("casme2").read(tmp_path, None)
    assert [s.key for s in reading.samples] == [
        "sub01_EP02_01f", "sub04_EP12_01f", "sub04_EP13_06f", "sub05_EP01",
    ]  # fmt: skip
    assert len(reading.samples) + len(reading.refused) == len(lines) - 1
    first, no_apex, outside, cut = reading.samples
    assert (first.onset, first.apex, first.offset, first.emotion, first.fps) == (46, 59, 86, "happiness", 200)
    assert no_apex.apex is None and no_apex.notes == ("no apex annotated",)
    assert outside.apex is None and "apex 99 lies outside 10 to 20" in outside.notes[0]
    assert cut.offset == 24 and "cut to 10 to 24" in cut.notes[0]
    why = reasons(reading)
    assert why[4] == "the same movement as row 3"
    assert "emotion 'bliss'" in why[7] and "no folder sub05/EP03" in why[8]
    assert why[9] == "no onset frame" and why[10] == "offset 10 is not after onset 20"
    assert "9 rows of CASME2-coding-20190701.xlsx, 4 samples of 3 people, 5 refused" in reading.summary()


def unpacked(workbook: Path, root: Path, sheet: str, first_row: int, folder) -> int:
    """Frames 1 to 100 for the rows of one of the fixture workbooks; how many rows it has."""
    lines = list(load_workbook(workbook)[sheet].iter_rows(min_row=first_row, values_only=True))
    for line in lines:
        write_frames(root / folder(*map(str, line[:3])), [1, 5, 10, 15, 50, 100])
    return len(lines)


@pytest.mark.parametrize(
    ("name", "file", "sheet", "first_row", "folder"),
    [
        ("samm", "SAMM_Micro_FACS_Codes_v2.xlsx", "MICRO_ONLY", 15, lambda s, c, _: f"{s}/{c}"),
        ("samm-long", "SAMM_LongVideos_V3_Release.xlsx", "Sheet1", 11, lambda s, c, _: c[:5]),
        ("casme3-a", "casme3_label.xlsx", "label", 2, lambda s, c, o: f"part_A/{s}/{c}/color"),
        ("casme3-a", "casme3_label.xlsx", "label", 2, lambda s, c, o: f"frame/{s.upper()}_{c}_{o}"),
    ],
)  # fmt: skip
def test_the_fixture_workbooks_are_read_whole(data_dir, tmp_path, name, file, sheet, first_row, folder):
    workbook = data_dir / "label-layouts" / file
    rows = unpacked(workbook, tmp_path, sheet, first_row, folder)
    reading = reader(name).read(tmp_path, workbook)
    assert not reading.refused and len(reading.samples) == rows
    assert len({sample.key for sample in reading.samples}) == rows, "keys are unique"
    assert all(sample.onset == 1 and sample.apex in (5, 10) for sample in reading.samples)
    assert all("frames missing inside" in sample.notes[-1] for sample in reading.samples)


def test_samm_subjects_and_long_videos(data_dir, tmp_path):
    book = data_dir / "label-layouts" / "SAMM_LongVideos_V3_Release.xlsx"
    unpacked(book, tmp_path, "Sheet1", 11, lambda s, c, _: c[:5])
    sample = reader("samm-long").read(tmp_path, book).samples[0]
    assert (sample.subject, sample.clip, sample.kind, sample.emotion) == ("001", "001_2_1", Kind.MICRO, "")


def test_samm_long_not_annotated_apex_and_macro(tmp_path):
    header = ["Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset", "Duration", "Type"]
    lines = [["preamble"], [*header, "Action Units", "Notes"],
             ["006", "006_1_1", 1, 3, -1, 9, 6, "Macro", "12", None],
             ["006", "006_1_2", 1, 12, 14, 0, 2, "Micro - 1/2", "4", None],
             ["006", "oops", 1, 12, 14, 20, 2, "Micro - 1/2", "4", None],
             ["006", "006_1_3", 1, 12, 14, 20, 2, "Neither", "4", None]]  # fmt: skip
    write_xlsx(tmp_path / "SAMM_LongVideos_V2_Release.xlsx", Sheet1=lines)
    write_frames(tmp_path / "SAMM_longvideos/006_1", range(1, 30), "006_1_{:04d}.jpg")
    reading = reader("samm-long").read(tmp_path, None)
    macro, ends_at_apex = reading.samples
    assert macro.kind is Kind.MACRO and macro.apex is None
    assert (ends_at_apex.offset, ends_at_apex.apex) == (14, None)
    assert "taken to end at its apex" in ends_at_apex.notes[0]
    assert "'oops' is not subject_video_movement" in reasons(reading)[5]
    assert "'Neither' is neither micro nor macro" in reasons(reading)[6]


@pytest.mark.parametrize(("part", "fps"), [("HS", 100), ("VIS", 25), ("NIR", 25)])
def test_smic_labels_are_its_folders(tmp_path, part, fps):
    base = tmp_path / "SMIC_all_raw" / part
    write_frames(base / "s3/micro/negative/s3_ne_01", range(7, 20), "image{:06d}.jpg")
    write_frames(base / "s03/micro/Surprise/s03_sur_02", range(5), "reg_image{:03d}.bmp")
    write_frames(base / "s04/micro/positive/s05_po_01", range(5))
    write_frames(base / "s04/micro/positive/s04_ne_01", range(5))
    write_frames(base / "s04/micro/positive/holiday1", range(5))
    write_frames(base / "s04/non_micro/s04_non_01", range(5))
    reading = reader(f"smic-{part.lower()}").read(tmp_path, None)
    found = {s.clip: (s.subject, s.emotion, s.onset, s.apex, s.offset, s.fps) for s in reading.samples}
    assert found == {
        "s03_ne_01": ("s03", "negative", 7, None, 19, fps),
        "s03_sur_02": ("s03", "surprise", 0, None, 4, fps),
    }
    said = " ".join(reasons(reading).values())
    assert "lies in the folder of s04" in said and "its name says negative, its folder positive" in said
    assert "'holiday1' is not a clip's name" in said


def test_smic_e_one_row_a_movement(tmp_path):
    header = ["Subject", "Filename", "x", "OnsetF", "OffsetF", "OnsetF", "OffsetF", "OnsetF", "OffsetF"]
    lines = [[*header, "x", "FirstF", "LastF", "Emotion"],
             [1, "s1_ne_01", None, 110, 130, 150, 165, None, None, None, 100, 180, "negative"],
             [1, "s1_po_02", None, 10, 30, None, None, None, None, None, 1, 40, None]]  # fmt: skip
    write_xlsx(tmp_path / "SMIC-HS-E_annotation_2019.xlsx", Sheet1=lines)
    write_frames(tmp_path / "HS_long/SMIC-HS-E/s01/s1_ne_01", range(100, 181), "image{:06d}.jpg")
    write_frames(tmp_path / "HS_long/SMIC-HS-E/s01/s1_po_02", range(1, 41), "image{:06d}.jpg")
    reading = reader("smic-hs-e").read(tmp_path, None)
    assert not reading.refused
    assert [(s.key, s.onset, s.offset, s.emotion) for s in reading.samples] == [
        ("s01_s01_ne_01_110", 110, 130, "negative"),
        ("s01_s01_ne_01_150", 150, 165, "negative"),
        ("s01_s01_po_02", 10, 30, "positive"),
    ]


def test_mmew_lies_by_emotion(tmp_path):
    header = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units"]
    lines = [[*header, "Estimated Emotion", "remarks"],
             ["S13", "S13-07-001", 1, 10, 30, "4", "anger", None],
             [1, "S01-01-001", 1, 9, 20, "", "others", None],
             [1, "S01-01-002", 1, 9, 20, "", "", None]]  # fmt: skip
    write_xlsx(tmp_path / "MMEW_Micro_Exp.xlsx", Sheet1=lines)
    write_frames(tmp_path / "Micro_Expression/anger/S13-07-001", range(1, 41), "{}.jpg")
    write_frames(tmp_path / "Micro_Expression/others/S01-01-001", range(1, 21), "{}.jpg")
    reading = reader("mmew").read(tmp_path, None)
    assert [(s.subject, s.emotion) for s in reading.samples] == [("S13", "anger"), ("S01", "others")]
    assert "emotion ''" in reasons(reading)[4]


def test_cas_me_2_translates_people_and_videos(tmp_path):
    codes = [[1, "anger1_1", 557, 570, 572, "4+7", "negative", "macro-expression", "anger"],
             [1, "anger1_2", 600, 610, 0, "4", "negative", "micro-expression", "anger"],
             [2, "disgust2_1", 5, 6, 9, "4", "negative", "micro-expression", "disgust"],
             [9, "anger1_1", 5, 6, 9, "4", "negative", "micro-expression", "disgust"]]  # fmt: skip
    people = [["s15", 15, 1], ["s16", 16, 2]]
    videos = [["0401", "anger1"], [102, "disgust2"]]
    sheets = {"CASFEcode_final": codes, "naming_rule1": people, "naming_rule2": videos}
    write_xlsx(tmp_path / "CAS(ME)^2code_final(Updated).xlsx", **sheets)
    write_frames(tmp_path / "rawpic/s15/15_0401girlcrashing", range(550, 620), "img{}.jpg")
    write_frames(tmp_path / "rawpic/s16/16_0102eatingworms", range(1, 30), "img{:03d}.jpg")
    reading = reader("casme-sq").read(tmp_path, None)
    assert [(s.subject, s.clip, s.kind, s.onset, s.offset) for s in reading.samples] == [
        ("s15", "anger1_1", Kind.MACRO, 557, 572),
        ("s15", "anger1_2", Kind.MICRO, 600, 610),
        ("s16", "disgust2_1", Kind.MICRO, 5, 9),
    ]
    assert reasons(reading) == {4: "subject 9 or video 'anger1_1' has no naming rule"}


def test_cas_me_3_a_several_movements_in_a_clip_and_the_old_workbook(tmp_path):
    header = ["Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Expression type", "Objective class"]
    lines = [header, ["spNO.1", "a", 3, 5, 9, "4", "Micro-expression", "I"],
             ["spNO.1", "a", 20, 25, 60, "12", "Macro-expression", "II"]]  # fmt: skip
    write_xls(tmp_path / "CAS(ME)3_part_A_v2.xls", lines)
    write_frames(tmp_path / "part_A/spNo.1/a/color", range(1, 80), "{}.jpg")
    reading = reader("casme3-a").read(tmp_path, None)
    assert [(s.clip, s.kind, s.emotion) for s in reading.samples] == [
        ("a_3", Kind.MICRO, ""),
        ("a_20", Kind.MACRO, ""),
    ]


def test_cas_me_3_c_has_no_apex(tmp_path):
    lines = [
        ["sub", "count", "onset", "offset", "au", "emotion", "PHY"],
        [1, 1, 373, 380, "4\uff0c7", "fear", "a"],
    ]
    write_xlsx(tmp_path / "CAS(ME)3_part_C_ME.xlsx", Sheet1=lines)
    write_frames(tmp_path / "part_C/01/a/color", range(370, 390), "{}.jpg")
    (sample,) = reader("casme3-c").read(tmp_path, None).samples
    assert (sample.subject, sample.apex, sample.units, sample.emotion) == ("sub01", None, "4+7", "fear")


def test_the_published_features(data_dir):
    reading = reader("published").read(data_dir / "causalnet-cde", None)
    assert len(reading.samples) == 442 and not reading.refused
    assert all(sample.pictures is None for sample in reading.samples)


def test_a_published_row_without_maps_is_refused(tmp_path):
    with (tmp_path / LIST_NAME).open("w", newline="") as stream:
        header = ["dataset", "sub", "filename_o", "label"]
        rows = [["samm", "006", "006_1_2", "0"], ["samm", "006", "006_1_3", "7"]]
        csv.writer(stream).writerows([header, *rows])
    reading = reader("published").read(tmp_path, None)
    assert reasons(reading) == {2: "4 of its four maps are not there", 3: "label '7' is none of 0, 1, 2"}


@pytest.mark.parametrize("name", sorted(READERS))
def test_every_reader_says_in_one_line_that_nothing_is_there(tmp_path, name):
    found = reader(name)
    assert found.name == name and found.title and found.paper
    for root in (tmp_path, tmp_path / "gone"):
        with pytest.raises(DatasetError) as raised:
            found.read(root, None)
        assert "\n" not in str(raised.value) and str(tmp_path) in str(raised.value)
