"""Samples for MOL: made on the synth, or taken from a dataset that `train.prepare` has prepared.

Made ones lie as plain arrays in a folder, so that they are read only where they are looked at. Prepared ones
have no true flow or landmarks: as in the paper, flow is computed (here by the live flow) and landmarks are
found (here by the live face mesh); where no face mesh is found they are NaN and do not count.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from realtime.face.alignment import COLUMNS_PER_IOD, ROWS_PER_IOD
from realtime.face.finder import FaceFinder
from realtime.flow import flow_pair
from realtime.movement.mol_frames import FRAMES, spread, steadied
from realtime.types import CHIP_SIZE, Frame
from train.errors import DatasetError
from train.features import LIST_NAME
from train.mol.clips import Clip, draw_clip
from train.mol.faces import Face
from train.mol.landmarks import sixty_eight
from train.preparing.layout import SAMPLES_NAME
from train.preparing.task import load_strip

ZOOM = 3.0  # a chip is shown to the face mesh this much larger
PAD = 0.35  # of its sides, around it


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """n samples; see `train.mol.clips.Clip` for what the rows are."""

    frames_u8: NDArray[np.uint8]  # (n, 8, 128, 128)
    flow_px: NDArray[np.float16]  # (n, 7, 2, 128, 128)
    landmarks_px: NDArray[np.float32]  # (n, 8, 68, 2), NaN where unknown
    labels: NDArray[np.int64]  # (n,)
    amplitudes_px: NDArray[np.float32]  # (n,), NaN where unknown
    keys_u8: NDArray[np.uint8]  # (n, 3, 128, 128) onset, apex, offset as filmed
    people: NDArray[np.str_]  # (n,)

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, rows: NDArray) -> Samples:
        return Samples(*(getattr(self, each.name)[rows] for each in fields(self)))


def made_samples(faces: Sequence[Face], count: int, seed: int, folder: Path) -> Samples:
    """`count` clips of the faces in turn; found in `folder`, or made there."""
    if not (folder / "people.npy").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _make(faces, count, seed, folder)
    return _read(folder)


def prepared_samples(folder: Path) -> Samples:
    """The samples on the list of a folder that `train.prepare` wrote.

    Raises: DatasetError if it is none, or a sample's face was lost.
    """
    try:
        with (folder / LIST_NAME).open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise DatasetError(f"{folder} is not prepared ({error.strerror}); run train.prepare") from error
    mesh = ChipMesh()
    try:
        clips = [_prepared(folder, row, mesh) for row in track(rows, "samples", disable=not _terminal())]
    finally:
        mesh.close()
    return joined(clips, [row["sub"] for row in rows])


def joined(clips: Sequence[Clip], people: Sequence[str]) -> Samples:
    return Samples(
        np.stack([clip.frames_u8 for clip in clips]),
        np.stack([clip.flow_px for clip in clips]),
        np.stack([clip.landmarks_px for clip in clips]),
        np.array([clip.label for clip in clips], np.int64),
        np.array([clip.amplitude_px for clip in clips], np.float32),
        np.stack([clip.keys_u8 for clip in clips]),
        np.array(people),
    )


def by_people(samples: Samples) -> tuple[Samples, Samples, Samples]:
    """Training, tuning and reporting people of a dataset: of five in order of name three, one and one.

    Raises: DatasetError with fewer than five.
    """
    names = np.unique(samples.people)
    if len(names) < 5:
        raise DatasetError(f"{len(names)} people cannot be dealt into three parts; at least 5 can")
    place = np.searchsorted(names, samples.people) % 5
    train, tune, report = (np.flatnonzero(np.isin(place, part)) for part in ((0, 1, 2), (3,), (4,)))
    return samples.of(train), samples.of(tune), samples.of(report)


class ChipMesh:
    """The live face mesh on chips: made upright in proportion, larger, and with a border."""

    def __init__(self) -> None:
        self._finder = FaceFinder()
        self._scale = np.array([ZOOM, ZOOM * COLUMNS_PER_IOD / ROWS_PER_IOD])

    def landmarks(self, grays: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(frames, 128, 128) to (frames, 68, 2) chip pixels; NaN where no face is found."""
        return np.stack([self._landmarks(gray, index) for index, gray in enumerate(grays)])

    def close(self) -> None:
        self._finder.close()

    def _landmarks(self, gray: NDArray[np.uint8], index: int) -> NDArray[np.float32]:
        large = cv2.resize(gray, None, fx=self._scale[0], fy=self._scale[1], interpolation=cv2.INTER_CUBIC)
        edge = round(PAD * max(large.shape))
        shown = cv2.copyMakeBorder(large, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        bgr = np.asarray(cv2.cvtColor(shown, cv2.COLOR_GRAY2BGR), np.uint8)
        found = self._finder.landmarks(Frame("chip", index, 0, 0, bgr))
        if not found:
            return np.full((68, 2), np.nan, np.float32)
        # pixel p of a picture made s times larger has its middle at s (p + 0.5) - 0.5
        points = (sixty_eight(found[0][:, :2]) - edge + 0.5) / self._scale - 0.5
        return points.astype(np.float32)


def _prepared(folder: Path, row: dict[str, str], mesh: ChipMesh) -> Clip:
    key = f"{row['sub']}_{row['filename_o']}"
    strip, keys = load_strip(folder / SAMPLES_NAME / f"{key}.npz")
    frames, _ = steadied([strip.chips_u8[at] for at in spread(keys[0], keys[2], FRAMES)])
    flows = [flow_pair(earlier, later) for earlier, later in zip(frames, frames[1:], strict=False)]
    return Clip(
        frames,
        np.stack(flows).transpose(0, 3, 1, 2).astype(np.float16),
        mesh.landmarks(frames),
        int(row["label"]),
        float("nan"),
        strip.chips_u8[list(keys)],
    )


def _make(faces: Sequence[Face], count: int, seed: int, folder: Path) -> None:
    cv2.setNumThreads(1)
    shapes = {
        "frames_u8": (np.uint8, (FRAMES, CHIP_SIZE, CHIP_SIZE)),
        "flow_px": (np.float16, (FRAMES - 1, 2, CHIP_SIZE, CHIP_SIZE)),
        "keys_u8": (np.uint8, (3, CHIP_SIZE, CHIP_SIZE)),
        "landmarks_px": (np.float32, (FRAMES, 68, 2)),
        "labels": (np.int64, ()),
        "amplitudes_px": (np.float32, ()),
    }
    held = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.dtype(kind), (count, *shape))
        for name, (kind, shape) in shapes.items()
    }
    for row in track(range(count), "clips", disable=not _terminal()):
        clip = draw_clip(faces[row % len(faces)], np.random.default_rng((seed, row)))
        held["labels"][row], held["amplitudes_px"][row] = clip.label, clip.amplitude_px
        for name in ("frames_u8", "flow_px", "keys_u8", "landmarks_px"):
            held[name][row] = getattr(clip, name)
    for each in held.values():
        each.flush()
    # Written last: where it stands, the rest is whole.
    np.save(folder / "people.npy", np.array([faces[row % len(faces)].name for row in range(count)]))


def _read(folder: Path) -> Samples:
    arrays = [np.load(folder / f"{each.name}.npy", mmap_mode="r") for each in fields(Samples)]
    return Samples(*arrays)


def _terminal() -> bool:
    return sys.stderr.isatty()
