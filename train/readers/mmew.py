"""MMEW: 300 micro-expressions of 30 people at 90 fps; frames lie by emotion, numbered from 1."""

from __future__ import annotations

from train.readers.casme2 import FRAMES, numbered
from train.readers.emotions import emotion
from train.readers.table import Entry, TableReader, frame_span
from train.readers.workbook import Row


class Mmew(TableReader):
    """`MMEW_Micro_Exp.xlsx`; frames in Micro_Expression/anger/S13-07-001/1.jpg."""

    name = "mmew"
    title = "MMEW"
    paper = "Ben et al., Video-based facial micro-expression analysis, IEEE TPAMI 44(9), 2022"
    fps = 90.0
    label_files = ("MMEW_Micro_Exp*.xls*", "MMEW*.xls*")
    columns = FRAMES
    needed = ("subject", "clip", "onset", "apex", "offset", "emotion")
    folders = tuple(
        f"{place}{path}"
        for place in ("Micro_Expression/", "MMEW_Final/Micro_Expression/", "")
        for path in ("{folder}/{clip}", "{subject}/{folder}/{clip}", "{emotion}/{clip}")
    )

    def entry(self, row: Row) -> Entry:
        onset, apex, offset, notes = frame_span(row)
        word = row.text("emotion")
        return Entry(
            numbered("S", row.text("subject"), 2), row.text("clip"), onset, apex, offset,
            emotion(word), row.text("units"), folder=word, notes=notes,
        )  # fmt: skip
