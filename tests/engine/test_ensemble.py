"""Members answer with their mean probabilities, folded or not, shipped or not."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch

from engine.card import read_card
from engine.causalnet import CausalNet
from engine.ensemble import Ensemble, as_one, folded
from engine.errors import ModelFileError
from engine.fold import parameter_count
from engine.runners import open_runner
from engine.weights import load_network
from tests.engine.test_causalnet import SMALL, random_maps
from train.ship import write_model


@pytest.fixture(scope="module")
def members():
    torch.manual_seed(3)
    return [CausalNet(SMALL).eval() for _ in range(3)]


@pytest.fixture(scope="module")
def card(members, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensemble")
    table = {
        "name": "three",
        "architecture": json.loads(json.dumps(dataclasses.asdict(SMALL))),
        "members": 3,
        "labels": ["negative", "positive", "surprise"],
        "temperature": 1.0,
        "unclear_below": 0.5,
    }
    write_model(Ensemble(members), folder / "three", table)
    return folder / "three.json"


@torch.inference_mode()
def test_softmax_is_the_mean_of_the_members(members):
    maps = torch.from_numpy(random_maps(5))
    wanted = torch.stack([member(maps).softmax(dim=1) for member in members]).mean(dim=0)
    torch.testing.assert_close(Ensemble(members)(maps).softmax(dim=1), wanted)


def test_one_alone_is_no_ensemble(members):
    assert as_one(members[:1]) is members[0]
    assert isinstance(as_one(members[:2]), Ensemble)


@torch.inference_mode()
def test_folding_keeps_the_answer_and_saves_parameters(members):
    maps, whole = torch.from_numpy(random_maps(5)), Ensemble(members)
    small = folded(whole)
    torch.testing.assert_close(small(maps), whole(maps), atol=1e-4, rtol=0)
    assert parameter_count(small) < parameter_count(whole)


def test_shipped_ensemble_is_one_graph_that_agrees_with_torch(card):
    maps = random_maps(4)
    with open_runner("torch", card) as reference, open_runner("onnxruntime", card) as runner:
        np.testing.assert_allclose(runner.infer(maps), reference.infer(maps), atol=1e-4, rtol=0)
    assert isinstance(load_network(read_card(card)), Ensemble)


@pytest.mark.parametrize(("number", "said"), [(2, "does not fit"), (0, "out of range")])
def test_a_card_with_another_number_of_members(card, tmp_path, number, said):
    for file in card.parent.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    table = json.loads(card.read_text()) | {"members": number}
    (tmp_path / card.name).write_text(json.dumps(table))
    with pytest.raises(ModelFileError, match=said):
        load_network(read_card(tmp_path / card.name))
