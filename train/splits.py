"""Subject-exclusive splits: no person is ever on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Rows to train on and rows to test on; `name` is stable and fit for a file name."""

    name: str
    train: Rows
    test: Rows


def leave_one_subject_out(subjects: Sequence[str]) -> tuple[Fold, ...]:
    """One fold per subject, in order of first appearance. Raises: ConfigError for a single subject."""
    if len(set(subjects)) < 2:
        who = ", ".join(set(subjects)) or "nobody"
        raise ConfigError(f"only {who}: leaving one out needs two people; name who is who, or join datasets")
    return tuple(_fold(subject.replace("/", "-"), subjects, {subject}) for subject in dict.fromkeys(subjects))


def folds_of(subjects: Sequence[str], labels: Rows, groups: int | None) -> tuple[Fold, ...]:
    """One fold for each subject, or so many groups of whole subjects. Raises: ConfigError."""
    if groups is None:
        return leave_one_subject_out(subjects)
    return grouped_folds(subjects, labels, groups, seed=0)


def grouped_folds(subjects: Sequence[str], labels: Rows, folds: int, seed: int) -> tuple[Fold, ...]:
    """`folds` groups of whole subjects, about equal in size and in classes.

    Subjects are dealt out from the largest, shuffled within equal size, each to the group where it
    keeps the class counts most even.
    """
    names = list(dict.fromkeys(subjects))
    if not 2 <= folds <= len(names):
        raise ConfigError(f"{folds} folds of {len(names)} subjects; give 2 to {len(names)}")
    counts = _class_counts(subjects, labels, names)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    groups: list[set[str]] = [set() for _ in range(folds)]
    totals = np.zeros((folds, counts.shape[1]))
    for subject in order:
        # the sum of squares grows least where this subject's classes are still rare
        cost = ((totals + counts[subject]) ** 2 - totals**2).sum(axis=1)
        group = int(np.argmin(cost))
        groups[group].add(names[subject])
        totals[group] += counts[subject]
    return tuple(_fold(f"group{i:02d}", subjects, group) for i, group in enumerate(groups))


def _class_counts(subjects: Sequence[str], labels: Rows, names: Sequence[str]) -> NDArray[np.float64]:
    counts = np.zeros((len(names), int(labels.max()) + 1))
    where = {name: i for i, name in enumerate(names)}
    for subject, label in zip(subjects, labels, strict=True):
        counts[where[subject], label] += 1
    return counts


def _fold(name: str, subjects: Sequence[str], held_out: set[str]) -> Fold:
    inside = np.array([subject in held_out for subject in subjects])
    return Fold(name, np.flatnonzero(~inside), np.flatnonzero(inside))
