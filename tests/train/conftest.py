"""A few made-up subjects, small enough to train on in a test."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from realtime.maps import direction_map
from train.features import FOLDER_NAME, LIST_NAME, SUFFIXES, Features


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tensors are tiny here: a second thread would only wait for the first."""
    torch.set_num_threads(1)


def made_up(subjects: int = 6, clips: int = 4, seed: int = 0) -> Features:
    """Class k shows a bright blob of v in its own place, so that a network can learn it."""
    rng = np.random.default_rng(seed)
    n = subjects * clips
    labels = np.arange(n) % 3
    flows = rng.integers(100, 156, (n, 2, 28, 28, 3)).astype(np.uint8)
    for i, label in enumerate(labels):
        rows = slice(6 + 6 * label, 12 + 6 * label)
        flows[i, 0, rows, 8:20, 1], flows[i, 1, rows, 8:20, 1] = 250, 5
    names = [("smic", "casme2", "samm")[i % 3] for i in range(subjects)]
    return Features(
        np.concatenate([flows, direction_map(flows)], axis=1),
        labels.astype(np.int64),
        tuple(names[i // clips] for i in range(n)),
        tuple(f"{names[i // clips]}/s{i // clips}" for i in range(n)),
        tuple(f"clip{i}" for i in range(n)),
    )


def write_published(data: Features, folder: Path) -> None:
    """`data` in the published file layout."""
    (folder / FOLDER_NAME).mkdir(parents=True)
    with (folder / LIST_NAME).open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["dataset", "sub", "filename_o", "label"])
        for i in range(len(data)):
            subject = data.subjects[i].split("/")[1]
            lines.writerow([data.datasets[i], subject, data.clips[i], data.labels[i]])
            for suffix, image in zip(SUFFIXES, data.maps_u8[i], strict=True):
                cv2.imwrite(str(folder / FOLDER_NAME / f"{subject}_{data.clips[i]}{suffix} .png"), image)


@pytest.fixture
def small() -> Features:
    return made_up()


@pytest.fixture
def published(tmp_path: Path, small: Features) -> Path:
    write_published(small, tmp_path / "cde")
    return tmp_path / "cde"
