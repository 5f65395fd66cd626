"""The landmark model by itself: MediaPipe's points, its search only where a face is still to be found."""

from __future__ import annotations

import importlib.util

import cv2
import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.face import tracked_mesh
from realtime.face.finder import FaceConfig, FaceFinder
from realtime.face.mesh import MediaPipeMesh
from realtime.face.tracked_mesh import SIDE, TrackedMesh, rectangle
from tests.portrait import frame_of, mesh, portrait

BLANK = np.zeros((480, 640, 3), np.uint8)


class Search:
    """Stands in for MediaPipe: gives what is written, and counts how often it was asked."""

    def __init__(self, *meshes):
        self.meshes = list(meshes)
        self.asked = 0
        self.closed = False

    def find(self, frame):
        self.asked += 1
        return self.meshes

    def close(self):
        self.closed = True


def shifted(x, y, degrees=0.0):
    matrix = cv2.getRotationMatrix2D((320, 240), degrees, 1.0)
    matrix[:, 2] += x, y
    return cv2.warpAffine(portrait(), matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE)


def steps():
    """A head that moves by some pixels and turns by some degrees a frame, and leans out of the picture."""
    return [shifted(4.0 * i, -6.0 * i, 1.5 * i) for i in range(25)]


def test_its_points_are_those_of_the_whole_graph():
    ours, graph = TrackedMesh(1, 0.5, 0.2), MediaPipeMesh(1, 0.5)
    for index, picture in enumerate(steps()):
        frame = frame_of(picture, index)
        (a,), (b,) = ours.find(frame), graph.find(frame)
        assert np.abs(a - b)[:, :2].mean() < 0.05, index
        assert np.abs(a - b).max() < 0.5, index
    ours.close()
    graph.close()


def test_a_face_that_is_followed_is_not_searched_for():
    search = Search(mesh())
    model = TrackedMesh(1, 0.5, 0.2, search)
    found = [model.find(frame_of(portrait(), index)) for index in range(5)]
    assert search.asked == 1
    assert all(np.abs(meshes[0] - mesh())[:, :2].mean() < 1 for meshes in found)
    model.close()
    assert search.closed


def test_a_face_that_is_gone_is_let_go_and_searched_for_in_every_frame():
    search = Search(mesh())
    model = TrackedMesh(1, 0.5, 0.2, search)
    model.find(frame_of(portrait(), 0))
    search.meshes = []
    assert [model.find(frame_of(BLANK, index)) for index in range(1, 4)] == [[], [], []]
    assert search.asked == 4
    search.meshes = [mesh()]
    assert len(model.find(frame_of(portrait(), 4))) == 1


def test_further_faces_are_searched_for_now_and_then():
    search = Search(mesh())
    model = TrackedMesh(2, 0.5, 0.2, search)
    for index in range(31):
        assert len(model.find(frame_of(portrait(), index))) == 1
    assert search.asked == 6  # at 0 s, and every 0.2 s up to 1 s


def test_two_faces_are_followed_and_each_is_given_once():
    picture = np.hstack([portrait()[:, 160:480]] * 2)
    left, right = (mesh() + np.array([x, 0, 0], np.float32) for x in (-160, 160))
    search = Search(left, right, left + np.float32(3))
    model = TrackedMesh(3, 0.5, 10.0, search)
    assert len(model.find(frame_of(picture, 0))) == 2
    a, b = model.find(frame_of(picture, 1))
    assert search.asked == 1
    assert np.median(b[:, 0] - a[:, 0]) == pytest.approx(320, abs=2)


def test_two_models_agree_to_the_bit():
    runs = []
    for _ in range(2):
        model = TrackedMesh(1, 0.5, 0.2, Search(mesh()))
        runs.append([model.find(frame_of(picture, i))[0] for i, picture in enumerate(steps()[:6])])
    assert np.array_equal(*runs)


@pytest.mark.parametrize("degrees", [0.0, 30.0, -75.0, 170.0])
def test_the_rectangle_holds_the_face_upright(degrees):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = mesh().copy()
    points[:, :2] = (points[:, :2] - (320, 240)) @ turn.T + (320, 240)
    to_picture = cv2.invertAffineTransform(rectangle(points))
    inside = points[:, :2] @ to_picture[:, :2].T + to_picture[:, 2]
    across = inside[263] - inside[33]
    assert across[1] == pytest.approx(0, abs=1e-3)
    assert across[0] > 0
    assert inside.min() > 0
    assert inside.max() < SIDE


def not_installed():
    raise ImportError("no openvino")


def test_the_configured_model_runs_and_mediapipe_steps_in(monkeypatch):
    monkeypatch.setattr(tracked_mesh, "MediaPipeMesh", lambda *args, **settings: Search())
    assert isinstance(FaceFinder(FaceConfig())._mesh, TrackedMesh)
    graph = FaceFinder(FaceConfig(model="mediapipe"))
    monkeypatch.setattr(tracked_mesh, "openvino_core", not_installed)
    without = FaceFinder(FaceConfig())
    for finder in (graph, without):
        assert isinstance(finder._mesh, MediaPipeMesh)
        finder.close()


def test_a_model_that_cannot_be_read_is_one_line(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("mediapipe", tmp_path / "__init__.py")
    monkeypatch.setattr(tracked_mesh, "find_spec", lambda name: spec)
    with pytest.raises(ConfigError, match="face.model = 'mediapipe'"):
        TrackedMesh(1, 0.5, 0.2, Search())
