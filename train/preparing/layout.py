"""What a prepared dataset is on disk: the published features' layout, a manifest, and what was left out.

OUT/combined_3_class2_for_optical_flow.csv, STSNet_whole_norm_u_v_os/    as `train.features` reads them
OUT/samples/<key>.npz, .json    chips, key frames, flow and maps of each sample; what is known about it
OUT/manifest.json, refused.csv, truth.csv
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from train.errors import DatasetError
from train.features import FOLDER_NAME, LIST_NAME, MANIFEST_NAME, SUFFIXES, check_classes
from train.preparing.task import PrepareTask
from train.readers import Reading, Refused, Sample
from train.readers.emotions import classes, labelled

REFUSED_NAME, TRUTH_NAME, SAMPLES_NAME = "refused.csv", "truth.csv", "samples"
LIST_HEADER = ("dataset", "sub", "filename_o", "label", "emotion", "kind")
# The published list calls it by its first name; `train.report` has a line for it.
LISTED_AS = {"smic-hs": "smic"}


def write_layout(
    out: Path, reading: Reading, tasks: Sequence[PrepareTask], notes: Sequence[dict[str, Any]], task: int
) -> list[Refused]:
    """The list, the maps, the tables and the manifest; returns everything left out of the list, with reasons.

    Raises: DatasetError if nothing is left.
    """
    failed = [
        Refused(done.sample.row, done.sample.key, note["refused"])
        for done, note in zip(tasks, notes, strict=True)
        if "refused" in note
    ]
    made = {done.sample: done for done, note in zip(tasks, notes, strict=True) if "refused" not in note}
    kept, without = labelled(made, task)
    refused = [*reading.refused, *failed, *without]
    _write_table(out / REFUSED_NAME, ("row", "name", "reason"), [(r.row, r.name, r.reason) for r in refused])
    _write_manifest(out, reading, notes, refused, task)
    _write_list(out, [(sample, label, made[sample].file) for sample, label in kept])
    return refused


def write_truth(path: Path, samples: Iterable[Sample]) -> None:
    """Intervals as `train.spotting_eval` reads them; frames counted from each video's first."""
    rows = []
    for sample in samples:
        if sample.pictures is not None:
            first = sample.pictures.numbers[0]
            video = Path(sample.pictures.where).name
            span = sample.onset - first, sample.offset - first
            rows.append((f"{sample.subject}_{video}", *span, sample.kind.value, sample.emotion))
    _write_table(path, ("video", "onset", "offset", "type", "label"), rows)


def join(folders: Sequence[Path], out: Path) -> int:
    """Several prepared datasets as one list, as the composite is; returns how many samples it has.

    Raises: DatasetError if one was not prepared, or for other than three classes, or two have files of one
        name.
    """
    rows: list[Mapping[str, str]] = []
    (out / FOLDER_NAME).mkdir(parents=True, exist_ok=True)
    names: set[str] = set()
    for folder in folders:
        check_classes(folder)
        try:
            with (folder / LIST_NAME).open(newline="", encoding="utf-8") as stream:
                added = list(csv.DictReader(stream))
        except OSError as error:
            raise DatasetError(f"{folder} is no prepared dataset ({error.strerror})") from error
        for row in added:
            stem = f"{row['sub']}_{row['filename_o']}"
            if stem in names:
                raise DatasetError(f"{folder}: {stem} is in two of the datasets; they cannot be joined")
            names.add(stem)
            for suffix in SUFFIXES:
                shutil.copyfile(
                    folder / FOLDER_NAME / f"{stem}{suffix} .png", out / FOLDER_NAME / f"{stem}{suffix} .png"
                )
        rows += added
    _write_table(out / LIST_NAME, LIST_HEADER, [[row.get(name, "") for name in LIST_HEADER] for row in rows])
    return len(rows)


def _write_list(out: Path, kept: Iterable[tuple[Sample, int, Path]]) -> None:
    rows = []
    (out / FOLDER_NAME).mkdir(parents=True, exist_ok=True)
    for sample, label, file in kept:
        with np.load(file, allow_pickle=False) as prepared:
            maps_u8 = prepared["maps_u8"]
        for suffix, image in zip(SUFFIXES, maps_u8, strict=True):
            cv2.imwrite(str(out / FOLDER_NAME / f"{sample.key}{suffix} .png"), image)
        named = LISTED_AS.get(sample.dataset, sample.dataset)
        rows.append((named, sample.subject, sample.clip, label, sample.emotion, sample.kind.value))
    if not rows:
        raise DatasetError(f"nothing to train on is left; {out / REFUSED_NAME} says why")
    _write_table(out / LIST_NAME, LIST_HEADER, rows)


def _write_manifest(
    out: Path, reading: Reading, notes: Iterable[dict[str, Any]], refused: Sequence[Refused], task: int
) -> None:
    table = {
        "dataset": reading.dataset,
        "labels": reading.labels,
        "task": task,
        "classes": list(classes(reading.dataset, task)),
        "notes": list(reading.notes),
        "versions": {
            name: metadata.version(name) for name in ("opencv-contrib-python", "mediapipe", "numpy")
        },
        "samples": [note for note in notes if "refused" not in note],
        "refused": [{"row": one.row, "name": one.name, "reason": one.reason} for one in refused],
    }
    content = json.dumps(table, indent=1) + "\n"
    digest = hashlib.sha256(content.encode()).hexdigest()
    (out / MANIFEST_NAME).write_text(content, encoding="utf-8")
    (out / f"{MANIFEST_NAME}.sha256").write_text(f"{digest}  {MANIFEST_NAME}\n", encoding="utf-8")


def _write_table(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(header)
        lines.writerows(rows)
