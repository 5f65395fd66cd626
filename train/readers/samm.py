"""SAMM and SAMM Long Videos: gray, 200 fps; workbooks with thirteen and nine lines of preamble."""

from __future__ import annotations

import re

from realtime.types import Kind
from train.readers.casme2 import FRAMES, numbered
from train.readers.emotions import emotion
from train.readers.table import Entry, TableReader, frame_span
from train.readers.workbook import Row, RowError


class Samm(TableReader):
    """`SAMM_Micro_FACS_Codes_v2.xlsx`; frames in 006/006_1_2/006_05562.jpg."""

    name = "samm"
    title = "SAMM"
    paper = "Davison et al., SAMM, IEEE Trans. Affective Computing 9(1), 2018"
    fps = 200.0
    label_files = ("*SAMM*Micro_FACS_Codes*.xls*",)
    columns = FRAMES
    needed = ("subject", "clip", "onset", "apex", "offset", "emotion")
    folders = ("{subject}/{clip}", "SAMM/{subject}/{clip}", "SAMM_CROP/{subject}/{clip}")

    def entry(self, row: Row) -> Entry:
        onset, apex, offset, notes = frame_span(row)
        return Entry(
            numbered("", row.text("subject"), 3), row.text("clip"), onset, apex, offset,
            emotion(row.text("emotion")), row.text("units"), notes=notes,
        )  # fmt: skip


class SammLong(TableReader):
    """`SAMM_LongVideos_V*_Release.xlsx`; video 006_1 of the movement 006_1_2 in 006_1/006_1_0001.jpg.

    It names no emotion: for spotting.
    """

    name = "samm-long"
    title = "SAMM Long Videos"
    paper = "Yap, Kendrick, Yap: SAMM Long Videos, FG 2020"
    fps = 200.0
    label_files = ("SAMM_LongVideos*Release*.xls*",)
    columns = {**FRAMES, "kind": ("Type", "Micro")}
    needed = ("subject", "clip", "onset", "apex", "offset", "kind")
    folders = ("{folder}", "SAMM_longvideos/{folder}", "{subject}/{folder}")

    def entry(self, row: Row) -> Entry:
        onset, apex, offset, notes = frame_span(row)
        clip = row.text("clip")
        video = re.fullmatch(r"(\d+_\d+)_\w+", clip)
        if video is None:
            raise RowError(f"filename '{clip}' is not subject_video_movement")
        return Entry(
            numbered("", row.text("subject"), 3), clip, onset, apex, offset, "", row.text("units"),
            kind_of(row.text("kind")), video.group(1), notes,
        )  # fmt: skip


def kind_of(word: str) -> Kind:
    """Micro or macro, however it is written ("Micro - 1/2", "macro-expression"). Raises: RowError."""
    for kind in Kind:
        if word.strip().lower().startswith(kind.value):
            return kind
    raise RowError(f"type '{word}' is neither micro nor macro")
