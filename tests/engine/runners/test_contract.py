"""One contract over every backend."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys

import numpy as np
import pytest

from engine.build import Request, ensure
from engine.cache import cache_root
from engine.card import ModelFile, read_card, sha256
from engine.errors import ConfigError, EngineFault, EngineInputError, EngineMismatch, ModelFileError
from engine.runners import BACKENDS, open_runner
from engine.runners.fake import FAKE_CARD, FakeRunner
from tests.conftest import ROOT
from tests.engine.test_causalnet import random_maps

FROM_FILES = ("onnxruntime", "openvino", "torch")  # there on every machine that tests


def make(backend, card_path):
    """Skips a backend that this machine lacks, in its own words."""
    if backend == "fake":
        return FakeRunner()
    if backend in FROM_FILES:
        return open_runner(backend, card_path)
    try:
        if backend == "tensorrt":
            ensure(Request(read_card(card_path), backend, "fp32", cache_root()))
        return open_runner(backend, card_path)
    except (EngineFault, EngineMismatch) as error:
        pytest.skip(f"{backend}: {error}")


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLINCH_CACHE", str(tmp_path_factory.mktemp("cache") / "engines"))
        yield


@pytest.fixture(params=[*BACKENDS, "fake"])
def runner(request, shipped):
    with make(request.param, shipped) as runner:
        yield runner


def test_metadata_names_what_runs(runner):
    metadata = runner.metadata
    assert metadata.backend == runner.backend and metadata.version
    assert metadata.sample_shape == (4, 28, 28, 3)
    assert metadata.classes == len(metadata.card.labels) == 3


def test_gives_one_row_of_float32_logits_per_sample(runner):
    logits = runner.infer(random_maps(3))
    assert logits.shape == (3, 3) and logits.dtype == np.float32
    assert runner.infer(random_maps(0)).shape == (0, 3)


def test_result_is_a_fresh_array(runner):
    maps = random_maps(2)
    first = runner.infer(maps[:1])
    kept = first.copy()
    runner.infer(maps[1:])
    np.testing.assert_array_equal(first, kept)
    first[:] = 0.0
    np.testing.assert_array_equal(runner.infer(maps[:1]), kept)


def test_batch_and_memory_layout_do_not_matter(runner):
    maps = random_maps(3)
    alone = np.concatenate([runner.infer(maps[i : i + 1]) for i in range(3)])
    strided = np.repeat(maps, 2, axis=0)[::2]
    np.testing.assert_allclose(runner.infer(strided), alone, atol=1e-6)


def test_input_is_left_alone(runner):
    maps = random_maps(1)
    maps.setflags(write=False)
    kept = maps.copy()
    runner.infer(maps)
    np.testing.assert_array_equal(maps, kept)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 4, 28, 28, 3), np.uint8),
        np.zeros((1, 4, 28, 28, 3), np.float64),
        np.zeros((4, 28, 28, 3), np.float32),
        np.zeros((1, 4, 3, 28, 28), np.float32),
        np.zeros((1, 2, 28, 28, 3), np.float32),
    ],
)
def test_refuses_other_shapes_and_dtypes(runner, wrong):
    with pytest.raises(EngineInputError, match="takes float32"):
        runner.infer(wrong)


def test_verbs_can_be_repeated(runner):
    maps = random_maps(1)
    before = runner.infer(maps)
    runner.activate()
    runner.close()
    runner.close()
    with pytest.raises(EngineInputError, match="not active"):
        runner.infer(maps)
    runner.activate()
    np.testing.assert_array_equal(runner.infer(maps), before)


def test_backends_agree(shipped):
    maps, logits = random_maps(8), []
    for backend in FROM_FILES:
        with open_runner(backend, shipped) as runner:
            logits.append(runner.infer(maps))
    assert np.ptp(logits[0], axis=0).min() > 1e-3, "the samples must differ, or agreement shows nothing"
    for other in logits[1:]:
        np.testing.assert_allclose(other, logits[0], atol=1e-4)


@pytest.mark.parametrize("backend", FROM_FILES)
def test_damaged_file_is_one_clear_line(backend, shipped, tmp_path):
    copy = shutil.copytree(shipped.parent, tmp_path / "copy") / "small.json"
    for suffix in (".onnx", ".safetensors"):
        copy.with_suffix(suffix).write_bytes(b"short")
    with pytest.raises(ModelFileError, match="not the one its card describes") as caught:
        open_runner(backend, copy).activate()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_file_that_is_no_network_is_one_clear_line(backend, shipped, tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"not an onnx graph at all")
    runner = open_runner(backend, shipped)
    fake = ModelFile(tmp_path / "x.onnx", sha256(b"not an onnx graph at all"))
    card = dataclasses.replace(runner.metadata.card, onnx=fake)
    with pytest.raises(ModelFileError, match="cannot load") as caught:
        type(runner)(card).activate()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_graph_with_other_classes_is_refused(backend, shipped):
    card = dataclasses.replace(read_card(shipped), labels=("yes", "no"))
    runner = type(open_runner(backend, shipped))(card)
    with pytest.raises(EngineMismatch, match="export it again"):
        runner.activate()


def test_unknown_names():
    with pytest.raises(ConfigError, match="unknown backend 'abacus'"):
        open_runner("abacus")
    with pytest.raises(ModelFileError, match="no model card"):
        open_runner("auto", "nothing-like-it")


def test_auto_takes_the_next_backend_where_the_first_is_not_installed(shipped, monkeypatch):
    monkeypatch.delitem(sys.modules, "engine.runners.openvino_runner", raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert open_runner("auto", shipped).backend == "onnxruntime"
    with pytest.raises(EngineMismatch, match="openvino is not installed"):
        open_runner("openvino", shipped)


def test_auto_says_what_runs_and_why_others_do_not(shipped, capsys):
    with open_runner("auto", shipped) as runner:
        line = capsys.readouterr().err
    assert line.startswith(f"engine: {runner.metadata.backend} ") and line.count("\n") == 1
    if runner.backend == "onnxruntime":
        assert "tensorrt passed over: " in line


def test_a_required_backend_is_not_replaced(shipped):
    with pytest.raises(EngineMismatch, match="tensorrt"):
        open_runner("auto", shipped, require="tensorrt")  # nothing was built for it


def test_a_precision_that_was_not_built_is_one_clear_line(shipped):
    with pytest.raises(
        EngineMismatch, match="run python -m engine.build --backend openvino --precision fp16"
    ):
        open_runner("openvino", shipped, precision="fp16")


def test_live_path_needs_neither_torch_nor_onnx_nor_telemetry():
    code = (
        "import sys; from engine.runners import open_runner; "
        "[open_runner(name, sys.argv[1]).activate() for name in ('onnxruntime', 'openvino')]; "
        "heavy = {'torch', 'onnx', 'pandas'} & set(sys.modules); "
        "sent = [name for name in sys.modules if name.startswith('openvino_telemetry.')]; "
        "sys.exit(repr((heavy, sent)) if heavy or sent else 0)"
    )
    shipped_model = "causalnet-compact"
    done = subprocess.run(
        [sys.executable, "-c", code, shipped_model], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_fake_counts_what_it_saw():
    with FakeRunner(FAKE_CARD, logits=(0.0, 3.0, 0.0)) as runner:
        assert runner.infer(random_maps(2)).argmax(axis=1).tolist() == [1, 1]
        assert runner.seen == 2


class Counting(FakeRunner):
    freed = 0

    def _free(self):
        self.freed += 1


def test_close_frees_what_was_loaded_once():
    runner = Counting()
    runner.close()
    assert runner.freed == 0
    with runner:
        pass
    runner.close()
    assert runner.freed == 1
