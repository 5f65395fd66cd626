"""SMIC: its labels are its folders. High speed (100 fps), visible and near-infrared (25 fps) parts.

Clips begin at the onset and end at the offset; no apex is annotated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from realtime.types import Kind
from train.errors import DatasetError
from train.readers.casme2 import numbered
from train.readers.emotions import emotion
from train.readers.pictures import find_folder, forget_folders, image_folder
from train.readers.sample import Reading, Refused, Sample
from train.readers.table import Entry, in_order
from train.readers.workbook import RowError

PLACES = ("{part}", "SMIC_all_raw/{part}", "SMIC_all_cropped/{part}", "SMIC/{part}")
_CLIP = re.compile(r"s0*(\d+)_(ne|po|sur)_0*(\d+)")


@dataclass(frozen=True, slots=True)
class Smic:
    """One part; clips in HS/s01/micro/negative/s01_ne_01/."""

    part: str  # HS, VIS or NIR
    fps: float
    paper: str = "Li, Pfister, Huang, Zhao, Pietikainen: SMIC, FG 2013"

    @property
    def name(self) -> str:
        return f"smic-{self.part.lower()}"

    @property
    def title(self) -> str:
        return f"SMIC {self.part}"

    def read(self, root: Path, labels: Path | None) -> Reading:
        """See `train.readers.sample.Reader`; `labels` is not used."""
        if not root.is_dir():
            raise DatasetError(f"no folder {root}; give the folder of {self.title} as --root")
        forget_folders()
        base = root if root.name.lower() == self.part.lower() else find_folder(root, PLACES, part=self.part)
        folders = sorted(path for path in base.glob("*/micro/*/*") if path.is_dir())
        if not folders:
            raise DatasetError(f"{base}: no clips in folders like s01/micro/negative/s01_ne_01")
        samples, refused = [], []
        for row, folder in enumerate(folders, 1):
            try:
                samples.append(self._sample(folder, row))
            except DatasetError as error:
                refused.append(Refused(row, folder.name, str(error)))
        return Reading(self.name, f"the folders of {base}", tuple(samples), tuple(refused))

    def _sample(self, folder: Path, row: int) -> Sample:
        subject = numbered("s", folder.parents[2].name, 2)
        person, clip, word = clip_name(folder.name)
        if person != subject:
            raise RowError(f"lies in the folder of {subject}")
        named = emotion(word)
        if emotion(folder.parent.name) != named:
            raise RowError(f"its name says {named}, its folder {folder.parent.name}")
        pictures = image_folder(folder)
        entry = in_order(Entry(subject, clip, pictures.numbers[0], None, pictures.numbers[-1], named))
        return Sample(
            self.name, subject, clip, Kind.MICRO, entry.onset, None, entry.offset, named, "", self.fps,
            pictures, row, entry.notes,
        )  # fmt: skip


def clip_name(name: str) -> tuple[str, str, str]:
    """(subject, clip, emotion's short word) of s1_ne_01 or s01_ne_01, spelled one way. Raises: RowError."""
    found = _CLIP.fullmatch(name.strip().lower())
    if found is None:
        raise RowError(f"'{name}' is not a clip's name like s01_ne_01")
    subject = f"s{int(found.group(1)):02d}"
    return subject, f"{subject}_{found.group(2)}_{int(found.group(3)):02d}", found.group(2)
