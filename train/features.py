"""Reader of the features published with CausalNet: four 28x28 maps for each of 442 micro-expressions.

A sample's files are `<subject>_<clip><suffix> .png` (the space belongs to the name). The suffixes are, in the
network's order, none and `_1` for the flow of both phases, `_2` and `_3` for their directions: a direction
map is a pure function of its flow map, which proves the pairing (tested on all 884).
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.types import LABELS
from train.errors import DatasetError

DATASETS = ("smic", "casme2", "samm")
LIST_NAME = "combined_3_class2_for_optical_flow.csv"
FOLDER_NAME = "STSNet_whole_norm_u_v_os"
SUFFIXES = ("", "_1", "_2", "_3")
MANIFEST_NAME = "manifest.json"  # of `train.prepare`
MAP_SHAPE = (28, 28, 3)
CLASSES = len(LABELS)


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Labelled samples; position i of every field is the same sample."""

    maps_u8: NDArray[np.uint8]  # (n, 4, 28, 28, 3), published layout
    labels: NDArray[np.int64]  # (n,), 0 negative, 1 positive, 2 surprise
    datasets: tuple[str, ...]  # one of DATASETS
    subjects: tuple[str, ...]  # "casme2/sub01": a subject's number alone is not unique
    clips: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal: changes with any map, label or name."""
        names = json.dumps([self.labels.tolist(), self.datasets, self.subjects, self.clips])
        return hashlib.sha256(names.encode() + self.maps_u8.tobytes()).hexdigest()

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Features:
        """The samples at `rows`, in that order."""
        pick = [int(row) for row in rows]
        return Features(
            self.maps_u8[pick],
            self.labels[pick],
            tuple(self.datasets[i] for i in pick),
            tuple(self.subjects[i] for i in pick),
            tuple(self.clips[i] for i in pick),
        )


def read_features(folder: Path) -> Features:
    """All samples listed in the folder's CSV, in its order.

    Raises: DatasetError naming the first line that is no sample, the first file that is missing or no 28x28
        map, or the number of classes where they are not three.
    """
    check_classes(folder)
    rows = _read_list(folder / LIST_NAME)
    maps = [[_read_map(folder / FOLDER_NAME / name) for name in _file_names(row)] for row in rows]
    return Features(
        np.array(maps, dtype=np.uint8),
        np.array([int(row["label"]) for row in rows], dtype=np.int64),
        tuple(row["dataset"] for row in rows),
        tuple(f"{row['dataset']}/{row['sub']}" for row in rows),
        tuple(row["filename_o"] for row in rows),
    )


def check_classes(folder: Path) -> None:
    """Raises: DatasetError if `train.prepare` wrote the folder for other than three classes."""
    try:
        task = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8")).get("task", CLASSES)
    except OSError:  # the published features have none
        return
    except (ValueError, AttributeError) as error:
        raise DatasetError(f"{folder / MANIFEST_NAME} is damaged ({error}); prepare it again") from error
    if task != CLASSES:
        raise DatasetError(f"{folder} was prepared for {task} classes; prepare it with --task {CLASSES}")


def _read_list(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise DatasetError(
            f"no sample list at {path} ({error.strerror}); give the causalnet-cde folder"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is no table ({error}); give the causalnet-cde folder") from error
    if not rows or not {"dataset", "sub", "filename_o", "label"} <= set(rows[0]):
        raise DatasetError(f"{path} is not the published sample list; give the causalnet-cde folder")
    known = list(map(str, range(CLASSES)))
    for line, row in enumerate(rows, start=2):
        if row["label"] not in known or None in row.values():
            raise DatasetError(f"{path}, line {line}: label {row['label']!r} is none of {', '.join(known)}")
    return rows


def _file_names(row: dict[str, str]) -> list[str]:
    return [f"{row['sub']}_{row['filename_o']}{suffix} .png" for suffix in SUFFIXES]


def _read_map(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None or image.shape != MAP_SHAPE:
        raise DatasetError(f"{path} is missing or no 28x28 colour map; fetch the published features again")
    return image.astype(np.uint8, copy=False)
