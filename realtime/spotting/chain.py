"""Movement of a face that never rests: followed from picture to picture over short, chained references.

A reference that is learnt at rest goes stale on a talking or turning face. Here a chip is the reference
for some tenths of a second only; what moved until the next one is kept, so that positions go on without a
jump. They drift slowly, which nothing that looks at half a second notices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.face.alignment import eyes_pose, to_face_units
from realtime.spotting.motion import FaceMotion, MotionConfig, Movement
from realtime.spotting.parallax import HEAD_TERMS, UNITS, matcher, without_parallax
from realtime.spotting.regions import REGIONS
from realtime.types import CHIP_SIZE, FaceChip

F32 = NDArray[np.float32]

# What a row holds, in this order; positions in chip pixels unless said otherwise.
ROW_PARTS = {
    "regions": 2 * len(REGIONS),  # each region's x, y
    "units": 2 * len(UNITS),  # how far each action unit goes, left and right
    "head": HEAD_TERMS,  # head motion on the chip: matrix (times half a chip) and shift, yaw, pitch
    "pose": 4,  # head in the frame: x, y, log size, roll, in hundredths of the IOD
    "mesh": 9,  # mouth, lids, brows and turn of the head as the mesh sees them, hundredths of the IOD
    "misfit": 1,  # what the tiles leave unexplained, per cent
}
ROW_SIZE = sum(ROW_PARTS.values())
CHAINED = ROW_PARTS["regions"] + ROW_PARTS["units"] + ROW_PARTS["head"]

_EYES_MOUTH_BROWS = (  # (from, to): distances down or across the face, by mesh points
    ((13,), (14,)),  # lips
    ((61,), (291,)),  # width of the mouth
    ((168,), (152,)),  # chin
    ((159, 158), (145, 153)),  # right eye
    ((386, 385), (374, 380)),  # left eye
    ((105, 66), (133, 33)),  # right brow
    ((334, 296), (362, 263)),  # left brow
)


@dataclass(frozen=True, slots=True)
class ChainConfig:
    """How long a reference lasts."""

    reference_s: float = 0.4

    def __post_init__(self) -> None:
        if self.reference_s <= 0:
            raise ConfigError(f"chain.reference_s must be positive, got {self.reference_s}")


class Chain:
    """Positions of one face's regions, from frame to frame. Not thread-safe: it lives on `analyse`."""

    def __init__(self, motion: MotionConfig, config: ChainConfig, templates: F32) -> None:
        """`templates`: fields of the action units, see `realtime.spotting.parallax.matcher`."""
        self._motion = FaceMotion(motion)
        self._templates = templates
        self._matcher: F32 = np.zeros((0, 0), np.float32)
        self._reference_ns = int(config.reference_s * NS_PER_S)
        self._since_ns = 0
        self._base = np.zeros(CHAINED, np.float32)

    def restart(self, chip: FaceChip) -> None:
        """Positions start at 0 again."""
        self._base[:] = 0
        self._take(chip)

    def step(self, chip: FaceChip) -> F32:
        """(ROW_SIZE,) of the next chip; `restart` comes first."""
        movement = self._motion.step(chip)
        moved = self._base + self._positions(movement)
        row = np.concatenate([moved, mesh_row(chip), [100 * movement.misfit]]).astype(np.float32)
        if chip.t_ns - self._since_ns >= self._reference_ns:
            self._base = moved
            self._take(chip)
        return row

    def _take(self, chip: FaceChip) -> None:
        self._motion.restart(chip)
        self._matcher = matcher(self._templates, self._motion.trust)
        self._since_ns = chip.t_ns

    def _positions(self, movement: Movement) -> F32:
        tiles, head = without_parallax(movement.tiles_px, self._motion.trust)
        head[:6] += (movement.head * np.array([CHIP_SIZE / 2, CHIP_SIZE / 2, 1])).ravel()
        regions = self._motion.regions_of(tiles).ravel()
        return np.concatenate([regions, self._matcher @ tiles.ravel(), head]).astype(np.float32)


def mesh_row(chip: FaceChip) -> F32:
    """(pose + mesh parts) what the face mesh alone says of one chip."""
    pose = eyes_pose(chip.landmarks_px)
    points = to_face_units(pose, chip.landmarks_px)
    iod_px = np.exp(pose[2])
    spans = [
        float(np.linalg.norm(points[list(a)].mean(axis=0) - points[list(b)].mean(axis=0)))
        for a, b in _EYES_MOUTH_BROWS
    ]
    turn = points[[1, 4]].mean(axis=0)  # the tip of the nose goes sideways as the head turns, down as it nods
    at = np.array([pose[0] / iod_px, pose[1] / iod_px, pose[2], pose[3]])
    return np.concatenate([100 * at, 100 * np.array(spans), 100 * turn]).astype(np.float32)
