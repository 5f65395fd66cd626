"""Real clips as material: decoded, cut to the face, their face meshes found once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.face.finder import MESH_POINTS, FaceConfig, FaceFinder
from realtime.movement.model import iod_px
from realtime.sources.file import FileSource
from train.errors import DatasetError
from train.synth.anchors import Meshes, spans_of

Bgr = NDArray[np.uint8]
LARGE_PX = 640 * 480 * 1.5  # larger frames are cut to the face's surroundings
AROUND_IOD = 1.2
WANTED_S = 8.0  # shorter takes go forth and back until they are as long


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """Frames of one clip in memory."""

    frames: list[Bgr]  # each (height, width, 3)
    t_s: NDArray[np.float64]
    meshes: Meshes


def read_take(path: Path) -> Take:
    """The longest stretch of a clip that shows a face. Raises: ClipRejected, DatasetError if none does."""
    whole = _decoded(path)
    runs = spans_of(whole.meshes, whole.t_s)
    if not runs:
        raise DatasetError(f"{path}: shows no face for long enough; it is no material for insertions")
    longest = max(runs, key=lambda run: run.stop - run.start)
    if longest.stop - longest.start < 0.8 * sum(run.stop - run.start for run in runs):
        longest = slice(runs[0].start, runs[-1].stop)  # several good stretches: keep all, cuts too
    take = Take(whole.frames[longest], whole.t_s[longest] - whole.t_s[longest.start], whole.meshes[longest])
    return forth_and_back(cut_to_face(take))


def cut_to_face(take: Take) -> Take:
    """Large frames lose what is far from the face's whole path; nothing is resampled."""
    height, width = take.frames[0].shape[:2]
    if height * width <= LARGE_PX:
        return take
    margin = AROUND_IOD * float(np.median([iod_px(mesh) for mesh in _faces(take.meshes)]))
    low = np.nanmin(take.meshes, axis=(0, 1)) - margin
    high = np.nanmax(take.meshes, axis=(0, 1)) + margin
    left, top = (int(v) // 2 * 2 for v in low.clip(min=0))
    right, bottom = (int(v) // 2 * 2 for v in np.minimum(high, (width, height)))
    frames = [np.ascontiguousarray(frame[top:bottom, left:right]) for frame in take.frames]
    return Take(frames, take.t_s, take.meshes - np.array([left, top], np.float32))


def forth_and_back(take: Take, wanted_s: float = WANTED_S) -> Take:
    """A short take played forth, back, forth ..: longer, without a cut, with its own noise and motion."""
    lasts_s = float(take.t_s[-1])
    if lasts_s >= wanted_s:
        return take
    n = len(take.frames)
    order = [*range(n)]
    while lasts_s * (len(order) - 1) / (n - 1) < wanted_s:
        order += [*range(n - 2, -1, -1)] if order[-1] == n - 1 else [*range(1, n)]
    steps = np.abs(np.diff(take.t_s[order]))
    t_s = np.concatenate([[0.0], np.cumsum(steps)])
    return Take([take.frames[i] for i in order], t_s, take.meshes[order])


def _decoded(path: Path) -> Take:
    finder = FaceFinder(FaceConfig())
    frames: list[Bgr] = []
    meshes: list[NDArray[np.float32]] = []
    t_ns: list[int] = []
    nobody = np.full((MESH_POINTS, 2), np.nan, np.float32)
    try:
        with FileSource(path) as source:
            for frame in source:
                found = finder.landmarks(frame)
                frames.append(frame.bgr)
                meshes.append(found[0][:, :2] if found else nobody)
                t_ns.append(frame.t_ns)
    finally:
        finder.close()
    return Take(frames, (np.array(t_ns) - t_ns[0]) / NS_PER_S, np.stack(meshes))


def _faces(meshes: Meshes) -> Meshes:
    return meshes[~np.isnan(meshes[:, 0, 0])]
