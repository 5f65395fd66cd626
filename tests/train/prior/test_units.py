"""Which units each class shows."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.types import LABELS
from train.prior.units import CHANCES, CORE, ONE_SIDED, UNITS, WEAK_SIDE, strengths


def drawn(name: str, n: int = 4000):
    return strengths(np.full(n, LABELS.index(name)), np.random.default_rng(0))


@pytest.mark.parametrize("name", LABELS)
def test_a_class_shows_its_core_and_nothing_that_it_may_not(name):
    sides = drawn(name)
    assert sides.shape == (4000, len(UNITS), 2) and sides.dtype == np.float32
    core = [UNITS.index(unit) for unit in CORE[name]]
    assert (sides[:, core].max(axis=2) > 0).any(axis=1).all()
    foreign = [i for i, unit in enumerate(UNITS) if unit not in CHANCES[name] and unit != 45]
    assert not sides[:, foreign].any()


def test_units_come_as_often_as_the_table_says():
    shown = (drawn("negative").max(axis=2) > 0).mean(axis=0)
    # a rare core unit also comes where no other did, so at least as often as its own chance
    assert shown[UNITS.index(20)] == pytest.approx(CHANCES["negative"][20], abs=0.015)
    assert CHANCES["negative"][4] - 0.03 < shown[UNITS.index(4)] < CHANCES["negative"][4] + 0.1


def test_some_movements_are_one_sided():
    sides = drawn("positive")[:, UNITS.index(12)]
    sides = sides[(sides > 0).all(axis=1)]
    share = (sides.min(axis=1) / sides.max(axis=1) < 2.5 * WEAK_SIDE).mean()
    assert share == pytest.approx(ONE_SIDED, abs=0.03)


def test_the_same_draw_twice_and_another_from_another_seed():
    labels = np.arange(30) % 3
    one, again, other = (strengths(labels, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == again).all() and (one != other).any()
