"""The resting faces that movements are put into: one chip per still, with its mesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.face.alignment import chip_transform, cut_chip, eyes_pose
from realtime.types import CHIP_SIZE, FaceChip, freeze
from train.errors import DatasetError
from train.synth.make import STILL_IOD_PX
from train.synth.people import read_people
from train.synth.split import Material

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One person at rest."""

    name: str
    gray_u8: NDArray[np.uint8]  # (128, 128)
    mesh_px: F32  # (468, 2) on the chip

    @property
    def chip(self) -> FaceChip:
        unmoved = np.eye(2, 3)
        return FaceChip(self.name, 0, 0, 0, self.gray_u8, unmoved, self.mesh_px, 60.0, 1.0, frozenset())


@dataclass(frozen=True, slots=True)
class Look:
    """How a face may differ from its still: how it is cut and lit."""

    shift_px: float = 1.5
    turn_degrees: float = 2.0
    size: float = 0.03
    contrast: float = 0.25
    brightness: float = 20.0

    def __call__(self, face: Face, rng: np.random.Generator) -> Face:
        """The face cut and lit a little differently."""
        middle = (CHIP_SIZE - 1) / 2
        turn, wider = rng.uniform(-1, 1, 2) * (self.turn_degrees, self.size)
        moved = np.asarray(cv2.getRotationMatrix2D((middle, middle), float(turn), 1 + float(wider)))
        moved[:, 2] += rng.uniform(-1, 1, 2) * self.shift_px
        gray = cv2.warpAffine(
            face.gray_u8,
            moved,
            (CHIP_SIZE, CHIP_SIZE),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        contrast = 1 + rng.uniform(-1, 1) * self.contrast
        lit = contrast * (gray.astype(np.float32) - 128) + 128 + rng.uniform(-1, 1) * self.brightness
        mesh = face.mesh_px @ moved[:, :2].T + moved[:, 2]
        return Face(face.name, np.clip(lit, 0, 255).astype(np.uint8), mesh.astype(np.float32))


def read_faces(material: Sequence[Material], faces: Path, kept: Path) -> list[Face]:
    """Found once, then kept in the file `kept`. Raises: DatasetError."""
    if not kept.is_file():
        _keep([found for one in material if (found := _face(faces / one.file)) is not None], kept)
    try:
        with np.load(kept, allow_pickle=False) as held:
            names, grays, meshes = held["names"], held["grays"], held["meshes"]
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(f"{kept} holds no faces ({error}); delete it and run again") from error
    return [Face(str(name), gray, mesh) for name, gray, mesh in zip(names, grays, meshes, strict=True)]


def _face(still: Path) -> Face | None:
    try:
        (person,) = read_people([still], STILL_IOD_PX)
    except DatasetError:
        return None  # shows no face; the other stills remain
    to_chip = chip_transform(eyes_pose(person.landmarks_px))
    mesh = person.landmarks_px @ to_chip[:, :2].T + to_chip[:, 2]
    return Face(person.name, freeze(cut_chip(person.bgr, to_chip)), freeze(mesh.astype(np.float32)))


def _keep(found: Sequence[Face], kept: Path) -> None:
    if not found:
        raise DatasetError(f"no still shows a face; nothing is kept in {kept}")
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        kept,
        names=np.array([face.name for face in found]),
        grays=np.stack([face.gray_u8 for face in found]),
        meshes=np.stack([face.mesh_px for face in found]),
    )
