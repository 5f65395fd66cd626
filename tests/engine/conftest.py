"""A small random network written to a folder as it would be shipped."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from engine.card import ModelCard, read_card
from tests.engine.test_causalnet import SMALL, network
from train.ship import write_model


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tensors are tiny here: a second thread would only wait for the first."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a complete model; tests that damage it copy the folder first."""
    folder = tmp_path_factory.mktemp("weights")
    card = {
        "name": "small",
        "architecture": json.loads(json.dumps(dataclasses.asdict(SMALL))),
        "labels": ["negative", "positive", "surprise"],
        "temperature": 1.5,
        "unclear_below": 0.4,
    }
    write_model(network(SMALL), folder / "small", card)
    return folder / "small.json"


@pytest.fixture
def card(shipped: Path) -> ModelCard:
    return read_card(shipped)
