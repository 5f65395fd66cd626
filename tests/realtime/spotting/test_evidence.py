from __future__ import annotations

import numpy as np
import pytest

from realtime.spotting.chain import ROW_PARTS, ROW_SIZE
from realtime.spotting.evidence import (
    FEATURES,
    LARGE,
    LARGEST,
    MOVING,
    NOISY,
    POSITIONS,
    STEP_NS,
    Evidence,
    Grid,
    powers,
)


def ramp(t_ns: int) -> np.ndarray:
    return np.full(ROW_SIZE, t_ns / 1e9, np.float32)


@pytest.mark.parametrize("fps", [25, 30, 60, 100, 200])
def test_the_grid_is_the_same_for_every_frame_rate(fps):
    grid = Grid()
    steps = [step for i in range(fps) for step in grid.add(round(i / fps * 1e9), ramp(round(i / fps * 1e9)))]
    ends = np.array([end for end, _ in steps])
    assert (np.diff(ends) == STEP_NS).all() and ends[0] == STEP_NS
    assert len(steps) == (fps - 1) / fps * 1e9 // STEP_NS
    means = np.array([mean[0] for _, mean in steps])
    assert means == pytest.approx((ends - STEP_NS / 2) / 1e9, abs=1e-5)  # of a straight line: its middle


def test_the_mean_of_many_frames_is_calmer():
    rng = np.random.default_rng(0)
    grid = Grid()
    rows = rng.normal(0, 1, (400, ROW_SIZE)).astype(np.float32)
    means = [mean[0] for i, row in enumerate(rows) for _, mean in grid.add(i * 5_000_000, row)]
    assert np.std(means) < 0.6


def test_features_are_of_movement_not_of_place():
    here, there = Evidence(), Evidence()
    rng = np.random.default_rng(1)
    for row in np.cumsum(rng.normal(0, 0.1, (50, ROW_SIZE)), axis=0).astype(np.float32):
        row[POSITIONS:] = 1
        moved = row.copy()
        moved[:POSITIONS] += 30
        assert there.step(moved) == pytest.approx(here.step(row), abs=2e-3)


def test_a_step_is_seen_at_once_and_fades():
    evidence = Evidence()
    row = np.zeros(ROW_SIZE, np.float32)
    assert (evidence.step(row)[: 2 * POSITIONS] == 0).all()
    row = row.copy()
    row[1] = 1.0  # the first region, down
    jump = evidence.step(row)
    assert jump.shape == (FEATURES,) and jump[1] > 8 and jump[POSITIONS + 1] == pytest.approx(30)
    assert jump[MOVING + 1] > 7  # ten times what was usual
    for _ in range(50):
        later = evidence.step(row)
    assert 0 < later[1] < 1 and later[POSITIONS + 1] == 0 and later[MOVING + 1] < 0.5
    noise = later[LARGE : LARGE + NOISY]
    assert noise[0] > 0.5 and (noise[1:] < 0).all()
    assert ROW_PARTS["regions"] // 2 + ROW_PARTS["units"] == NOISY - 1


def test_lips_that_open_are_the_last_of_the_noisy():
    slow = np.zeros(POSITIONS, np.float32)
    slow[sum(ROW_PARTS[part] for part in ("regions", "units", "head", "pose"))] = 2.0  # the mesh's first
    assert powers(slow).tolist() == [0.0] * (NOISY - 1) + [4.0]


def test_no_feature_is_without_bounds():
    evidence = Evidence()
    evidence.step(np.zeros(ROW_SIZE, np.float32))
    assert np.abs(evidence.step(np.full(ROW_SIZE, 1e6, np.float32))).max() <= LARGEST
