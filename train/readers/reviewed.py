"""Labelled data that a person made in the Review tab: what was accepted there, in the published layout.

`train.loso --data FOLDER` reads such a folder as it is. This reader takes several, looks harder, and chooses
by kind; a zip as the page saves it must be unpacked first.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from realtime.maps import direction_map
from realtime.types import Kind
from train.errors import DatasetError
from train.features import LIST_NAME, Features, read_features

DATASET = "reviewed"


def read(folders: Sequence[Path], kinds: Collection[str] = (Kind.MICRO.value,)) -> Features:
    """The accepted events of all the folders, of the wanted kinds, in the folders' order.

    The same event in two folders counts once, as the last one has it: it was reviewed again.

    Raises: DatasetError naming the folder that is none of ours, a label that is none, or maps that do
    not belong together.
    """
    parts = [_read_one(Path(folder), kinds) for folder in folders]
    if not parts or not sum(map(len, parts)):
        raise DatasetError(f"no accepted event of the kinds {', '.join(kinds)} in {_names(folders)}")
    return _joined(parts)


def _read_one(folder: Path, kinds: Collection[str]) -> Features:
    if folder.suffix == ".zip":
        raise DatasetError(f"{folder} is still packed: unpack it and give the folder within")
    features = read_features(folder)
    with (folder / LIST_NAME).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    if set(features.datasets) != {DATASET} or "kind" not in rows[0]:
        raise DatasetError(f"{folder} was not exported from a review; give the folder that the page saved")
    directions = direction_map(features.maps_u8[:, :2])
    torn = ~(directions == features.maps_u8[:, 2:]).all(axis=(1, 2, 3, 4))
    if torn.any():
        clip = features.clips[int(torn.argmax())]
        raise DatasetError(f"{folder}: the maps of {clip} do not belong together; export the review again")
    return features.take([i for i, row in enumerate(rows) if row["kind"] in kinds])


def _joined(parts: Sequence[Features]) -> Features:
    every = Features(
        np.concatenate([part.maps_u8 for part in parts if len(part)]),
        np.concatenate([part.labels for part in parts if len(part)]),
        tuple(name for part in parts for name in part.datasets),
        tuple(name for part in parts for name in part.subjects),
        tuple(name for part in parts for name in part.clips),
    )
    last = {clip: row for row, clip in enumerate(every.clips)}
    return every.take(sorted(last.values()))


def _names(folders: Sequence[Path]) -> str:
    return ", ".join(map(str, folders)) or "no folder at all"
