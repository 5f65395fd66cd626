from __future__ import annotations

import numpy as np
import pytest

from engine.spotter import SPOTTER_FOLDER, SpotterNet, read_spotter_card
from realtime.errors import ConfigError, ModelFileError
from realtime.spotting import Spotter, spotter_maker
from realtime.spotting.learned import LearnedSpotter
from realtime.spotting.outputs import OUTPUTS
from realtime.spotting.regions import REGIONS
from realtime.spotting.rest import RestConfig
from realtime.spotting.spotter import SpotterConfig
from realtime.types import Flag, Kind
from tests.portrait import chip_of
from tests.realtime.spotting.test_peaks import said
from tests.realtime.spotting.test_spotter import BROW_REGION, film, overlap, picture, run, times_s


def learned(**config) -> LearnedSpotter:
    return LearnedSpotter(SpotterConfig(**config), SpotterNet(read_spotter_card()))


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


def test_a_movement_was_said_at_the_frame_that_showed_it_to_have_ended():
    spotter, said_at = LearnedSpotter(SpotterConfig(), Scripted({}, DURING)), []
    for chip in film([(1.2, 1.35, 1.6)], 2.2):
        for window in spotter.step(chip)[1]:
            said_at.append(window.emitted_ns)
            assert window.emitted_ns == chip.t_ns > window.chips[-1].t_ns
    assert len(said_at) == 1


@pytest.mark.parametrize("step", range(78, 82))
def test_evidence_between_two_frames_is_in_the_signal_too(step):
    class Sure(Scripted):
        def step(self, features, past):
            return said(past, 0.95 if past == step else 0.05).outputs, past + 1

    signals, _, _ = run(film([], 2.2), LearnedSpotter(SpotterConfig(), Sure({}, DURING)))
    assert [round(signal.score, 2) for signal in signals].count(0.95) == 1


def test_rest_and_a_long_movement_are_no_micro_expression():
    _, windows, _ = run(film([], 2.0), learned())
    assert windows == []
    _, windows, _ = run(film([(1.0, 2.0, 3.0)], 3.6), learned())
    assert [window.kind for window in windows] == [Kind.MACRO]


class Scripted:
    """A network that says one movement, grid steps 55 to 75, and what it takes the face for in some steps."""

    def __init__(self, likely: dict[str, float], steps: range, evidence: float = 0.95) -> None:
        real = SpotterNet(read_spotter_card())
        self.card, self.templates, self._likely, self._steps = real.card, real.templates, likely, steps
        self._evidence = evidence

    def start(self):
        return 0

    def step(self, features, past):
        outputs = said(past, self._evidence if past == 80 else 0.05, since=(0.5, 0.3, 0.1)).outputs
        for name, probability in self._likely.items():
            outputs[OUTPUTS.index(name)] = probability if past in self._steps else 0.1
        return outputs, past + 1


SEEN = frozenset({Flag.SPEECH, Flag.HEAD_MOTION, Flag.LIGHT_CHANGE})
DURING, BEFORE, AFTER, LONG_BEFORE = range(61, 76), range(43, 50), range(79, 82), range(20, 38)


@pytest.mark.parametrize(("likely", "steps", "flags"), [
    ({"speech": 0.9}, DURING, {Flag.SPEECH}),
    ({"blink": 0.4, "head_motion": 0.85}, DURING, {Flag.HEAD_MOTION}),
    ({}, DURING, set()),
    ({"speech": 0.9, "blink": 0.9}, BEFORE, {Flag.SPEECH}),
    ({"speech": 0.9, "head_motion": 0.9}, AFTER, {Flag.SPEECH}),
    ({"speech": 0.9}, LONG_BEFORE, set()),
])  # fmt: skip
def test_what_the_network_takes_for_something_else_is_flagged(likely, steps, flags):
    spotter = LearnedSpotter(SpotterConfig(sure=0.97), Scripted(likely, steps))
    _, windows, _ = run(film([(1.2, 1.35, 1.6)], 2.2), spotter)
    assert [window.flags for window in windows if window.kind is Kind.MICRO] == [flags]


@pytest.mark.parametrize(("evidence", "left"), [(0.69, set(SEEN)), (0.71, {Flag.LIGHT_CHANGE})])
def test_what_it_is_sure_of_is_flagged_only_for_how_it_was_seen(evidence, left):
    spotter = LearnedSpotter(SpotterConfig(sure=0.7), Scripted({"head_motion": 0.9}, DURING, evidence))
    _, windows, _ = run(film([(1.2, 1.35, 1.6)], 2.2, flags=lambda t: SEEN - {Flag.HEAD_MOTION}), spotter)
    assert [window.flags for window in windows if window.kind is Kind.MICRO] == [left]


def test_a_brief_movement_counts_even_where_its_apex_was_misplaced():
    late = LearnedSpotter(SpotterConfig(), Scripted({}, DURING))  # says: apex at 1.3 s
    _, windows, _ = run(film([(1.1, 1.18, 1.26)], 2.2), late)
    (micro,) = [window for window in windows if window.kind is Kind.MICRO]
    assert int(np.argmax(micro.regions_px)) == BROW_REGION


@pytest.mark.parametrize(("person_px", "told"), [(0.02, True), (1.5, False)])
def test_a_person_who_trembles_more_must_move_more(person_px, told):
    rest = RestConfig(person_px=(person_px,) * len(REGIONS))
    _, windows, _ = run(film([(1.5, 1.65, 1.9)], 2.6), learned(rest=rest))
    assert any(window.kind is Kind.MICRO for window in windows) == told


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


def test_at_200_frames_a_second_every_second_one_is_followed_and_a_movement_is_found(monkeypatch):
    spotter, followed = learned(), []
    step = spotter._chain.step
    monkeypatch.setattr(spotter._chain, "step", lambda chip: followed.append(chip.t_ns) or step(chip))
    signals, windows, _ = run(film([(1.5, 1.65, 1.9)], 2.6, fps=200), spotter)
    assert len(signals) == 520 and len(followed) == 260
    (micro,) = [window for window in windows if window.kind is Kind.MICRO]
    onset, _, offset = times_s(micro)
    assert overlap((onset, offset), (1.5, 1.9)) > 0.6


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
    for wrong in ({"evidence": 1.5}, {"cause": 0.0}, {"sure": 1.2}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            SpotterConfig(**wrong)


def test_a_spotter_of_another_card_is_opened_or_refused_by_name(tmp_path):
    maker = spotter_maker(SpotterConfig(model=str(SPOTTER_FOLDER / "spotter-small.json")))
    assert isinstance(maker(), LearnedSpotter)
    with pytest.raises(ModelFileError, match="none.json"):
        spotter_maker(SpotterConfig(model=str(tmp_path / "none.json")))
