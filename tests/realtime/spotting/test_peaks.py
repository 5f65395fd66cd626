from __future__ import annotations

import numpy as np
import pytest

from realtime.spotting.outputs import OUTPUTS
from realtime.spotting.peaks import CONFIRM_STEPS, Peaks, Said

STEP = 20_000_000


def said(step: int, evidence: float, since=(0.4, 0.2, 0.1)) -> Said:
    outputs = np.zeros(len(OUTPUTS), np.float32)
    outputs[OUTPUTS.index("offset")] = evidence
    outputs[-3:] = np.array(since) * 10
    return Said(step * STEP, outputs)


def peaks_of(evidence, told=True, **more):
    peaks, found = Peaks(0.5, 40_000_000), []
    for step, value in enumerate(evidence):
        one = peaks.add(said(step, value, **more))
        if one is not None:
            found.append((step, one))
            if told:
                peaks.told(one)
    return found


def test_a_peak_is_told_once_it_is_over():
    bump = [0.1] * 10 + [0.4, 0.8, 0.9, 0.6, 0.3] + [0.1] * 10
    ((step, found),) = peaks_of(bump)
    assert step == 12 + CONFIRM_STEPS
    assert found.evidence == pytest.approx(0.9)
    # the mean of the peak's neighbours, which stand a step before and after it
    assert found.onset_ns == pytest.approx(12 * STEP - 400_000_000, abs=STEP)
    assert found.offset_ns - found.onset_ns == pytest.approx(300_000_000, abs=10)


def test_the_surer_a_step_is_the_more_it_counts_in_where_a_movement_lies():
    around = [
        said(20, 0.3, since=(0.30, 0.20, 0.10)),  # of 0.40 s: onset 0.10, apex 0.20, offset 0.30
        said(21, 0.9, since=(0.24, 0.18, 0.06)),  # of 0.42 s: 0.18, 0.24, 0.36; counts three times
        said(22, 0.6, since=(0.31, 0.18, 0.08)),  # of 0.44 s: 0.13, 0.26, 0.36; twice
    ]
    peaks = Peaks(0.5, 40_000_000)
    quiet = [said(step, 0.0) for step in range(10, 20)]
    (found,) = filter(None, map(peaks.add, [*quiet, *around, said(23, 0.0)]))
    places_ms = [round(ns / 1e6, 3) for ns in (found.onset_ns, found.apex_ns, found.offset_ns)]
    assert places_ms == [150, 240, 350]


@pytest.mark.parametrize("since", [(0.11, 0.1, 0.09), (0.9, 0.4, 0.1)])
def test_what_lasts_too_short_or_too_long_is_no_micro_expression(since):
    assert peaks_of([0.1] * 10 + [0.9] + [0.1] * 10, since=since) == []


def test_weak_evidence_is_none_and_one_movement_is_told_once():
    assert peaks_of([0.1] * 10 + [0.45] + [0.1] * 10) == []
    twice = [0.1] * 10 + [0.9] + [0.1] * 6 + [0.8] + [0.1] * 10
    assert len(peaks_of(twice)) == 1  # 140 ms apart, 300 ms long


def test_of_two_that_overlap_the_second_is_told_only_if_it_is_surer():
    def both(first: float, second: float) -> list[float]:
        return [
            found.evidence for _, found in peaks_of([0.1] * 10 + [first] + [0.1] * 6 + [second] + [0.1] * 10)
        ]

    assert both(0.9, 0.8) == pytest.approx([0.9])
    assert both(0.8, 0.9) == pytest.approx([0.8, 0.9])


def test_a_movement_that_was_not_told_stands_in_no_other_ones_way():
    evidence = [0.1] * 10 + [0.9] + [0.1] * 6 + [0.8] + [0.1] * 10
    assert len(peaks_of(evidence, told=False)) == 2
