"""The shipped spotter's files, and what is said of broken ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelFileError
from engine.spotter import SPOTTER_FOLDER, SpotterNet, read_spotter_card


def test_the_shipped_network_is_the_one_its_card_describes() -> None:
    card = read_spotter_card()
    net = SpotterNet(card)
    said, past = net.step(np.zeros(card.features, np.float32), net.start())
    assert said.shape == (len(card.outputs),) and past.shape == card.past
    assert ((said[:6] >= 0) & (said[:6] <= 1)).all()
    assert 0 < card.threshold < 1


def test_the_state_goes_on_and_is_the_callers() -> None:
    card = read_spotter_card()
    net = SpotterNet(card)
    features = np.full(card.features, 0.5, np.float32)
    first, past = net.step(features, net.start())
    second, _ = net.step(features, past)
    again, _ = net.step(features, net.start())
    assert (first != second).any() and (first == again).all()


def test_a_missing_or_damaged_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="--spotter rules"):
        read_spotter_card(tmp_path / "none.json")
    broken = tmp_path / "broken.json"
    broken.write_text("{}", encoding="utf-8")
    with pytest.raises(ModelFileError, match="damaged"):
        read_spotter_card(broken)


def test_another_network_under_the_same_card_is_refused(tmp_path: Path) -> None:
    table = json.loads((SPOTTER_FOLDER / "spotter-small.json").read_text(encoding="utf-8"))
    (tmp_path / table["onnx"]["file"]).write_bytes(b"something else")
    (tmp_path / "card.json").write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(ModelFileError, match="not the one its card describes"):
        SpotterNet(read_spotter_card(tmp_path / "card.json"))
