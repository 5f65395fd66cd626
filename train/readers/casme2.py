"""CASME II: 255 clips of 26 people at 200 fps; the workbook lists each clip once."""

from __future__ import annotations

import re

from train.readers.emotions import emotion
from train.readers.table import Entry, TableReader, frame_span
from train.readers.workbook import Row, RowError

FRAMES = {
    "subject": ("Subject",),
    "clip": ("Filename",),
    "onset": ("OnsetFrame", "Onset Frame", "Onset"),
    "apex": ("ApexFrame", "Apex Frame", "Apex"),
    "offset": ("OffsetFrame", "Offset Frame", "Offset"),
    "units": ("Action Units", "AU"),
    "emotion": ("Estimated Emotion", "Emotion"),
}


class Casme2(TableReader):
    """`CASME2-coding-*.xlsx`; frames in sub01/EP02_01f/img46.jpg, raw or cropped."""

    name = "casme2"
    title = "CASME II"
    paper = "Yan et al., CASME II, PLOS ONE 9(1), 2014"
    fps = 200.0
    label_files = ("CASME2-coding*.xls*", "CASME2_label*.xls*", "*CASME2*.csv")
    columns = FRAMES
    needed = ("subject", "clip", "onset", "apex", "offset", "emotion")
    folders = tuple(
        f"{place}{{subject}}/{{clip}}"
        for place in ("", "CASME2_RAW_selected/", "CASME2-RAW/", "CASME2_RAW/", "Cropped/", "cropped/")
    )

    def entry(self, row: Row) -> Entry:
        onset, apex, offset, notes = frame_span(row)
        return Entry(
            numbered("sub", row.text("subject"), 2), row.text("clip"), onset, apex, offset,
            emotion(row.text("emotion")), row.text("units"), notes=notes,
        )  # fmt: skip


def numbered(prefix: str, word: str, digits: int) -> str:
    """A person's number, however it is spelled (1, 01, s3, sub03), spelled one way. Raises: RowError."""
    found = re.fullmatch(r"\D*?0*(\d+)(?:\.0)?", word.strip())
    if found is None:
        raise RowError(f"subject '{word}' has no number")
    return f"{prefix}{int(found.group(1)):0{digits}d}"
