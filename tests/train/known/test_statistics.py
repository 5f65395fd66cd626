"""Statistics of maps by hand."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.maps import V, direction_map
from train.known.statistics import agreement, mean_maps, statistics, with_spread


def half_moving() -> np.ndarray:
    """Two samples: v is 100 in the top half of both phases, 0 elsewhere."""
    maps = np.zeros((2, 4, 28, 28, 3), np.uint8)
    maps[:, :2, :7, :, V] = 100
    maps[:, 2:] = 255  # direction maps do not count
    return maps


def test_mean_spread_and_where_the_energy_lies():
    found = statistics(half_moving())
    assert found["u"]["spread"] == found["strain"]["mean"] == 0.0
    v = found["v"]
    assert v["mean"] == 25.0 and v["spread"] == pytest.approx(43.3)
    assert v["still"] == 0.75 and v["brows"] == 1.0 and v["mouth"] == 0.0
    assert v["edge"] == pytest.approx(1 - 5 * 24 / (7 * 28), abs=1e-3)


def test_agreement_of_the_same_maps_and_of_opposite_ones():
    rng = np.random.default_rng(0)
    maps, labels = rng.integers(0, 255, (6, 4, 28, 28, 3)).astype(np.uint8), np.arange(6) % 3
    assert agreement(maps, labels, maps, labels)["surprise"]["v"] == 1.0
    assert agreement(maps, labels, 255 - maps, labels)["negative"]["u"] == -1.0
    assert mean_maps(maps, labels, 1).shape == (2, 28, 28, 3)


def test_shrunk_to_a_spread_around_the_same_median():
    maps = half_moving()
    maps[..., :2, :, :, V] += 50
    shrunk = with_spread(maps, {"strain": 1.0, "v": 20.0, "u": 1.0})
    assert statistics(shrunk)["v"]["spread"] == pytest.approx(20.0, abs=0.5)
    assert (shrunk[:, :2, 10:, :, V] == 50).all(), "what lies still stays"
    np.testing.assert_array_equal(shrunk[:, 2:], direction_map(shrunk[:, :2]))
