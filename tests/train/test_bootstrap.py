"""Intervals over resampled subjects: the values against scikit-learn, whole subjects drawn, bad tables."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from sklearn.metrics import f1_score

from train.bootstrap import interval_of, main, read_tally
from train.report import CLASSES


def write_table(path, samples):
    """Samples are (seed, subject, label, predicted)."""
    with path.open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["seed", "dataset", "subject", "clip", "label", "predicted"])
        for seed, subject, label, predicted in samples:
            lines.writerow([seed, subject.split("/")[0], subject, "x", CLASSES[label], CLASSES[predicted]])
    return path


def drawn(rng, right, seeds=2, subjects=12, each=9):
    """Predictions that are right so often, of two datasets."""
    names = [f"{'smic' if i % 2 else 'samm'}/s{i:02}" for i in range(subjects)]
    samples = []
    for seed in range(seeds):
        for name in names:
            for label in rng.integers(0, 3, each):
                hit = rng.random() < right
                samples.append((seed, name, int(label), int(label if hit else (label + 1) % 3)))
    return samples


def test_the_value_is_the_mean_uf1_of_the_seeds(tmp_path):
    samples = drawn(np.random.default_rng(0), 0.7)
    found = interval_of(read_tally(write_table(tmp_path / "p.csv", samples)))
    of_seed = [np.array([(s[2], s[3]) for s in samples if s[0] == seed]) for seed in (0, 1)]
    assert found.value == pytest.approx(
        np.mean([f1_score(a[:, 0], a[:, 1], average="macro") for a in of_seed])
    )
    assert found.low < found.value < found.high


def test_samples_of_one_subject_go_together(tmp_path):
    """Half of the subjects all right and half all wrong, or every subject half right: the same UF1."""
    apart = [(0, f"smic/s{i:02}", k % 3, (k + (i % 2)) % 3) for i in range(16) for k in range(12)]
    mixed = [(0, f"smic/s{i:02}", k % 3, (k + (k // 3) % 2) % 3) for i in range(16) for k in range(12)]
    far = interval_of(read_tally(write_table(tmp_path / "apart.csv", apart)))
    near = interval_of(read_tally(write_table(tmp_path / "mixed.csv", mixed)))
    assert far.value == pytest.approx(near.value) == pytest.approx(0.5)
    assert near.high - near.low == pytest.approx(0)
    assert far.high - far.low > 0.3


def test_a_difference_is_taken_on_the_same_subjects(tmp_path):
    """Two systems that fail on the same subjects differ for sure, though neither is known well."""
    better = [(0, f"smic/s{i:02}", k % 3, (k + (i % 4 > 1)) % 3) for i in range(16) for k in range(12)]
    worse = [(*one[:3], (one[2] + 1) % 3 if k % 12 == 0 else one[3]) for k, one in enumerate(better)]
    ours, theirs = (
        read_tally(write_table(tmp_path / f"{i}.csv", samples)) for i, samples in enumerate((better, worse))
    )
    alone, difference = interval_of(ours), interval_of(ours, theirs)
    assert difference.value == pytest.approx(interval_of(ours).value - interval_of(theirs).value)
    assert 0 < difference.low < difference.high < alone.high - alone.low
    assert interval_of(ours, ours).high == 0


def test_the_command_prints_each_dataset_and_the_difference(tmp_path, capsys):
    rng = np.random.default_rng(1)
    ours, theirs = (
        write_table(tmp_path / "a.csv", drawn(rng, 0.9)),
        write_table(tmp_path / "b.csv", drawn(rng, 0.4)),
    )
    assert main([str(ours), "--against", str(theirs)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in lines[1:4]] == ["composite", "smic", "samm"]
    difference = [float(x) for x in lines[4].split(": ")[1].replace("to", ",").split(",")]
    assert 0 < difference[1] < difference[0] < difference[2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "no predictions at"),
        ("a,b\n1,2\n", "is no predictions.csv"),
        ("seed,subject,label,predicted\n0,smic/s1,negative,joy\n", "is no predictions.csv"),
        ("seed,subject,label,predicted\n0,smic/s1,negative,negative\n", "holds 1 subject"),
    ],
)
def test_a_table_of_another_kind_is_one_clear_line(tmp_path, capsys, text, says):
    path = tmp_path / "p.csv"
    if text is not None:
        path.write_text(text)
    assert main([str(path)]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert str(path) in error
    assert error.count("\n") == 1


def test_other_subjects_are_not_compared(tmp_path, capsys):
    rng = np.random.default_rng(2)
    few = write_table(tmp_path / "few.csv", drawn(rng, 0.7, subjects=4))
    many = write_table(tmp_path / "many.csv", drawn(rng, 0.7))
    assert main([str(many), "--against", str(few)]) == 2
    assert "other subjects" in capsys.readouterr().err
