"""What every reader gives: samples that fit, and one line for each row that does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from realtime.types import Kind
from train.readers.pictures import Pictures


@dataclass(frozen=True, slots=True)
class Sample:
    """One annotated movement. Frame numbers are those of the files, not positions."""

    dataset: str  # a reader's name
    subject: str  # unique within the dataset, spelled one way
    clip: str  # unique within the subject
    kind: Kind
    onset: int
    apex: int | None  # None: not annotated
    offset: int
    emotion: str  # one of train.readers.emotions.EMOTIONS, or "" where the workbook names none
    units: str  # action units as the coders wrote them
    fps: float
    pictures: Pictures | None  # None: the release has features only
    row: int  # in the workbook, from 1
    notes: tuple[str, ...] = ()  # what was corrected or filled in, with its reason

    @property
    def key(self) -> str:
        """Fit for a file name, unique within the dataset."""
        return f"{self.subject}_{self.clip}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that does not fit, and why."""

    row: int
    name: str  # as much of subject and clip as could be read
    reason: str

    def __str__(self) -> str:
        return f"row {self.row} ({self.name}): {self.reason}"


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole dataset as read: `samples` and `refused` together are all rows."""

    dataset: str
    labels: str  # the file they were read from
    samples: tuple[Sample, ...]
    refused: tuple[Refused, ...]
    notes: tuple[str, ...] = ()  # about the workbook as a whole

    def only(self, keep: Iterable[Sample], refused: Iterable[Refused], note: str) -> Reading:
        """The same reading, narrowed by a rule that says of each sample left out why."""
        return Reading(self.dataset, self.labels, tuple(keep), (*self.refused, *refused), (*self.notes, note))

    def summary(self) -> str:
        """A few lines for people: rows, persons, kinds, emotions, what was refused or corrected."""
        people = len({sample.subject for sample in self.samples})
        lines = [
            f"{self.dataset}: {len(self.samples) + len(self.refused)} rows of {self.labels}, "
            f"{len(self.samples)} samples of {people} people, {len(self.refused)} refused",
            *self.notes,
            "kinds: " + _counts(sample.kind.value for sample in self.samples),
            "emotions: " + _counts(sample.emotion or "(none)" for sample in self.samples),
        ]
        if noted := [sample for sample in self.samples if sample.notes]:
            lines.append(f"with a note: {len(noted)}")
        return "\n".join(lines)


class Reader(Protocol):
    """One dataset's way from folder and workbook to samples."""

    @property
    def name(self) -> str: ...  # as `train.prepare --dataset` takes it
    @property
    def title(self) -> str: ...
    @property
    def paper(self) -> str: ...  # to cite
    @property
    def fps(self) -> float: ...  # as recorded; image files carry no times

    def read(self, root: Path, labels: Path | None) -> Reading:
        """All rows of `labels` (found under `root` where None), with their frames under `root`.

        Raises: DatasetError: the workbook or the folder is not there or not of this dataset.
        """
        ...


def _counts(names: Iterable[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(Counter(names).items())) or "none"
