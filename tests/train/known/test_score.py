"""Answers are counted by condition and movement, and the worst crop decides."""

from __future__ import annotations

import numpy as np
import pytest

from train.known.conditions import CROPS, FITTED, MOVEMENTS
from train.known.score import Seen, as_table, joined, right, said, targets, unclear


def seen(names=(FITTED,), amplitudes=(1.0, 2.0)) -> Seen:
    """Every movement of every amplitude under these conditions, on empty maps."""
    rows = [(name, known.name, known.label, px) for name in names for known in MOVEMENTS for px in amplitudes]
    conditions, units, labels, sizes = (np.array(column) for column in zip(*rows, strict=True))
    return Seen(conditions, units, labels, sizes, np.zeros((len(rows), 4, 28, 28, 3), np.uint8))


def test_right_is_counted_by_condition_and_movement():
    shown = seen((FITTED, "rows +1.5"))
    found = right(shown, np.ones_like(shown.labels))  # positive, always
    assert set(found) == {FITTED, "rows +1.5", "fitted, 1 px", "fitted, 2 px"}
    assert found["rows +1.5"]["12"] == 1.0 and found["rows +1.5"]["4"] == 0.0
    assert found[FITTED]["plain"] == pytest.approx(1 / 4)
    assert found[FITTED]["all"] == pytest.approx(1 / 7, abs=1e-4)


def test_what_a_movement_was_taken_for():
    shown = seen(amplitudes=(1.0, 2.0))
    answers = np.where((shown.units == "14") & (shown.amplitudes_px == 2.0), 1, shown.labels)
    found = said(shown, answers)
    assert found["14"] == {"negative": 0.5, "positive": 0.5, "surprise": 0.0}
    assert found["1+2"]["surprise"] == 1.0


def test_unclear_is_counted_under_the_limit():
    shown = seen(amplitudes=(1.0,))
    chances = np.tile([0.5, 0.3, 0.2], (len(shown.labels), 1))
    assert unclear(shown, chances, 0.51) == {FITTED: 1.0} and unclear(shown, chances, 0.5) == {FITTED: 0.0}


def test_targets_take_the_worst_crop():
    found = {name: {"plain": 0.97, "all": 0.90} for name in (FITTED, *CROPS)}
    assert all(row["met"] for row in targets(found).values())
    found["scale +10 %"] = {"plain": 0.93, "all": 0.89}
    judged = targets(found)
    assert judged["worst crop, plain"] == {"lost": 0.04, "at_most": 0.03, "met": False}
    assert judged["worst crop, all"]["met"] and judged["plain"]["met"]


def test_parts_are_joined_in_order_and_shown_as_a_table():
    parts = joined([seen(amplitudes=(1.0,)), seen(("rows +1.5",), amplitudes=(1.0,))])
    assert parts.conditions.tolist() == [FITTED] * len(MOVEMENTS) + ["rows +1.5"] * len(MOVEMENTS)
    assert as_table(right(parts, parts.labels)).row_count == 3, "two conditions, one amplitude"
