"""MediaPipe's own graph: meshes in frame pixels, frames followed or each for itself."""

from __future__ import annotations

import numpy as np

from realtime.face.mesh import MESH_POINTS, MediaPipeMesh
from tests.portrait import frame_of, portrait

BLANK = np.zeros((480, 640, 3), np.uint8)


def test_the_mesh_lies_on_the_face_in_frame_pixels(capfd):
    model = MediaPipeMesh(1, 0.5)
    (mesh,) = model.find(frame_of(portrait()))
    assert mesh.shape == (MESH_POINTS, 3)
    assert mesh.dtype == np.float32
    assert 100 < np.ptp(mesh[:, 0]) < 400
    assert (mesh[:, :2] > 0).all()
    assert mesh[33, 0] < mesh[263, 0]  # the subject's right eye is on the picture's left
    assert model.find(frame_of(BLANK, 1)) == []
    model.close()
    model.close()
    assert capfd.readouterr().err == ""


def test_without_tracking_each_frame_is_for_itself():
    model = MediaPipeMesh(1, 0.5, tracks=False)
    first, second = (model.find(frame_of(portrait(), index))[0] for index in range(2))
    model.close()
    assert np.array_equal(first, second)
