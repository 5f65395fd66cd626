"""The random network of the published size, made in a small size here: the same everywhere, made once."""

from __future__ import annotations

import pytest

from engine import build, cache, published
from engine.build import main
from engine.published import published_card
from engine.runners import open_runner
from tests.engine.test_causalnet import SMALL, random_maps


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(published, "PUBLISHED", SMALL)


def test_it_is_made_once_and_runs(tmp_path):
    card = published_card(cache.cache_root(tmp_path / "c"))
    made = card.onnx.path.stat().st_mtime_ns
    assert published_card(tmp_path / "c") == card and card.onnx.path.stat().st_mtime_ns == made
    path = card.onnx.path.with_suffix(".json")
    with open_runner("onnxruntime", path) as runner, open_runner("torch", path) as reference:
        assert abs(runner.infer(random_maps(1)) - reference.infer(random_maps(1))).max() < 1e-4


def test_a_seed_gives_the_same_weights_everywhere(tmp_path):
    cards = [published_card(cache.cache_root(tmp_path / name)) for name in ("one", "two")]
    assert cards[0].weights.sha256 == cards[1].weights.sha256


def test_one_that_was_left_half_made_is_made_again(tmp_path):
    root = cache.cache_root(tmp_path / "c")
    published_card(root).onnx.path.with_suffix(".json").unlink()
    assert published_card(root).name == "published"


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_it_is_built_as_any_other(tmp_path, capsys, monkeypatch, precision):
    """For random weights, which nobody calibrates, int8 takes the ranges of made-up maps."""
    monkeypatch.setattr(build, "DATA", tmp_path / "none")
    flags = ["--weights", "published", "--cache", str(tmp_path / "c")]
    assert main([*flags, "--precision", precision, "--batch", "1"]) == 0
    assert "parity on 3 realistic maps" in capsys.readouterr().out
