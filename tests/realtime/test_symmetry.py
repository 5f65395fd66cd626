"""Views keep what a movement is: the maps of the mirrored and of the reversed flow, nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from realtime.errors import FlowInputError
from realtime.maps import direction_map
from realtime.symmetry import symmetric_views
from train.augment import complete, mirror, reverse


@pytest.fixture
def maps_u8():
    flows = np.random.default_rng(0).integers(0, 256, (3, 2, 28, 28, 3), dtype=np.uint8)
    return np.concatenate([flows, direction_map(flows)], axis=1)


def test_the_views_are_those_of_training(maps_u8):
    flows = torch.from_numpy(maps_u8[:, :2]).float()
    wanted = [flows, mirror(flows), reverse(flows), reverse(mirror(flows))]
    views = symmetric_views(maps_u8)
    assert views.shape == (4, 3, 4, 28, 28, 3) and views.dtype == np.uint8
    for view, flow in zip(views, wanted, strict=True):
        np.testing.assert_array_equal(view, complete(flow).numpy())


def test_views_of_a_view_are_the_same_four(maps_u8):
    views = symmetric_views(maps_u8)
    again = symmetric_views(views[3])
    np.testing.assert_array_equal(again, views[::-1])


def test_the_maps_given_stay_as_they_are(maps_u8):
    kept = maps_u8.copy()
    symmetric_views(maps_u8)
    np.testing.assert_array_equal(maps_u8, kept)


@pytest.mark.parametrize(
    "wrong", [np.zeros((1, 4, 28, 28, 3), np.float32), np.zeros((4, 28, 28, 3), np.uint8)]
)
def test_other_layouts_are_refused(wrong):
    with pytest.raises(FlowInputError, match="give uint8"):
        symmetric_views(wrong)
