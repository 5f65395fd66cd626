"""Intersection over union of spans of time and of frames."""

from __future__ import annotations

import pytest

from train.overlap import iou


@pytest.mark.parametrize(
    ("one", "other", "step", "expected"),
    [
        ((0.0, 2.0), (1.0, 3.0), 0, 1 / 3),
        ((0.0, 2.0), (0.0, 2.0), 0, 1.0),
        ((0.0, 4.0), (1.0, 2.0), 0, 1 / 4),  # one inside the other
        ((0.0, 1.0), (1.0, 2.0), 0, 0.0),  # they touch
        ((0.0, 1.0), (5.0, 6.0), 0, 0.0),
        ((1.0, 1.0), (1.0, 1.0), 0, 0.0),  # neither lasts
        ((1, 10), (6, 15), 1, 5 / 15),  # frames, both ends included
        ((1, 5), (5, 9), 1, 1 / 9),  # the shared frame counts
        ((3, 3), (3, 3), 1, 1.0),
        ((1, 5), (6, 9), 1, 0.0),
    ],
)
def test_share_of_what_either_covers(one, other, step, expected):
    assert iou(one, other, step=step) == iou(other, one, step=step) == pytest.approx(expected)
