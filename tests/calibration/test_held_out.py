"""Who is judged is left out of what is fitted: whole subjects, never single samples."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.reliability import Predictions, _subject_folds, hold_out
from tests.calibration.test_reliability import drawn

SUBJECTS = np.repeat([f"s{i}" for i in range(12)], 5)


@pytest.mark.parametrize("folds", [2, 10, 40])
def test_no_subject_is_split_and_every_row_is_held_out_once(folds):
    inside = np.stack(_subject_folds(SUBJECTS, folds))
    assert len(inside) == min(folds, 12)
    assert (inside.sum(axis=0) == 1).all() and inside.any(axis=1).all()
    for subject in np.unique(SUBJECTS):
        assert len(set(inside.argmax(axis=0)[subject == SUBJECTS])) == 1


def test_what_becomes_of_a_subject_does_not_hang_on_its_own_labels():
    logits, labels = drawn(len(SUBJECTS), 3.0)
    before = hold_out(Predictions(logits, labels, SUBJECTS), 0.8, folds=12)
    assert 0 < before.accepted.mean() < 1
    for subject in np.unique(SUBJECTS):
        own = subject == SUBJECTS
        for said in (logits.argmax(axis=1), logits.argmin(axis=1)):  # all right, all wrong
            turned = np.where(own, said, labels)
            after = hold_out(Predictions(logits, turned, SUBJECTS), 0.8, folds=12)
            np.testing.assert_array_equal(after.chances[own], before.chances[own])
            np.testing.assert_array_equal(after.accepted[own], before.accepted[own])
