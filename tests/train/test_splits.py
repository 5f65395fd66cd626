"""No subject on both sides, every sample tested once."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ConfigError
from train.splits import grouped_folds, leave_one_subject_out

SUBJECTS = ["a/1", "a/1", "b/1", "b/2", "a/2", "b/1", "b/3", "b/3"]
LABELS = np.array([0, 1, 2, 0, 0, 1, 0, 2])


def check(folds):
    subjects = np.array(SUBJECTS)
    for fold in folds:
        assert not set(subjects[fold.train]) & set(subjects[fold.test])
        assert len(fold.train) + len(fold.test) == len(subjects) and len(fold.test) > 0
    tested = np.concatenate([fold.test for fold in folds])
    assert sorted(tested) == list(range(len(subjects)))
    assert len({fold.name for fold in folds}) == len(folds)


def test_one_fold_per_subject_and_equal_numbers_of_other_datasets_stay_apart():
    folds = leave_one_subject_out(SUBJECTS)
    check(folds)
    assert [fold.name for fold in folds] == ["a-1", "b-1", "b-2", "a-2", "b-3"]
    assert folds[1].test.tolist() == [2, 5]


@pytest.mark.parametrize("seed", [0, 1])
def test_groups_of_whole_subjects(seed):
    folds = grouped_folds(SUBJECTS, LABELS, 3, seed)
    check(folds)
    assert max(len(fold.test) for fold in folds) <= 4


def test_groups_are_repeatable_and_depend_on_the_seed():
    many = [f"s{i}" for i in range(30)]
    labels = np.zeros(30, dtype=np.int64)
    first, again, other = (grouped_folds(many, labels, 5, seed) for seed in (0, 0, 1))
    assert [f.test.tolist() for f in first] == [f.test.tolist() for f in again]
    assert [f.test.tolist() for f in first] != [f.test.tolist() for f in other]


def test_groups_of_real_subjects_are_even(data_dir):
    from train.features import read_features

    data = read_features(data_dir / "causalnet-cde")
    counts = np.array(
        [
            np.bincount(data.labels[f.test], minlength=3)
            for f in grouped_folds(data.subjects, data.labels, 10, 0)
        ]
    )
    assert np.ptp(counts, axis=0).max() <= 3


@pytest.mark.parametrize("folds", [1, 6])
def test_impossible_numbers_of_groups(folds):
    with pytest.raises(ConfigError):
        grouped_folds(SUBJECTS, LABELS, folds, 0)


def test_a_single_person_cannot_be_left_out():
    with pytest.raises(ConfigError, match="only a/1: leaving one out needs two people"):
        leave_one_subject_out(["a/1", "a/1"])
