"""The way every workbook goes: find it, put known mistakes right, and check row after row.

    workbook --rows--> Row --errata--> Row --entry--> Entry --pictures--> Sample | Refused

A dataset's own file says only what its columns are called, what its words mean and where its frames lie.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from realtime.types import Kind
from train.errors import DatasetError
from train.readers.errata import corrected
from train.readers.pictures import ImageFolder, Pictures, find_folder, forget_folders, image_folder
from train.readers.sample import Reading, Refused, Sample
from train.readers.workbook import Row, RowError, Sheet, find_labels, headed, read_workbook


@dataclass(frozen=True, slots=True)
class Entry:
    """A row understood; its frames not yet looked for."""

    subject: str
    clip: str
    onset: int
    apex: int | None
    offset: int
    emotion: str = ""
    units: str = ""
    kind: Kind = Kind.MICRO
    folder: str = ""  # of the frames, where the clip's name does not say it
    notes: tuple[str, ...] = ()


class TableReader(ABC):
    """A dataset whose labels are a workbook and whose frames are folders of numbered pictures."""

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    fps: ClassVar[float]
    label_files: ClassVar[tuple[str, ...]]  # patterns, the surest first
    columns: ClassVar[dict[str, tuple[str, ...]]]  # our name -> spellings
    needed: ClassVar[tuple[str, ...]]
    folders: ClassVar[tuple[str, ...]]  # templates of {subject}, {clip}, {folder}, {emotion}; best first

    def read(self, root: Path, labels: Path | None) -> Reading:
        """See `train.readers.sample.Reader`."""
        if not root.is_dir():
            raise DatasetError(f"no folder {root}; give the folder of {self.title} as --root")
        forget_folders()
        path = find_labels(root, self.label_files) if labels is None else labels
        try:
            rows = self.rows(read_workbook(path))
        except DatasetError as error:
            raise DatasetError(f"{path}: {error}") from error
        rows, done, said = corrected(self.name, rows)
        samples: list[Sample] = []
        refused: list[Refused] = []
        seen: dict[tuple[object, ...], int] = {}
        for row in rows:
            try:
                sample = self.sample(root, row, done.get(row.number, ""))
                self._check_new(sample, seen)
                samples.append(sample)
            except DatasetError as error:
                refused.append(Refused(row.number, _named(row), str(error)))
        return Reading(
            self.name, path.name, tuple(_distinct(samples)), tuple(refused), tuple(filter(None, (said,)))
        )

    def rows(self, sheets: Sequence[Sheet]) -> list[Row]:
        """The data rows; the header may stand anywhere. Raises: DatasetError."""
        return headed(sheets, self.columns, self.needed)

    @abstractmethod
    def entry(self, row: Row) -> Entry:
        """What the row says. Raises: RowError."""

    def pictures(self, root: Path, entry: Entry) -> ImageFolder:
        """Where its frames are. Raises: DatasetError."""
        names = {"subject": entry.subject, "clip": entry.clip, "emotion": entry.emotion}
        return image_folder(find_folder(root, self.folders, folder=entry.folder, **names))

    def sample(self, root: Path, row: Row, erratum: str = "") -> Sample:
        """One row all the way. Raises: DatasetError with the reason why it does not fit."""
        entry = self.entry(row)
        if not entry.subject or not entry.clip:
            raise RowError("no subject or clip")
        notes = (*filter(None, (erratum,)), *entry.notes)
        entry = in_order(replace(entry, notes=notes))
        pictures = self.pictures(root, entry)
        entry = within(entry, pictures)
        return Sample(
            self.name, entry.subject, entry.clip, entry.kind, entry.onset, entry.apex, entry.offset,
            entry.emotion, entry.units, self.fps, pictures, row.number, entry.notes,
        )  # fmt: skip

    def _check_new(self, sample: Sample, seen: dict[tuple[object, ...], int]) -> None:
        where = "" if sample.pictures is None else sample.pictures.where
        key = (sample.subject, sample.clip, sample.onset, sample.offset, where)
        if key in seen:
            raise RowError(f"the same movement as row {seen[key]}")
        seen[key] = sample.row


def frame_span(row: Row) -> tuple[int, int | None, int, tuple[str, ...]]:
    """Onset, apex, offset and a note; without an offset the movement is known to its apex only.

    Raises: RowError if it cannot be said where it begins or ends.
    """
    onset, apex, offset = row.frame("onset"), row.frame("apex"), row.frame("offset")
    if onset is None:
        raise RowError("no onset frame")
    if not offset and apex is not None and apex > onset:
        return onset, None, apex, ("no offset annotated: taken to end at its apex",)
    if offset is None:
        raise RowError("no offset frame")
    return onset, apex or None, offset, ()


def in_order(entry: Entry) -> Entry:
    """Refuses what ends before it begins; an apex outside is taken as not annotated."""
    if entry.offset <= entry.onset:
        raise RowError(f"offset {entry.offset} is not after onset {entry.onset}")
    if entry.apex is None:
        return replace(entry, notes=(*entry.notes, "no apex annotated"))
    if not entry.onset <= entry.apex <= entry.offset:
        said = f"apex {entry.apex} lies outside {entry.onset} to {entry.offset}: taken as not annotated"
        return replace(entry, apex=None, notes=(*entry.notes, said))
    return entry


def within(entry: Entry, pictures: Pictures) -> Entry:
    """The movement cut to the frames that are there, if enough of them are. Raises: RowError."""
    first, last = pictures.numbers[0], pictures.numbers[-1]
    onset, offset = max(entry.onset, first), min(entry.offset, last)
    apex = entry.apex
    if offset <= onset or (apex is not None and not onset <= apex <= offset):
        raise RowError(
            f"its frames {entry.onset} to {entry.offset} are not there: "
            f"{pictures.where} has {first} to {last}"
        )
    notes = list(entry.notes)
    if (onset, offset) != (entry.onset, entry.offset):
        notes.append(f"frames {entry.onset} to {entry.offset} cut to {onset} to {offset}: no more are there")
    there = sum(onset <= number <= offset for number in pictures.numbers)
    if there < 3:
        raise RowError(f"only {there} of its frames {onset} to {offset} are in {pictures.where}")
    if there < offset - onset + 1:
        notes.append(f"{offset - onset + 1 - there} frames missing inside")
    return replace(entry, onset=onset, offset=offset, notes=tuple(notes))


def _distinct(samples: Sequence[Sample]) -> list[Sample]:
    """Clips that carry several movements get the onset into their name."""
    count: dict[str, int] = {}
    for sample in samples:
        count[sample.key] = count.get(sample.key, 0) + 1
    return [
        replace(sample, clip=f"{sample.clip}_{sample.onset}") if count[sample.key] > 1 else sample
        for sample in samples
    ]


def _named(row: Row) -> str:
    return " ".join(filter(None, (row.text("subject"), row.text("clip")))) or "?"
