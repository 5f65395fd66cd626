"""Made-up maps look like published ones."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ConfigError
from train.features import read_features
from train.prior.made_up import PriorConfig, made_up_maps

FEW = PriorConfig(samples=240, faces=3)
STRAIN, V, U = 0, 1, 2


@pytest.fixture(scope="module")
def few():
    return made_up_maps(FEW, 0)


def test_layout_and_classes(few):
    maps, labels = few
    assert maps.shape == (240, 2, 28, 28, 3) and maps.dtype == np.uint8 and labels.shape == (240,)
    shares = np.bincount(labels, minlength=3) / len(labels)
    assert shares == pytest.approx(FEW.class_shares, abs=0.1)


def test_a_seed_gives_the_same_maps(few):
    again, _ = made_up_maps(FEW, 0)
    other, _ = made_up_maps(FEW, 1)
    assert (again == few[0]).all() and (other != few[0]).any()


def test_the_way_back_goes_the_other_way():
    calm = PriorConfig(samples=60, faces=1, head=0, fine=0, coarse=0)
    flows = made_up_maps(calm, 0)[0][..., V].astype(float).reshape(60, 2, -1)
    flows -= np.median(flows, axis=2, keepdims=True)
    alike = [np.corrcoef(first, second)[0, 1] for first, second in flows]
    assert np.median(alike) < -0.9


def test_classes_move_where_they_should():
    maps, labels = made_up_maps(PriorConfig(samples=300, faces=2, head=0, fine=0, coarse=0), 0)
    v = maps[:, 0, ..., V].astype(float)
    v -= np.median(v, axis=(1, 2), keepdims=True)
    brows, corners = v[:, 4:9, 8:20].mean(axis=(1, 2)), v[:, 16:22, 6:21].mean(axis=(1, 2))
    negative, positive, surprise = (labels == label for label in range(3))
    assert brows[surprise].mean() < -10 < brows[negative].mean(), "surprise raises the brows"
    assert corners[positive].mean() < corners[surprise].mean() - 10, "a smile raises the corners"


def test_statistics_lie_near_those_of_the_published_maps(few, data_dir):
    published = read_features(data_dir / "causalnet-cde").maps_u8[:, :2]
    ours, theirs = (maps.astype(float).std(axis=(2, 3)).mean(axis=(0, 1)) for maps in (few[0], published))
    assert ours[V] == pytest.approx(theirs[V], rel=0.4) and ours[U] == pytest.approx(theirs[U], rel=0.4)


@pytest.mark.parametrize("wrong", [{"steps": -1}, {"faces": 0}, {"head": -0.1}, {"class_shares": (1.0, 1.0)}])
def test_refusals(wrong):
    with pytest.raises(ConfigError, match="prior"):
        PriorConfig(**wrong)
