"""UF1, UAR and ACC against scikit-learn, and what zero division means."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from train.metrics import confusion, scores, uf1


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(60) % 3)
    predicted = np.where(rng.random(60) < 0.6, truth, rng.integers(0, 3, 60))
    found = scores(truth, predicted)
    assert found.uf1 == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert found.uar == pytest.approx(recall_score(truth, predicted, average="macro"))
    assert found.acc == pytest.approx(accuracy_score(truth, predicted))
    np.testing.assert_array_equal(confusion(truth, predicted), confusion_matrix(truth, predicted))


def test_uf1_of_many_confusions_at_once():
    rng = np.random.default_rng(9)
    truth, predicted = rng.integers(0, 3, (2, 4, 30))
    many = np.stack([confusion(t, p) for t, p in zip(truth, predicted, strict=True)]).reshape(2, 2, 3, 3)
    each = [f1_score(t, p, average="macro") for t, p in zip(truth, predicted, strict=True)]
    np.testing.assert_allclose(uf1(many), np.reshape(each, (2, 2)))


def test_a_class_never_predicted_counts_as_zero():
    truth, predicted = np.array([0, 1, 2, 2]), np.array([0, 1, 1, 1])
    found = scores(truth, predicted)
    assert found.uf1 == pytest.approx(f1_score(truth, predicted, average="macro", zero_division=0))
    assert found.uar == pytest.approx(2 / 3)


def test_an_absent_class_has_f1_zero_and_no_recall():
    truth = predicted = np.array([0, 0, 1])
    found = scores(truth, predicted)
    assert found.uf1 == pytest.approx(2 / 3)
    assert found.uar == 1.0
    labels = [0, 1, 2]
    assert found.uf1 == pytest.approx(
        f1_score(truth, predicted, labels=labels, average="macro", zero_division=0)
    )
