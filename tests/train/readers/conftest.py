"""Workbooks and folders in the layouts of the published datasets, with pictures of a few pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from openpyxl import Workbook

from train.readers import Reading

Line = Sequence[object]


def write_xlsx(path: Path, **sheets: Iterable[Line]) -> Path:
    """Sheets by name, in order; `_` in a name stands for a space."""
    book = Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for line in lines:
            sheet.append(list(line))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_xls(path: Path, lines: Iterable[Line]) -> Path:
    """One sheet in the first binary format of Excel, which xlrd still knows."""
    content = struct.pack("<HHHH", 0x0009, 4, 2, 0x10)
    for at, line in enumerate(lines):
        for place, cell in enumerate(line):
            if isinstance(cell, int | float):
                content += struct.pack("<HHHH3xd", 0x0003, 15, at, place, cell)
            elif cell is not None:
                word = str(cell).encode()
                content += struct.pack("<HHHH3xB", 0x0004, 8 + len(word), at, place, len(word)) + word
    path.write_bytes(content + struct.pack("<HH", 0x000A, 0))
    return path


def write_frames(folder: Path, numbers: Iterable[int], name: str = "img{}.png") -> Path:
    """Pictures of 4x4 pixels whose gray value is their number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        cv2.imwrite(str(folder / name.format(number)), np.full((4, 4), number % 256, np.uint8))
    return folder


def reasons(reading: Reading) -> Mapping[int, str]:
    """Row number -> why it was refused."""
    return {one.row: one.reason for one in reading.refused}
