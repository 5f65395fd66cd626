"""Face meshes to put movements on: a mean face and the ways in which faces differ from it.

`shapes.npz` holds the mean of 74 neutral people (Face Research Lab London Set, DeBruine and Jones, CC-BY-4.0)
in face coordinates and its leading principal components; nobody's own mesh is in it. Made by
`python -m train.prior.shapes --faces ../shared/data/faces/neutral`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import FlinchError
from engine.flags import Parser
from realtime.movement.geometry import face_units
from train.errors import DatasetError

SHAPES = Path(__file__).with_name("shapes.npz")
MODES = 12

F32 = NDArray[np.float32]


def made_up_faces(count: int, rng: np.random.Generator) -> F32:
    """(count, 468, 2) meshes in face coordinates (origin between the eyes, x right, y down, IOD)."""
    with np.load(SHAPES, allow_pickle=False) as kept:
        mean, modes = kept["mean"].astype(np.float32), kept["modes"].astype(np.float32)
    shares = rng.standard_normal((count, len(modes))).astype(np.float32)
    return mean + np.einsum("nm,mpc->npc", shares, modes)


def fitted(meshes: F32, modes: int = MODES) -> tuple[F32, F32]:
    """(mean (468, 2), modes (m, 468, 2) scaled to one standard deviation) of meshes (n, 468, 2)."""
    mean = meshes.mean(axis=0)
    flat = (meshes - mean).reshape(len(meshes), -1)
    _, sizes, directions = np.linalg.svd(flat, full_matrices=False)
    scaled = directions[:modes] * (sizes[:modes, None] / np.sqrt(max(len(meshes) - 1, 1)))
    return mean, scaled.reshape(-1, *mean.shape)


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="python -m train.prior.shapes")
    parser.add_argument("--faces", type=Path, required=True, help="folder of neutral stills")
    args = parser.parse_args(argv)
    try:
        mean, modes = fitted(_meshes(args.faces))
    except (FlinchError, OSError) as error:
        print(f"train.prior.shapes: {error}", file=sys.stderr)
        return 2
    np.savez(SHAPES, mean=mean.astype(np.float16), modes=modes.astype(np.float16))
    print(f"{SHAPES}: {len(modes)} modes")
    return 0


def _meshes(folder: Path) -> F32:
    from train.synth.people import read_people  # brings the face finder with it

    stills = sorted(folder.glob("*.jpg"))
    if len(stills) < 2:
        raise DatasetError(f"{folder}: fewer than two .jpg stills; give the folder of neutral faces")
    return np.stack([face_units(person.landmarks_px) for person in read_people(stills)])


if __name__ == "__main__":
    sys.exit(main())
