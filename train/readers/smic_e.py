"""SMIC-E: the longer clips around SMIC's movements, for spotting; up to three movements a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from train.readers.emotions import emotion
from train.readers.smic import clip_name
from train.readers.table import Entry, TableReader, frame_span
from train.readers.workbook import Row, Sheet, headed


class SmicE(TableReader):
    """`SMIC-HS-E_annotation*.xlsx`; frames in SMIC-HS-E/s01/s1_ne_01/image000123.jpg.

    Frame numbers are those of the whole recording: a clip's first file is not frame 1.
    """

    paper = "Li et al., Towards reading hidden emotions, IEEE Trans. Affective Computing 9(4), 2018"
    columns = {
        "subject": ("Subject",),
        "clip": ("Filename",),
        **{f"onset{n}": (f"OnsetF{n}", f"Onset{n}", f"OnsetFrame{n}") for n in ("", "2", "3")},
        **{f"offset{n}": (f"OffsetF{n}", f"Offset{n}", f"OffsetFrame{n}") for n in ("", "2", "3")},
        "apex": ("ApexF", "Apex"),
        "emotion": ("Emotion",),
    }
    needed = ("subject", "clip", "onset", "offset")

    def rows(self, sheets: Sequence[Sheet]) -> list[Row]:
        """One row a movement: a second and third of the same clip become rows of their own."""
        rows = []
        for row in headed(sheets, self.columns, self.needed):
            rows.append(row)
            for again in ("2", "3"):
                if row.frame(f"onset{again}") is not None:
                    cells = {name: row.cells.get(name + again) for name in ("onset", "offset")}
                    rows.append(replace(row, cells={**row.cells, **cells, "apex": None}))
        return rows

    def entry(self, row: Row) -> Entry:
        subject, clip, word = clip_name(row.text("clip"))
        onset, apex, offset, notes = frame_span(row)
        named = emotion(row.text("emotion") or word)
        return Entry(subject, clip, onset, apex, offset, named, folder=row.text("clip"), notes=notes)


def _folders(part: str) -> tuple[str, ...]:
    places = (f"SMIC-{part}-E/{part}/", f"{part}_long/SMIC-{part}-E/{part}/", f"{part}/", "")
    more = (f"SMIC-{part}-E/", f"{part}_long/SMIC-{part}-E/", f"{part}_long/")
    return tuple(f"{place}{{subject}}/{{folder}}" for place in (*places, *more))


def _files(part: str) -> tuple[str, ...]:
    return f"SMIC?{part}?E_annotation*.xls*", f"SMIC*{part}*annotation*.xls*"


class SmicHsE(SmicE):
    name, title, fps = "smic-hs-e", "SMIC-E HS", 100.0
    label_files, folders = _files("HS"), _folders("HS")


class SmicVisE(SmicE):
    name, title, fps = "smic-vis-e", "SMIC-E VIS", 25.0
    label_files, folders = _files("VIS"), _folders("VIS")


class SmicNirE(SmicE):
    name, title, fps = "smic-nir-e", "SMIC-E NIR", 25.0
    label_files, folders = _files("NIR"), _folders("NIR")
