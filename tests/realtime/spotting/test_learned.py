from __future__ import annotations

import numpy as np
import pytest

from engine.spotter import SpotterNet, read_spotter_card
from realtime.errors import ConfigError
from realtime.spotting import Spotter, spotter_maker
from realtime.spotting.learned import CONFIRM_STEPS, LearnedSpotter, Peaks, Said
from realtime.spotting.outputs import OUTPUTS
from realtime.spotting.spotter import SpotterConfig
from realtime.types import Flag, Kind
from tests.portrait import chip_of
from tests.realtime.spotting.test_spotter import BROW_REGION, film, overlap, picture, run, times_s

STEP = 20_000_000


def learned(**config) -> LearnedSpotter:
    return LearnedSpotter(SpotterConfig(**config), SpotterNet(read_spotter_card()))


def said(step: int, evidence: float, since=(0.4, 0.2, 0.1)) -> Said:
    outputs = np.zeros(len(OUTPUTS), np.float32)
    outputs[OUTPUTS.index("offset")] = evidence
    outputs[-3:] = np.array(since) * 10
    return Said(step * STEP, outputs)


def peaks_of(evidence, **more):
    peaks = Peaks(0.5, 40_000_000)
    found = [(step, peaks.add(said(step, value, **more))) for step, value in enumerate(evidence)]
    return [(step, one) for step, one in found if one is not None]


def test_a_peak_is_told_once_it_is_over():
    bump = [0.1] * 10 + [0.4, 0.8, 0.9, 0.6, 0.3] + [0.1] * 10
    ((step, found),) = peaks_of(bump)
    assert step == 12 + CONFIRM_STEPS
    assert found.evidence == pytest.approx(0.9)
    # the mean of the peak's neighbours, which stand a step before and after it
    assert found.onset_ns == pytest.approx(12 * STEP - 400_000_000, abs=STEP)
    assert found.offset_ns - found.onset_ns == pytest.approx(300_000_000, abs=10)


@pytest.mark.parametrize("since", [(0.11, 0.1, 0.09), (0.9, 0.4, 0.1)])
def test_what_lasts_too_short_or_too_long_is_no_micro_expression(since):
    assert peaks_of([0.1] * 10 + [0.9] + [0.1] * 10, since=since) == []


def test_weak_evidence_is_none_and_one_movement_is_told_once():
    assert peaks_of([0.1] * 10 + [0.45] + [0.1] * 10) == []
    twice = [0.1] * 10 + [0.9] + [0.1] * 6 + [0.8] + [0.1] * 10
    assert len(peaks_of(twice)) == 1  # 140 ms apart, 300 ms long


def test_a_brief_movement_is_found_where_it_was():
    signals, windows, _ = run(film([(1.5, 1.65, 1.9)], 2.6), learned())
    micro = [window for window in windows if window.kind is Kind.MICRO]
    assert len(micro) == 1
    onset, apex, offset = times_s(micro[0])
    assert overlap((onset, offset), (1.5, 1.9)) > 0.6 and onset < apex < offset
    assert offset - onset <= 0.5
    assert (micro[0].emitted_ns / 1e9) - 1.9 < 0.25
    assert int(np.argmax(micro[0].regions_px)) == BROW_REGION
    assert max(signal.score for signal in signals) >= signals[0].threshold


def test_rest_and_a_long_movement_are_no_micro_expression():
    _, windows, _ = run(film([], 2.0), learned())
    assert windows == []
    _, windows, _ = run(film([(1.0, 2.0, 3.0)], 3.6), learned())
    assert [window.kind for window in windows] == [Kind.MACRO]


class Scripted:
    """A network that says one movement, and what it takes it for."""

    def __init__(self, **likely: float) -> None:
        real = SpotterNet(read_spotter_card())
        self.card, self.templates, self._likely = real.card, real.templates, likely

    def start(self):
        return 0

    def step(self, features, past):
        outputs = said(past, 0.95 if past == 80 else 0.05, since=(0.5, 0.3, 0.1)).outputs
        for name, probability in self._likely.items():
            outputs[OUTPUTS.index(name)] = probability if 60 < past < 76 else 0.1
        return outputs, past + 1


@pytest.mark.parametrize(("likely", "flags"), [
    ({"speech": 0.9}, {Flag.SPEECH}), ({"blink": 0.4, "head_motion": 0.85}, {Flag.HEAD_MOTION}), ({}, set())
])  # fmt: skip
def test_what_the_network_takes_for_something_else_is_flagged(likely, flags):
    spotter = LearnedSpotter(SpotterConfig(), Scripted(**likely))
    _, windows, _ = run(film([(1.2, 1.35, 1.6)], 2.2), spotter)
    assert [window.flags for window in windows if window.kind is Kind.MICRO] == [flags]


def test_it_is_armed_once_the_face_was_seen_and_not_while_it_is_turned():
    def turned(t):
        return frozenset({Flag.YAW} if t > 1.2 else ())

    signals, windows, _ = run(film([(1.3, 1.45, 1.7)], 2.2, flags=turned), learned())
    armed = [signal.armed for signal in signals]
    assert not any(armed[:15]) and all(armed[16:36]) and not any(armed[37:])
    assert windows == []


def test_after_a_gap_it_starts_anew():
    chips = list(film([], 2.0))
    signals, _, _ = run(chips[:20] + chips[40:], learned())
    assert signals[19].armed and not signals[20].armed


def test_two_runs_agree_to_the_bit():
    first, second = (run(film([(1.2, 1.35, 1.6)], 2.0), learned())[0] for _ in range(2))
    assert [signal.score for signal in first] == [signal.score for signal in second]


def test_memory_is_bounded():
    spotter = learned()
    run(film([], 3.0), spotter)
    assert len(spotter._kept) <= 61


def test_rebaseline_starts_anew():
    spotter = learned()
    run(film([], 1.0), spotter)
    spotter.rebaseline()
    signal, windows = spotter.step(chip_of(picture(1.0), 30))
    assert windows == () and not signal.armed


def test_either_spotter_by_its_name():
    assert type(spotter_maker(SpotterConfig(kind="rules"))()) is Spotter
    assert type(spotter_maker(SpotterConfig(kind="learned"))()) is LearnedSpotter
    for wrong in ({"evidence": 1.5}, {"cause": 0.0}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            SpotterConfig(**wrong)
