"""The shipped spotter's files, and what is said of broken ones."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.card import sha256
from engine.errors import ModelFileError
from engine.spotter import SPOTTER_FOLDER, SpotterCard, SpotterNet, read_spotter_card


def _saved(array: NDArray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


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


GRAPH = (SPOTTER_FOLDER / "spotter-small.onnx").read_bytes()


def card_with(folder: Path, name: str, content: bytes, **changed: object) -> SpotterCard:
    """The shipped card with one file replaced, its checksum right."""
    table = json.loads((SPOTTER_FOLDER / "spotter-small.json").read_text(encoding="utf-8"))
    for one in ("onnx", "weights", "templates"):
        file = table[one]["file"]
        (folder / file).write_bytes(content if one == name else (SPOTTER_FOLDER / file).read_bytes())
    table[name]["sha256"] = sha256(content)
    (folder / "card.json").write_text(json.dumps({**table, **changed}), encoding="utf-8")
    return read_spotter_card(folder / "card.json")


@pytest.mark.parametrize("content", [b"", b"no graph", GRAPH[:9999]])
def test_what_is_no_graph_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"cannot load .*spotter-small.onnx: [^\n]*$"):
        SpotterNet(card_with(tmp_path, "onnx", content))


def test_a_graph_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = (SPOTTER_FOLDER.parent / "causalnet-compact.onnx").read_bytes()
    with pytest.raises(ModelFileError, match="not what its card says"):
        SpotterNet(card_with(tmp_path, "onnx", other))
    with pytest.raises(ModelFileError, match="not what its card says"):
        SpotterNet(card_with(tmp_path, "onnx", GRAPH, features=3))


@pytest.mark.parametrize("content", [b"", b"no array", _saved(np.zeros((2, 3))), _saved(np.array(["a"]))])
def test_templates_of_another_kind_are_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ModelFileError, match="restore it from the release"):
        SpotterNet(card_with(tmp_path, "templates", content))


def test_another_network_under_the_same_card_is_refused(tmp_path: Path) -> None:
    table = json.loads((SPOTTER_FOLDER / "spotter-small.json").read_text(encoding="utf-8"))
    (tmp_path / table["onnx"]["file"]).write_bytes(b"something else")
    (tmp_path / "card.json").write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(ModelFileError, match="not the one its card describes"):
        SpotterNet(read_spotter_card(tmp_path / "card.json"))
