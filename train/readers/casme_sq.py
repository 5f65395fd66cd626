"""CAS(ME)2: long videos of 22 people at 30 fps with micro- and macro-expressions; no sheet has a header.

The first sheet names a movement by a person's number and a video's name (`anger1_1`); two further sheets
translate: `naming rule1` the number to the folder (s15), `naming rule2` the name to a code (0401).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from train.readers.casme2 import numbered
from train.readers.emotions import emotion
from train.readers.samm import kind_of
from train.readers.table import Entry, TableReader, frame_span
from train.readers.workbook import Row, RowError, Sheet, headless

_COLUMNS = ("subject", "clip", "onset", "apex", "offset", "units", "emotion", "kind", "felt")


class CasmeSquared(TableReader):
    """`CAS(ME)^2code_final.xlsx`; frames in rawpic/s15/15_0401angry1/img001.jpg."""

    name = "casme-sq"
    title = "CAS(ME)2"
    paper = "Qu et al., CAS(ME)2, IEEE Trans. Affective Computing 9(4), 2018"
    fps = 30.0
    label_files = ("CAS(ME)^2code_final*.xls*", "*code_final*.xls*")
    columns = {}
    needed = _COLUMNS[:5]
    folders = ("rawpic/{subject}/{folder}*", "{subject}/{folder}*", "selectpic/{subject}/{clip}")

    def rows(self, sheets: Sequence[Sheet]) -> list[Row]:
        """Rows of the first sheet, the person and the video translated."""
        if len(sheets) < 3:
            raise RowError("needs three sheets: the codes, naming rule1 (people) and naming rule2 (videos)")
        people = _translation(_sheet(sheets, "naming rule1", 1), 2, 1)
        videos = _translation(_sheet(sheets, "naming rule2", 2), 1, 0)
        return [self._translated(row, people, videos) for row in headless(sheets[0], _COLUMNS)]

    def entry(self, row: Row) -> Entry:
        onset, apex, offset, notes = frame_span(row)
        if not row.text("person") or not row.text("code"):
            raise RowError(f"subject {row.text('subject')} or video '{row.text('clip')}' has no naming rule")
        person = numbered("s", row.text("person"), 2)
        code = row.text("code").zfill(4)
        return Entry(
            person, row.text("clip"), onset, apex, offset, emotion(row.text("emotion")), row.text("units"),
            kind_of(row.text("kind")), f"{int(person[1:])}_{code}", notes,
        )  # fmt: skip

    @staticmethod
    def _translated(row: Row, people: dict[str, str], videos: dict[str, str]) -> Row:
        video = re.sub(r"_\w*$", "", row.text("clip")).lower()
        row = row.with_cell("person", people.get(row.text("subject").lower(), ""))
        return row.with_cell("code", videos.get(video, ""))


def _sheet(sheets: Sequence[Sheet], name: str, place: int) -> Sheet:
    """By its name; by its place where it is called otherwise."""
    named = [sheet for sheet in sheets if sheet.name.strip().lower() == name]
    return named[0] if named else sheets[place]


def _translation(sheet: Sheet, key: int, value: int) -> dict[str, str]:
    names = [str(place) for place in range(max(key, value) + 1)]
    rows = headless(sheet, names)
    return {row.text(str(key)).lower(): row.text(str(value)) for row in rows if row.text(str(key))}
