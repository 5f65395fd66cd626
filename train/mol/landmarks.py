"""The 68 landmarks of the paper on the face mesh.

The paper takes dlib's 68 points (300-W mark-up, Sagonas et al. 2013). Each is represented by the mesh point
(MediaPipe, 468) that lies at the same anatomical place; the jaw line is the mesh's outline, which follows the
visible edge of the face as dlib's does. Right is the person's own, left in the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

JAW = (162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389)  # right to left
BROW_RIGHT, BROW_LEFT = (71, 63, 105, 66, 107), (336, 296, 334, 293, 301)
NOSE_BRIDGE, NOSTRILS = (168, 197, 5, 4), (75, 97, 2, 326, 305)
EYE_RIGHT = (33, 160, 158, 133, 153, 144)  # outer corner, upper lid, inner corner, lower lid
EYE_LEFT = (362, 385, 387, 263, 373, 380)
LIPS_OUTER = (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181)
LIPS_INNER = (78, 82, 13, 312, 308, 317, 14, 87)
MESH_68 = (
    *(*JAW, *BROW_RIGHT, *BROW_LEFT, *NOSE_BRIDGE, *NOSTRILS),
    *(*EYE_RIGHT, *EYE_LEFT, *LIPS_OUTER, *LIPS_INNER),
)

EYES_68 = (slice(36, 42), slice(42, 48))  # of the 68: right eye, left eye
MIRROR_68 = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
)

F32 = NDArray[np.float32]


def sixty_eight(mesh: NDArray[np.float32]) -> F32:
    """(468, 2) mesh points to (68, 2)."""
    return np.asarray(mesh[list(MESH_68)], np.float32)


def eye_middles(landmarks: NDArray[np.float32]) -> F32:
    """(..., 68, 2) to (..., 2, 2): the middles of both eyes' outlines, which stand for the pupils."""
    return np.stack([landmarks[..., eye, :].mean(axis=-2) for eye in EYES_68], axis=-2)


def pupil_distance(landmarks: NDArray[np.float32]) -> F32:
    """(..., 68, 2) to (...)."""
    right, left = np.moveaxis(eye_middles(landmarks), -2, 0)
    return np.asarray(np.linalg.norm(left - right, axis=-1), np.float32)
