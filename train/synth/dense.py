"""The exact truth of every pixel: where the resting face of each frame went."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.movement.model import Field, Movement
from train.synth.scene import Scene, moved_at


def write_dense(
    path: Path, scene: Scene, movements: Sequence[Movement], come: Sequence[tuple[int, int]]
) -> None:
    """Writes an .npz about the delivered frames `come`, as (time of, picture of) pairs.

    `landmarks_px` (frames, 468, 2): of the face as if nothing had been put into it, NaN without a face.
    `moving` (n,): the frames in which something moves. `corner_px` (2,): x, y of a box that holds it all.
    `displacement_px` (n, height, width, 2) float16: from each pixel of the untouched frame, within the box,
    to where it went; x right, y down. What the clip itself does from frame to frame is not in it.
    """
    nobody = np.full((468, 2), np.nan, np.float32)
    faces = [scene.landmarks(what) for _, what in come]
    fields: dict[int, Field] = {}
    for i, (_, what) in enumerate(come):
        moved = moved_at(movements, float(scene.t_s[what]))
        if moved is not None:
            fields[i] = scene.displacement(what, moved)
    rows, columns = _box(list(fields.values()), scene.shape)
    boxed = [field[rows, columns].astype(np.float16) for field in fields.values()]
    np.savez_compressed(
        path,
        landmarks_px=np.stack([nobody if face is None else face for face in faces]),
        moving=np.array(list(fields), np.int64),
        corner_px=np.array([columns.start, rows.start]),
        displacement_px=np.stack(boxed) if boxed else np.zeros((0, *scene.shape, 2), np.float16),
    )


def _box(fields: Sequence[NDArray[np.float32]], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns outside which no field moves anything."""
    touched = np.zeros(shape, np.bool_)
    for field in fields:
        touched |= np.abs(field).max(axis=2) > 0
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    if not rows.size:
        return slice(0, shape[0]), slice(0, shape[1])
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
