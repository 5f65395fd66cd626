"""Weights survive the trip through safetensors, and nothing but numbers can."""

from __future__ import annotations

import dataclasses
import json
import pickle
import shutil

import pytest
import torch

from engine.card import ModelFile, read_card, sha256
from engine.errors import ModelFileError
from engine.weights import load_network
from tests.engine.test_causalnet import SMALL, network, random_maps


def test_round_trip_within_half_precision(card):
    maps = torch.from_numpy(random_maps(4))
    with torch.inference_mode():
        torch.testing.assert_close(load_network(card)(maps), network(SMALL)(maps), atol=5e-3, rtol=0)
    assert load_network(card).config == SMALL


def test_unread_queries_and_keys_are_stored_as_zeros(card):
    for name, tensor in load_network(card).state_dict().items():
        assert ("query_key" in name) == (tensor.abs().max() == 0)


def test_weights_of_another_architecture(shipped, tmp_path):
    copy = shutil.copytree(shipped.parent, tmp_path / "copy") / "small.json"
    table = json.loads(copy.read_text())
    table["architecture"]["dim"] = 48
    copy.write_text(json.dumps(table))
    with pytest.raises(ModelFileError, match="does not fit its card"):
        load_network(read_card(copy))


def test_architecture_with_an_unknown_key(card):
    wrong = dataclasses.replace(card, architecture={**card.architecture, "depth": 3})
    with pytest.raises(ModelFileError, match="does not fit its card"):
        load_network(wrong)


def test_a_pickle_is_refused(card, tmp_path):
    content = pickle.dumps({"x": 1})
    (tmp_path / "evil.safetensors").write_bytes(content)
    pickled = dataclasses.replace(card, weights=ModelFile(tmp_path / "evil.safetensors", sha256(content)))
    with pytest.raises(ModelFileError, match="does not fit its card"):
        load_network(pickled)
