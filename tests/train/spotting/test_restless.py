from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from realtime.spotting.chain import ROW_SIZE
from tests.portrait import chip_of, portrait
from train.spotting.items import Item
from train.spotting.restless import RestlessConfig, Restlessness, at_times, cut, times
from train.spotting.shapes import shapes_of

SHAPES = shapes_of([chip_of(portrait(), 0)])
PLAIN = RestlessConfig(pace=0.0, warp=0.0, joined=0.0, scale=(0.0, 0.0))


def item(seed: int, flags: float = 1.0) -> Item:
    rows = np.cumsum(np.random.default_rng(seed).normal(0, 0.1, (300, ROW_SIZE)), axis=0).astype(np.float32)
    return Item(True, rows, rows * 0, np.zeros((0, 5)), np.full((300, 3), flags, np.float32))


def drawn(config: RestlessConfig, seed: int) -> tuple[np.ndarray, np.ndarray]:
    one = Restlessness([item(1)], [item(2, 0.0)], SHAPES, config)
    return one.drawn(np.random.default_rng(seed), 120)


def test_no_two_are_alike_but_by_seed() -> None:
    rows, flags = drawn(RestlessConfig(), 1)
    assert rows.shape == (120, ROW_SIZE) and flags.shape == (120, 3)
    assert (drawn(RestlessConfig(), 1)[0] == rows).all() and (drawn(RestlessConfig(), 2)[0] != rows).any()


def test_real_faces_and_made_ones_are_drawn_by_their_share() -> None:
    said = [drawn(replace(PLAIN, real_share=share), seed)[1].max() for share in (1.0, 0.0) for seed in (1, 2)]
    assert said == [1.0, 1.0, 0.0, 0.0]


def test_a_second_face_comes_on_top_with_its_flags() -> None:
    both = replace(PLAIN, joined=1.0, second=(0.3, 0.3))
    alone = [np.abs(np.diff(drawn(PLAIN, seed)[0], axis=0)).mean() for seed in range(20)]
    joined = [np.abs(np.diff(drawn(both, seed)[0], axis=0)).mean() for seed in range(20)]
    assert np.mean(joined) > np.mean(alone)
    faint = Restlessness([item(1, 0.0)], [item(2)], SHAPES, replace(both, real_share=0.5))
    assert {float(faint.drawn(np.random.default_rng(seed), 50)[1].max()) for seed in range(30)} == {0, 0.5, 1}


def test_movement_made_small_is_flagged_by_half() -> None:
    assert drawn(replace(PLAIN, scale=(-1.0, -0.9)), 3)[1].max() == 0.5


def test_time_runs_forward_at_its_own_pace() -> None:
    when = times(200, 150, np.random.default_rng(0), 0.4)
    assert when[0] == 0 and when[-1] == pytest.approx(149)
    steps = np.diff(when)
    assert steps.min() > 0 and steps.max() > 1.5 * steps.min()
    assert np.ptp(np.diff(times(200, 150, np.random.default_rng(0), 0.0))) == pytest.approx(0, abs=1e-9)


def test_at_other_times_it_is_the_same_movement() -> None:
    ramp = np.arange(50, dtype=np.float32)[:, None]
    assert at_times(ramp, np.linspace(0, 49, 25))[:, 0] == pytest.approx(np.linspace(0, 49, 25), abs=1e-4)


def test_what_is_missing_at_the_end_is_the_last_step_again() -> None:
    ramp = np.arange(5, dtype=np.float32)[:, None]
    assert cut(ramp, 2, 6)[:, 0].tolist() == [2, 3, 4, 4, 4, 4] and cut(ramp, 1, 2)[:, 0].tolist() == [1, 2]
