from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from train.mol.clips import Clip, draw_clip
from train.mol.data import Samples, joined
from train.mol.faces import Face, read_faces
from train.synth.split import Material

STILL = "stills/london_001_neutral.jpg"


@pytest.fixture(scope="session")
def face(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Face:
    kept = tmp_path_factory.mktemp("faces") / "faces.npz"
    (found,) = read_faces([Material("still", STILL, "london_001", "reporting")], data_dir / "faces", kept)
    (again,) = read_faces([], Path(), kept)  # from the file alone
    np.testing.assert_array_equal(found.gray_u8, again.gray_u8)
    return again


@pytest.fixture(scope="session")
def clips(face: Face) -> list[Clip]:
    return [draw_clip(face, np.random.default_rng((9, row))) for row in range(6)]


@pytest.fixture(scope="session")
def samples(clips: list[Clip]) -> Samples:
    return joined(clips, [f"person{row}" for row in range(len(clips))])
