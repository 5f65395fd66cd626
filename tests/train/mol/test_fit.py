"""The three losses, what a mirror does, and that it learns."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from engine.errors import ConfigError
from engine.mol import Joint, Mol, MolConfig
from train.mol.data import Samples
from train.mol.fit import FitConfig, Losses, batch_of, fit, losses, mirrored, one_cycle, progress
from train.mol.landmarks import pupil_distance

TINY = MolConfig(channels=16, flow_width=2, flow_reach=1, hidden=16, landmark_hidden=16, motion_gain=8.0)
ROWS = np.arange(3)
ALL = np.arange(7)


def truth_of(samples: Samples) -> Joint:
    batch = batch_of(samples, ROWS, ALL)
    logits = 50.0 * torch.nn.functional.one_hot(batch.labels, 3).float()
    return Joint(logits, batch.flow, batch.landmarks)


def test_the_truth_costs_nothing(samples: Samples) -> None:
    found = losses(truth_of(samples), batch_of(samples, ROWS, ALL))
    assert max(found.label, found.flow, found.landmark) < 1e-6


def test_each_task_counts_as_in_the_paper(samples: Samples) -> None:
    batch, truth = batch_of(samples, ROWS, ALL), truth_of(samples)
    off = losses(Joint(truth.logits, truth.flow_px + 0.5, truth.landmarks_px + 2.0), batch)
    pupils = pupil_distance(samples.landmarks_px[ROWS, 1:])
    assert float(off.flow) == pytest.approx(0.25, rel=1e-3)
    assert float(off.landmark) == pytest.approx(float((2.0 / pupils).mean()), rel=1e-3)
    three = Losses(torch.tensor(1.0), torch.tensor(2.0), torch.tensor(3.0))
    assert float(three.total) == pytest.approx(1.0 + 10 * 2.0 + 0.1 * 3.0)


def test_unknown_landmarks_do_not_count(samples: Samples) -> None:
    batch, truth = batch_of(samples, ROWS, ALL), truth_of(samples)
    landmarks = batch.landmarks.clone()
    landmarks[0] = torch.nan
    some = dataclasses.replace(batch, landmarks=landmarks)
    off = Joint(truth.logits, truth.flow_px, truth.landmarks_px + 1.0)
    assert float(losses(off, some).landmark) == pytest.approx(float(losses(off, batch).landmark), rel=0.05)
    none = dataclasses.replace(batch, landmarks=torch.full_like(landmarks, torch.nan))
    assert float(losses(off, none).landmark) == 0.0


def test_two_mirrors_change_nothing(samples: Samples) -> None:
    batch = batch_of(samples, ROWS, ALL)
    one, two = mirrored(batch), mirrored(mirrored(batch))
    torch.testing.assert_close(two.landmarks, batch.landmarks)
    torch.testing.assert_close(two.flow, batch.flow)
    torch.testing.assert_close(two.frames, batch.frames)
    torch.testing.assert_close(one.flow[..., 0, :, 5], -batch.flow[..., 0, :, 122])


def test_it_learns_a_few_samples_by_heart(samples: Samples) -> None:
    lines: list[str] = []
    config = FitConfig(steps=30, batch=6, learning_rate=5e-3, noise=0.0)
    net = fit(samples, dataclasses.replace(TINY, dropout=0.0), config, lines.append)
    assert isinstance(net, Mol) and not net.training
    batch = batch_of(samples, np.arange(len(samples)), ALL)
    torch.manual_seed(0)
    fresh = Mol(TINY).eval()
    with torch.inference_mode():
        learnt, before = (losses(each.joint(batch.frames), batch) for each in (net, fresh))
    assert learnt.label < 0.7 * before.label
    assert learnt.landmark < 0.7 * before.landmark
    assert "step 30 of 30" in lines[-1]


def test_the_same_seed_learns_the_same(samples: Samples) -> None:
    config = FitConfig(steps=2, batch=2, seed=4)
    nets = [fit(samples, TINY, config, lambda line: None) for _ in range(2)]
    for one, two in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_the_rate_goes_up_and_down_by_steps_or_by_the_clock() -> None:
    rates = [one_cycle(done) for done in np.linspace(0, 1, 21)]
    assert max(rates) == pytest.approx(1.0, abs=1e-6) == rates[3] and rates[0] < 0.1 and rates[-1] < 1e-6
    config = FitConfig(steps=10, minutes=1.0)
    assert progress(5, 6.0, config) == 0.5
    assert progress(1, 45.0, config) == 0.75
    assert progress(1, 45.0, FitConfig(steps=10)) == 0.1


def test_the_clock_ends_the_training(samples: Samples) -> None:
    lines: list[str] = []
    fit(samples, TINY, FitConfig(steps=5, batch=2, minutes=1e-9), lines.append)
    assert len(lines) == 1 and "step 0 of 5" in lines[0]


def test_a_start_is_gone_on_from(samples: Samples) -> None:
    start = Mol(TINY)
    still = FitConfig(steps=1, batch=2, learning_rate=1e-12, weight_decay=0.0)
    net = fit(samples, TINY, still, lambda line: None, start)
    for one, two in zip(net.parameters(), start.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_config_says_what_is_wrong() -> None:
    with pytest.raises(ConfigError):
        FitConfig(steps=0)
