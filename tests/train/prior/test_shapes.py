"""The mean face and its modes."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.movement.geometry import PLACES
from train.prior import shapes


def test_made_up_faces_are_faces():
    faces = shapes.made_up_faces(50, np.random.default_rng(0))
    assert faces.shape == (50, 468, 2) and np.isfinite(faces).all()
    brow, corner, chin = (faces[:, list(PLACES[name].right or PLACES[name].middle)].mean(axis=1)
                          for name in ("brow_inner", "lip_corner", "chin"))  # fmt: skip
    assert (brow[:, 1] < 0).all() and (corner[:, 1] > 0.6).all() and (chin[:, 1] > corner[:, 1]).all()
    assert (corner[:, 0] < 0).all(), "the person's right lies left in the picture"
    eyes = faces[:, [33, 133]].mean(axis=1), faces[:, [362, 263]].mean(axis=1)
    assert np.linalg.norm(eyes[1] - eyes[0], axis=1) == pytest.approx(1.0, abs=0.05)


def test_no_two_are_alike():
    faces = shapes.made_up_faces(2, np.random.default_rng(0))
    assert np.abs(faces[0] - faces[1]).max() > 0.02


def test_modes_describe_the_meshes_they_were_fitted_to():
    rng = np.random.default_rng(3)
    mean, ways = rng.random((468, 2)), rng.standard_normal((2, 468, 2)) * [[[0.1]], [[0.02]]]
    meshes = mean + np.einsum("nm,mpc->npc", rng.standard_normal((400, 2)), ways)
    found, modes = shapes.fitted(meshes.astype(np.float32), modes=2)
    assert found == pytest.approx(meshes.mean(axis=0), abs=1e-5)
    size = [np.linalg.norm(mode) for mode in modes]
    assert size[0] == pytest.approx(np.linalg.norm(ways[0]), rel=0.15)
    assert size[1] == pytest.approx(np.linalg.norm(ways[1]), rel=0.15)


def test_a_folder_without_stills_is_one_line(tmp_path, capsys):
    assert shapes.main(["--faces", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
