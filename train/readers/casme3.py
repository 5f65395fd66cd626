"""CAS(ME)3: part A (laboratory, video and depth) and part C (mock crime), at 30 fps."""

from __future__ import annotations

from realtime.types import Kind
from train.readers.casme2 import numbered
from train.readers.emotions import emotion
from train.readers.samm import kind_of
from train.readers.table import Entry, TableReader, frame_span
from train.readers.workbook import Row


class Casme3A(TableReader):
    """`cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx`; frames in spNO.1/a/color/116.jpg, or cut out as a clip.

    The older `CAS(ME)3_part_A_v2.xls` has macro-expressions too, and no emotion.
    """

    name = "casme3-a"
    title = "CAS(ME)3 part A"
    paper = "Li et al., CAS(ME)3, IEEE TPAMI 45(3), 2023"
    fps = 30.0
    label_files = ("cas*3_part_A_ME_label*.xls*", "casme3_label*.xls*", "CAS*3_part_A*.xls*")
    columns = {
        "subject": ("Subject",),
        "clip": ("Filename",),
        "onset": ("Onset",),
        "apex": ("Apex",),
        "offset": ("Offset",),
        "units": ("AU",),
        "emotion": ("emotion",),
        "kind": ("Expression type",),
    }
    needed = ("subject", "clip", "onset", "apex", "offset")
    folders = tuple(
        f"{place}{path}"
        for place in ("", "part_A/", "data/part_A/", "ME_A/", "Part_A_ME_clip/frame/", "frame/")
        for path in ("{subject}/{clip}/color", "{subject}_{clip}_{folder}", "{subject}/{clip}")
    )

    def entry(self, row: Row) -> Entry:
        onset, apex, offset, notes = frame_span(row)
        word, kind = row.text("emotion"), row.text("kind")
        return Entry(
            row.text("subject"), row.text("clip").lower(), onset, apex, offset,
            emotion(word) if word else "", row.text("units"), kind_of(kind) if kind else Kind.MICRO,
            str(onset), notes,
        )  # fmt: skip


class Casme3C(TableReader):
    """`CAS(ME)3_part_C_ME.xlsx`: no apex is annotated; frames in 01/a/color/373.jpg.

    A person is one long video; `count` numbers the movements in it.
    """

    name = "casme3-c"
    title = "CAS(ME)3 part C"
    paper = Casme3A.paper
    fps = 30.0
    label_files = ("CAS*3_part_C_ME*.xls*",)
    columns = {
        "subject": ("sub", "Subject"),
        "clip": ("count", "Filename"),
        "onset": ("onset",),
        "apex": ("apex",),
        "offset": ("offset",),
        "units": ("au",),
        "emotion": ("emotion",),
    }
    needed = ("subject", "clip", "onset", "offset")
    folders = tuple(
        f"{place}{path}"
        for place in ("", "part_C/", "part_C/part_C/", "ME_C/")
        for path in ("{folder}/a/color", "{folder}/{clip}/color", "{folder}/color", "{subject}/color/{clip}")
    )

    def entry(self, row: Row) -> Entry:
        onset, apex, offset, notes = frame_span(row)
        subject = numbered("sub", row.text("subject"), 2)
        word = row.text("emotion")
        units = row.text("units").replace("\uff0c", "+").replace(",", "+")  # a full-width comma in one row
        return Entry(
            subject, row.text("clip"), onset, apex, offset, emotion(word) if word else "", units,
            folder=subject[3:], notes=notes,
        )  # fmt: skip
