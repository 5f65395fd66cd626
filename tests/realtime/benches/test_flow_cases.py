"""The benchmark's truth is true: pictures moved back by it are the pictures at rest."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from realtime.benches import flow_cases
from realtime.benches.flow_cases import CONDITIONS, Case, cases_of, load_person, people_in
from realtime.errors import SourceError

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def cases(data_dir) -> dict[str, Case]:
    """One person moved by 2 px, by condition."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow_cases, "AMPLITUDES_PX", (2.0,))
        patch.setattr(flow_cases, "NOISE", 0.0)
        return {case.condition: case for case in cases_of(load_person(people_in(data_dir)[0]), 0)}


def difference(first: np.ndarray, second: np.ndarray, flow_hw2: np.ndarray, where: np.ndarray) -> float:
    """Mean difference of the first chip from the second, looked up where the flow leads."""
    y, x = np.mgrid[:128, :128].astype(np.float32)
    back = cv2.remap(second.astype(np.float32), x + flow_hw2[..., 0], y + flow_hw2[..., 1], cv2.INTER_CUBIC)
    return float(np.abs(back - first)[where].mean())


def test_every_condition_once(cases):
    assert tuple(cases) == CONDITIONS


@pytest.mark.parametrize("condition", ["noise", "head"])
@pytest.mark.parametrize("phase", [0, 1])
def test_truth_explains_the_pictures(cases, condition, phase):
    case = cases[condition]
    inner = np.zeros((128, 128), bool)
    inner[8:-8, 8:-8] = case.moved[phase][8:-8, 8:-8]
    first, second = case.chips_u8[phase], case.chips_u8[phase + 1]
    explained = difference(first, second, case.truth_hw2[phase], inner)
    assert explained < 0.35 * difference(first, second, np.zeros_like(case.truth_hw2[phase]), inner)
    assert explained < 1.5


def test_amplitude_is_the_largest_displacement(cases):
    lengths = np.linalg.norm(cases["noise"].truth_hw2, axis=-1)
    assert lengths.max() == pytest.approx(2.0, abs=0.1)
    assert (lengths[cases["noise"].moved] >= 0.4).all()


def test_codecs_show_the_face_with_their_own_errors(cases):
    clean = cases["noise"].chips_u8[0].astype(float)
    for codec in ("h264", "vp8"):
        assert 0 < np.abs(cases[codec].chips_u8[0] - clean).mean() < 4


def test_only_the_apex_is_lit(cases):
    lit, clean = cases["light"].chips_u8, cases["noise"].chips_u8
    assert lit[1].mean() > clean[1].mean() + 5
    np.testing.assert_array_equal(lit[0], clean[0])


def test_reporting_people_are_none_of_the_tuning_people(data_dir):
    assert not {path.name for path in people_in(data_dir)} & {path.name for path in people_in(data_dir, True)}


def test_missing_stills_are_told(tmp_path):
    with pytest.raises(SourceError, match="--data"):
        people_in(tmp_path)


def test_what_is_no_face_is_told(tmp_path):
    (tmp_path / "a.png").write_bytes(b"text")
    with pytest.raises(SourceError, match="no picture"):
        load_person(tmp_path / "a.png")
    cv2.imwrite(str(tmp_path / "b.png"), np.full((300, 300, 3), 128, np.uint8))
    with pytest.raises(SourceError, match="no face"):
        load_person(tmp_path / "b.png")
