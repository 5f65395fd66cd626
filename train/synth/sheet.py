"""A sheet of pictures: does it look like a face? Onset, apex, offset and what changed, per movement."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.movement.model import MovementKind
from realtime.sources.file import FileSource

Bgr = NDArray[np.uint8]
SHEET_NAME = "sheet.jpg"
TILE_PX = 220
ROWS = 10
GAIN = 6.0  # of the difference shown beside


def write_sheet(folder: Path, rows: int = ROWS) -> Path:
    """Pictures of up to `rows` movements, spread over the videos of a synthetic set."""
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as stream:
        truth = list(csv.DictReader(stream))
    step = max(1, len(truth) // rows)
    lines = [_line(folder, row) for row in truth[::step][:rows]]
    path = folder / SHEET_NAME
    if lines:
        cv2.imwrite(str(path), np.concatenate(lines), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path


def _line(folder: Path, row: dict[str, str]) -> Bgr:
    frames = [int(row[name]) for name in ("onset", "apex", "offset")]
    onset, apex, offset = frames_of(folder / row["video"], frames)
    changed = np.clip(128 + GAIN * (apex.astype(np.float32) - onset), 0, 255).astype(np.uint8)
    line = np.concatenate([_tile(picture) for picture in (onset, apex, offset, changed)], axis=1)
    kind = "" if row["type"] == MovementKind.MICRO.value else " macro"
    said = f"{row['video']} AU {row['aus']} {row['label']}{kind} {row['amplitude_px']} px, frames {frames}"
    cv2.putText(line, said, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(line, said, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    return line


def frames_of(video: Path, wanted: Sequence[int]) -> list[Bgr]:
    """The frames with these indices."""
    found: dict[int, Bgr] = {}
    with FileSource(video) as source:
        for frame in source:
            if frame.index in wanted:
                found[frame.index] = frame.bgr
            if len(found) == len(set(wanted)):
                break
    return [found[index] for index in wanted]


def _tile(bgr: Bgr) -> Bgr:
    """The middle square of a frame at one size."""
    height, width = bgr.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = bgr[top : top + side, left : left + side]
    return np.asarray(cv2.resize(square, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA), np.uint8)
