"""Where the face is in every frame of a clip, so calmly that a field laid on it does not shake.

Landmarks jitter by a good part of a pixel. The maker of a benchmark may look at the whole clip, so head
pose and face shape are smoothed over time without delay: a Gaussian of some 50 ms, narrow enough for
a talking mouth, wide enough for the jitter.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from realtime.face.alignment import eyes_pose, fit_pose, to_face_units

Meshes = NDArray[np.float32]  # (frames, 468, 2) frame pixels, NaN where there is no face
Poses = NDArray[np.float64]  # (frames, 4) mid-eye x, y; log IOD; roll

POSE_SIGMA_S = 0.05
SHAPE_SIGMA_S = 0.06
JUMP_IOD = 0.5  # a face that is this far away in the next frame: a cut, or another face
LEAST_SPAN_S = 1.0


def spans_of(meshes: Meshes, t_s: NDArray[np.float64], gap_s: float = 0.15) -> list[slice]:
    """Runs of frames that show one face without a cut, long enough to hold a movement."""
    seen = ~np.isnan(meshes[:, 0, 0])
    breaks = ~(seen[1:] & seen[:-1]) | (np.diff(t_s) > gap_s) | _jumps(meshes)
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(t_s)]
    runs = [slice(a, b) for a, b in zip(edges, edges[1:], strict=False) if seen[a]]
    return [run for run in runs if t_s[run][-1] - t_s[run][0] >= LEAST_SPAN_S]


def _jumps(meshes: Meshes) -> NDArray[np.bool_]:
    centre = meshes.mean(axis=1)
    iod = np.linalg.norm(meshes[:, 33] - meshes[:, 263], axis=1)
    away = np.linalg.norm(np.diff(centre, axis=0), axis=1)
    return np.asarray(away > JUMP_IOD * iod[:-1])


def calmed(meshes: Meshes, t_s: NDArray[np.float64]) -> Meshes:
    """(frames, 468, 2) of one span: pose and shape each smoothed over time.

    The pose is the similarity that lays the span's median shape on the landmarks, so that all 468 points
    steady it; the shape is what is left in face units.
    """
    first = np.stack([to_face_units(eyes_pose(mesh), mesh) for mesh in meshes])
    template = np.median(first, axis=0)
    poses = np.stack([fit_pose(template, mesh) for mesh in meshes])
    poses[:, 3] = np.unwrap(poses[:, 3])
    shapes = np.stack([to_face_units(pose, mesh) for pose, mesh in zip(poses, meshes, strict=True)])
    poses, shapes = smoothed(poses, t_s, POSE_SIGMA_S), smoothed(shapes, t_s, SHAPE_SIGMA_S)
    return np.stack([_placed(pose, shape) for pose, shape in zip(poses, shapes, strict=True)])


def smoothed(values: NDArray, t_s: NDArray[np.float64], sigma_s: float) -> NDArray[np.float64]:
    """Local straight lines under a Gaussian in time: no delay, no pull at the ends, uneven times allowed."""
    flat = values.reshape(len(values), -1).astype(np.float64)
    out = np.empty_like(flat)
    for i, t in enumerate(t_s):
        low, high = np.searchsorted(t_s, [t - 4 * sigma_s, t + 4 * sigma_s + 1e-9])
        away = t_s[low:high] - t
        weight = np.exp(-0.5 * (away / sigma_s) ** 2)
        s0, s1, s2 = weight.sum(), (weight * away).sum(), (weight * away**2).sum()
        spread = s0 * s2 - s1 * s1
        kernel = weight * (s2 - s1 * away) / spread if spread > 1e-12 else weight / s0
        out[i] = kernel @ flat[low:high]
    return out.reshape(values.shape)


def _placed(pose: NDArray[np.float64], shape: NDArray[np.float64]) -> NDArray[np.float32]:
    """IOD units -> frame pixels."""
    cosine, sine = math.cos(pose[3]), math.sin(pose[3])
    turn = np.array([[cosine, sine], [-sine, cosine]])
    return (math.exp(pose[2]) * shape @ turn + pose[:2]).astype(np.float32)
