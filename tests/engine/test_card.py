"""A card is read whole or refused with one line; a file that is not the card's never reaches a library."""

from __future__ import annotations

import json
import shutil

import pytest

from engine.card import checked_bytes, read_card
from engine.errors import ModelFileError


@pytest.fixture
def copy(shipped, tmp_path):
    return shutil.copytree(shipped.parent, tmp_path / "copy") / "small.json"


def test_reads_what_was_written(card, shipped):
    assert (card.name, card.temperature, card.unclear_below) == ("small", 1.5, 0.4)
    assert card.labels == ("negative", "positive", "surprise")
    assert card.weights.path == shipped.with_suffix(".safetensors")
    assert len(checked_bytes(card.onnx)) > 1000


def test_unknown_name_lists_what_is_shipped():
    with pytest.raises(ModelFileError, match="no model card .*nothing-like-it.json.*shipped models"):
        read_card("nothing-like-it")


@pytest.mark.parametrize("key", ["weights", "onnx", "labels", "temperature", "architecture"])
def test_incomplete_card(copy, key):
    table = json.loads(copy.read_text())
    del table[key]
    copy.write_text(json.dumps(table))
    with pytest.raises(ModelFileError, match="damaged"):
        read_card(copy)


@pytest.mark.parametrize("change", [{"temperature": 0.0}, {"unclear_below": 1.2}])
def test_card_with_impossible_numbers(copy, change):
    copy.write_text(json.dumps(json.loads(copy.read_text()) | change))
    with pytest.raises(ModelFileError, match="out of range"):
        read_card(copy)


def test_card_that_is_no_json(copy):
    copy.write_text("temperature = 1")
    with pytest.raises(ModelFileError, match="damaged"):
        read_card(copy)


def test_missing_file(copy):
    copy.with_suffix(".onnx").unlink()
    with pytest.raises(ModelFileError, match="small.onnx: No such file"):
        checked_bytes(read_card(copy).onnx)


def test_one_changed_byte(copy):
    path = copy.with_suffix(".safetensors")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="not the one its card describes"):
        checked_bytes(read_card(copy).weights)
