"""MOL as files: safetensors and back, one graph, every backend alike, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from engine.build import Request, ensure
from engine.cache import cache_root
from engine.card import MOL, checked_bytes, read_card
from engine.errors import EngineInputError, ModelFileError
from engine.mol import Mol, MolConfig
from engine.parity import compare
from engine.parity_frames import made_up_frames
from engine.runners import open_runner
from engine.weights import load_mol, load_network, runnable
from tests.engine.test_mol import SMALL
from train.mol.ship import amend, write_mol

FRAMES = made_up_frames(6, (8, 64, 64))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a small MOL; its weights are not trained, but no longer all alike."""
    torch.manual_seed(3)
    net = Mol(SMALL).train()
    for _ in range(3):
        net.joint(torch.from_numpy(made_up_frames(2, (8, 64, 64), seed=1)))  # moves the batch norms
    folder = tmp_path_factory.mktemp("mol")
    write_mol(net.eval(), folder / "small-mol", {"temperature": 1.5, "unclear_below": 0.4})
    return folder / "small-mol.json"


def test_the_card_says_what_the_network_takes(shipped: Path) -> None:
    card = read_card(shipped)
    assert (card.network, card.sample_shape) == (MOL, (8, 64, 64))
    assert MolConfig(**card.architecture) == SMALL
    assert (card.temperature, card.unclear_below) == (1.5, 0.4)


def test_all_heads_come_back_from_the_file(shipped: Path) -> None:
    net = load_mol(read_card(shipped))
    assert not net.training and isinstance(runnable(read_card(shipped)), Mol)
    with torch.inference_mode():
        said = net.joint(torch.from_numpy(FRAMES[:1]))
    assert said.flow_px.isfinite().all() and said.landmarks_px.isfinite().all()


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_backends_say_what_torch_says(shipped: Path, backend: str) -> None:
    with open_runner("torch", shipped) as torch_runner, open_runner(backend, shipped) as runner:
        assert runner.metadata.sample_shape == (8, 64, 64)
        found = compare(runner.infer(FRAMES), torch_runner.infer(FRAMES))
    assert found.fits("fp32"), found


def test_the_graph_has_static_shapes_and_no_loops(shipped: Path) -> None:
    graph = onnx.load_from_string(checked_bytes(read_card(shipped).onnx)).graph
    shape = [axis.dim_value for axis in graph.input[0].type.tensor_type.shape.dim]
    assert shape == [1, 8, 64, 64]
    assert not {"Loop", "If", "Scan"} & {node.op_type for node in graph.node}


def test_the_builder_builds_it(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLINCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("engine.proof.FRAME_SAMPLES", 4)
    engine = ensure(Request(read_card(shipped), "onnxruntime", "fp32", cache_root(), (1, 2)))
    assert engine.batches == (1, 2)
    assert "parity on 4 made-up maps" in capsys.readouterr().out


def test_other_shapes_are_refused_by_name(shipped: Path) -> None:
    with (
        open_runner("onnxruntime", shipped) as runner,
        pytest.raises(EngineInputError, match="batch, 8, 64, 64"),
    ):
        runner.infer(np.zeros((1, 4, 28, 28, 3), np.float32))


def test_a_card_of_another_network_is_refused(shipped: Path, tmp_path: Path) -> None:
    card = read_card(shipped)
    with pytest.raises(ModelFileError, match="does not fit its card"):
        load_network(card)
    with pytest.raises(ModelFileError, match="unknown network"):
        dataclasses.replace(card, network="other")
    copy = tmp_path / shipped.name
    shutil.copytree(shipped.parent, tmp_path, dirs_exist_ok=True)
    table = json.loads(copy.read_text())
    table["architecture"]["channels"] = 32
    copy.write_text(json.dumps(table))
    with pytest.raises(ModelFileError, match="does not fit its card"):
        load_mol(read_card(copy))


def test_a_damaged_file_is_refused(shipped: Path, tmp_path: Path) -> None:
    shutil.copytree(shipped.parent, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "small-mol.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelFileError, match="is not the one its card describes"):
        load_mol(read_card(tmp_path / shipped.name))


def test_a_card_can_be_amended(shipped: Path, tmp_path: Path) -> None:
    shutil.copytree(shipped.parent, tmp_path, dirs_exist_ok=True)
    amend(tmp_path / shipped.name, {"temperature": 2.0})
    assert read_card(tmp_path / shipped.name).temperature == 2.0
    with pytest.raises(ModelFileError):
        amend(tmp_path / "none.json", {})


def test_made_up_frames_move_a_little() -> None:
    assert FRAMES.shape == (6, 8, 64, 64) and FRAMES.dtype == np.float32
    assert 0 <= FRAMES.min() and FRAMES.max() <= 255
    np.testing.assert_array_equal(FRAMES, made_up_frames(6, (8, 64, 64)))
    change = np.abs(np.diff(FRAMES, axis=1)).mean()
    assert 0 < change < FRAMES.std() / 3
