"""Systems and figures in which no answer is a wrong one."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ConfigError
from tests.train.conftest import made_up
from train.metrics import scores
from train.preparing import answers
from train.preparing.answers import NO_ANSWER, ask, score, systems
from train.recipe import RECIPES, Recipe, overridden

TINY = {"epochs": 12, "batch": 8, "model": {"dim": 24, "attention_heads": 4}, "prior": {"steps": 0}}


def test_without_gaps_the_figures_are_the_usual_ones():
    rng = np.random.default_rng(0)
    truth, said = rng.integers(0, 3, 60), rng.integers(0, 3, 60)
    assert score(truth, said) == scores(truth, said)


def test_no_answer_is_a_miss_and_no_false_alarm():
    truth = np.array([0, 0, 1, 2])
    said = np.array([0, NO_ANSWER, 1, 2])
    found = score(truth, said)
    assert found.acc == 0.75
    assert found.uf1 == pytest.approx((2 / 3 + 1 + 1) / 3) and found.uar == pytest.approx((0.5 + 1 + 1) / 3)


def test_only_what_has_maps_is_asked():
    asked = []

    def system(maps_u8, rows):
        asked.append((len(maps_u8), rows.tolist()))
        return np.full(len(maps_u8), 2)

    maps = np.zeros((4, 28, 28, 3), np.uint8)
    assert ask(system, [maps, None, maps]).tolist() == [2, NO_ANSWER, 2]
    assert asked == [(2, [0, 2])] and ask(system, [None]).tolist() == [NO_ANSWER]


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setitem(RECIPES, "tiny", overridden(Recipe(), TINY, "tiny"))


def test_a_recipe_is_trained_and_answers(tiny):
    data = made_up()
    found = systems(["tiny"], data)["tiny"]
    assert (found(data.maps_u8, np.arange(len(data))) == data.labels).mean() > 0.8


def test_left_out_means_answered_by_a_network_that_never_saw_the_subject(tiny, monkeypatch):
    data, seen = made_up(subjects=3), []
    monkeypatch.setattr(
        answers, "fit", lambda part, *_, **__: seen.append(set(part.subjects)) or len(seen) - 1
    )
    monkeypatch.setattr(answers, "predict", lambda net, maps, _: np.eye(3)[[net] * len(maps)])
    answer = systems(["tiny"], data, left_out=True)["tiny"]
    rows = np.array([0, 5, 11, 1])
    nets = answer(data.maps_u8[rows], rows)
    for row, net in zip(rows, nets, strict=True):
        assert data.subjects[row] not in seen[net]


def test_unknown_names_and_missing_data_are_said():
    with pytest.raises(ConfigError, match="unknown model"):
        systems(["nothing"], made_up())
    with pytest.raises(ConfigError, match="compact: nothing to train on"):
        systems(["compact"], None)
