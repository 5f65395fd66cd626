"""Where a sample's frames are: numbered image files of one folder, or a video."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.sources.file import FileSource
from train.errors import DatasetError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"})

Bgr = NDArray[np.uint8]  # (height, width, 3)


class Pictures(Protocol):
    """Frames by number."""

    @property
    def where(self) -> str: ...

    @property
    def numbers(self) -> tuple[int, ...]: ...  # ascending

    def read(self, first: int, last: int) -> Iterator[tuple[int, Bgr]]: ...  # both included


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """One file a frame; the last number in its name is the frame's."""

    folder: Path
    numbers: tuple[int, ...]
    names: tuple[str, ...]  # position i is the file of numbers[i]

    @property
    def where(self) -> str:
        return str(self.folder)

    def read(self, first: int, last: int) -> Iterator[tuple[int, Bgr]]:
        """Raises: DatasetError naming the file that is no picture."""
        for number, name in zip(self.numbers, self.names, strict=True):
            if first <= number <= last:
                yield number, _read(self.folder / name)


@dataclass(frozen=True, slots=True)
class VideoFile:
    """Frames of a video, numbered from 0 in order."""

    path: Path
    count: int

    @property
    def where(self) -> str:
        return str(self.path)

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(range(self.count))

    def read(self, first: int, last: int) -> Iterator[tuple[int, Bgr]]:
        with FileSource(self.path) as source:
            for frame in source:
                if frame.index > last:
                    return
                if frame.index >= first:
                    yield frame.index, frame.bgr


@lru_cache(maxsize=4096)
def image_folder(folder: Path) -> ImageFolder:
    """The numbered pictures of `folder`.

    Raises: DatasetError if it holds none, or two files of one number.
    """
    files: dict[int, str] = {}
    for path in sorted(folder.iterdir()):
        runs = re.findall(r"\d+", path.stem)
        if path.suffix.lower() not in SUFFIXES or not runs or path.name.startswith("."):
            continue
        number = int(runs[-1])
        if number in files:
            raise DatasetError(f"{folder}: {files[number]} and {path.name} are both frame {number}")
        files[number] = path.name
    if not files:
        raise DatasetError(f"{folder} holds no numbered pictures")
    order = sorted(files)
    return ImageFolder(folder, tuple(order), tuple(files[number] for number in order))


def find_folder(root: Path, templates: tuple[str, ...], **names: str) -> Path:
    """The first of the `templates` ("Cropped/{subject}/{clip}") that is a folder under `root`.

    Letter case and leading zeros of any number do not count: s3, s03 and S03 are one name.

    Raises: DatasetError naming what was looked for.
    """
    tried = [template.format(**names) for template in templates]
    for path in tried:
        folder: Path | None = root
        for part in path.split("/"):
            folder = _child(folder, part) if folder is not None else None
        if folder is not None:
            return folder
    raise DatasetError(f"no folder {' or '.join(tried)} under {root}")


def same_name(name: str) -> str:
    """The spelling that stands for all: lower case, numbers without leading zeros."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name.strip().lower())


def _child(folder: Path, name: str) -> Path | None:
    if name.endswith("*"):
        found = [path for key, paths in _children(folder).items() for path in paths
                 if key.startswith(same_name(name[:-1]))]  # fmt: skip
    else:
        found = _children(folder).get(same_name(name), [])
    exact = [path for path in found if path.name == name]
    if len(found) > 1 and not exact:
        raise DatasetError(f"{folder}: {', '.join(path.name for path in found)} could all be {name}")
    return next(iter(exact or found), None)


@lru_cache(maxsize=4096)
def _children(folder: Path) -> dict[str, list[Path]]:
    children: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            children.setdefault(same_name(path.name), []).append(path)
    return children


def forget_folders() -> None:
    """Look at the disk again."""
    image_folder.cache_clear()
    _children.cache_clear()


def _read(path: Path) -> Bgr:
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise DatasetError(f"{path} is no picture")
    return np.asarray(bgr, np.uint8)
