"""Unit fields as a chip sees them."""

from __future__ import annotations

import numpy as np
import pytest

from train.prior.fields import SIZE, unit_fields
from train.prior.shapes import made_up_faces
from train.prior.units import UNITS

RIGHT, LEFT = 0, 1


@pytest.fixture(scope="module")
def fields():
    return unit_fields(made_up_faces(1, np.random.default_rng(0))[0])


def strongest(field):
    row, column = np.unravel_index(np.linalg.norm(field, axis=-1).argmax(), field.shape[:2])
    return row * 28 / SIZE, column * 28 / SIZE, field[row, column]


def test_every_unit_and_side_reaches_one(fields):
    assert fields.shape == (len(UNITS), 2, SIZE, SIZE, 2)
    assert np.linalg.norm(fields, axis=-1).max(axis=(2, 3)) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(("unit", "rows", "down"), [(4, (5, 10), 1), (1, (2, 10), -1), (12, (17, 23), -1),
                                                    (15, (18, 24), 1), (17, (20, 28), -1)])  # fmt: skip
def test_units_lie_where_the_published_maps_have_them(fields, unit, rows, down):
    for side in (RIGHT, LEFT):
        row, column, vector = strongest(fields[UNITS.index(unit), side])
        assert rows[0] <= row <= rows[1] and np.sign(vector[1]) == down
        if unit != 17:  # the chin is in the middle
            assert (column < 13.6) == (side == RIGHT), "the person's right lies left in the picture"


def test_sides_mirror_each_other(fields):
    smile = fields[UNITS.index(12)]
    right, left = strongest(smile[RIGHT])[2], strongest(smile[LEFT])[2]
    assert right[0] == pytest.approx(-left[0], abs=0.15) and right[1] == pytest.approx(left[1], abs=0.15)
