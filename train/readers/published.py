"""The features published with CausalNet, as a dataset like the others: 442 rows, maps instead of frames."""

from __future__ import annotations

import csv
from pathlib import Path

from realtime.types import LABELS, Kind
from train.errors import DatasetError
from train.features import DATASETS, FOLDER_NAME, LIST_NAME, SUFFIXES
from train.readers.sample import Reading, Refused, Sample
from train.readers.workbook import RowError

FPS = {"smic": 100.0, "casme2": 200.0, "samm": 200.0}


class Published:
    """`train.features` reads the maps; this says which rows there are, and which lack what."""

    name = "published"
    title = "the features published with CausalNet"
    paper = "CausalNet, ICCV 2025, arXiv 2508.06640"
    fps = 0.0  # differs between its parts

    def read(self, root: Path, labels: Path | None) -> Reading:
        """See `train.readers.sample.Reader`. No sample has pictures or frame numbers."""
        path = root / LIST_NAME if labels is None else labels
        try:
            with path.open(newline="", encoding="utf-8-sig") as stream:
                rows = list(csv.DictReader(stream))
        except OSError as error:
            raise DatasetError(
                f"no sample list {path} ({error.strerror}); give the features' folder"
            ) from error
        samples: list[Sample] = []
        refused = []
        for number, row in enumerate(rows, 2):
            try:
                sample = _sample(root, row, number)
                if any(sample.key == other.key for other in samples):
                    raise RowError("the same clip as an earlier row")
                samples.append(sample)
            except DatasetError as error:
                name = f"{row.get('sub', '?')} {row.get('filename_o', '?')}"
                refused.append(Refused(number, name, str(error)))
        return Reading(self.name, path.name, tuple(samples), tuple(refused))


def _sample(root: Path, row: dict[str, str], number: int) -> Sample:
    dataset, subject, clip, label = (
        row.get(name) or "" for name in ("dataset", "sub", "filename_o", "label")
    )
    if dataset not in DATASETS or not subject or not clip:
        raise RowError(f"dataset '{dataset}', subject '{subject}' or clip '{clip}' is missing or unknown")
    if label not in ("0", "1", "2"):
        raise RowError(f"label '{label}' is none of 0, 1, 2")
    missing = [suffix for suffix in SUFFIXES
               if not (root / FOLDER_NAME / f"{subject}_{clip}{suffix} .png").is_file()]  # fmt: skip
    if missing:
        raise RowError(f"{len(missing)} of its four maps are not there")
    named = LABELS[int(label)]
    part = "smic-hs" if dataset == "smic" else dataset
    return Sample(part, subject, clip, Kind.MICRO, 0, None, 0, named, "", FPS[dataset], None, number)
