from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.movement.action_units import ACTION_UNITS
from realtime.movement.model import MovementKind, Side
from train.synth.script import CODED, ScriptConfig, draw_script

ASKED = {1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 24, 25}


def drawn(seed: int = 0, seconds: float = 400.0, **changes: object):
    config = ScriptConfig(**changes)  # type: ignore[arg-type]
    return draw_script(np.random.default_rng(seed), [(0.0, seconds)], config, eye_opening=0.25)


def test_the_classes_use_every_unit_that_is_asked_for() -> None:
    assert {unit for combinations in CODED.values() for units in combinations for unit in units} == ASKED
    assert set(ACTION_UNITS) >= ASKED


def test_the_same_seed_draws_the_same_script() -> None:
    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


def test_movements_stay_within_their_limits() -> None:
    config = ScriptConfig()
    for movement in drawn():
        lasts_s = movement.offset_s - movement.onset_s
        micro = movement.kind is MovementKind.MICRO
        low, high = (0.04, 0.5) if micro else config.macro_s
        assert low - 1e-9 <= lasts_s <= high + 1e-9
        low, high = config.micro_amplitude if micro else config.macro_amplitude
        strongest = max(action.amplitude for action in movement.actions)
        assert low <= strongest <= high
        assert 0.3 <= (movement.apex_s - movement.onset_s) / lasts_s <= 0.6


def test_a_movement_rises_by_one_skew_and_falls_by_another() -> None:
    movements = drawn()
    assert all(0.7 <= skew <= 1.4 for movement in movements for skew in (movement.rise, movement.decay))
    assert all(movement.rise != movement.decay for movement in movements)
    made = replace(movements[0], onset_s=1.0, apex_s=2.0, offset_s=3.0, rise=0.5, decay=2.0)
    assert made.strength(1.25) == pytest.approx(0.5)  # half of the way after a quarter of the time
    assert made.strength(2.5) == pytest.approx(1 - 0.15625)  # s = 0.5 ** 2, eased: s * s * (3 - 2 * s)


def test_movements_are_well_separated_and_within_the_spans() -> None:
    spans = [(5.0, 20.0), (40.0, 60.0)]
    movements = draw_script(np.random.default_rng(1), spans, ScriptConfig())
    for one, following in itertools.pairwise(movements):
        assert following.onset_s - one.offset_s >= 0.8
    for movement in movements:
        assert any(a + 1.0 <= movement.onset_s and movement.offset_s <= b for a, b in spans)


def test_a_span_that_is_too_short_stays_empty() -> None:
    assert draw_script(np.random.default_rng(1), [(0.0, 1.01)], ScriptConfig()) == ()


def test_sides_are_independent_and_every_kind_occurs() -> None:
    movements = drawn(blink_share=0.2)
    actions = [action for movement in movements for action in movement.actions]
    assert {action.side for action in actions} == set(Side)
    assert {movement.kind for movement in movements} == set(MovementKind)
    assert {movement.label for movement in movements} == {*CODED, ""}
    rises = [movement.rise for movement in movements if movement.kind is MovementKind.MICRO]
    assert min(rises) < 0.8 and max(rises) > 1.3


def test_limits_that_fall_are_refused() -> None:
    with pytest.raises(ConfigError, match="micro_s"):
        ScriptConfig(micro_s=(0.5, 0.2))
    with pytest.raises(ConfigError, match="apex_at"):
        ScriptConfig(apex_at=(0.5, 1.0))
