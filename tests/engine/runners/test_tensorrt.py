"""TensorRT: real builds where a package is installed, with or without a GPU; the runner over a fake GPU."""

from __future__ import annotations

import dataclasses
import os
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from engine import graph
from engine.build import Request, _gpu, ensure, typed_graph
from engine.cache import cache_root
from engine.card import checked_bytes
from engine.errors import EngineFault, EngineInputError, EngineMismatch, ModelFileError
from engine.parity import realistic_maps
from engine.published import published_card
from engine.quantise import collect_ranges, layers_of
from engine.ranges import ActivationRanges
from engine.runners.cuda_api import Cuda
from tests.engine.runners.fake_cuda import FakeCuda, FakeEngine

pytest.importorskip("cuda.bindings", reason="cuda-bindings is not installed; see requirements-ci.txt")
try:
    from engine.runners import tensorrt_runner, trt_api
    from engine.runners.tensorrt_runner import TensorRtRunner
except ImportError as missing:
    pytest.skip(f"{missing}; see requirements-ci.txt", allow_module_level=True)

trt = trt_api.import_tensorrt()
rtx = pytest.mark.skipif(trt.__name__ != "tensorrt_rtx", reason="only tensorrt-rtx builds without a GPU")
KINDS = {"fp32": "FLOAT", "fp16": "HALF", "int8": "INT8"}


def typed(card, precision, batch=1):
    """The graph and its ranges, of made-up maps; the head stays float32, as a sensitive layer would."""
    model = graph.load(checked_bytes(card.onnx))
    ranges = ActivationRanges("", collect_ranges(model, realistic_maps(2)), ("/head/Gemm",))
    return typed_graph(card, precision, batch, ranges)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_tensorrt_reads_types_and_bindings_out_of_the_graph(card, precision):
    facts = trt_api.Network(trt, typed(card, precision), "graph").facts()
    assert facts.strongly_typed
    assert [(b.name, b.shape, b.dtype) for b in facts.inputs] == [("maps", (1, 4, 28, 28, 3), "FLOAT")]
    assert [(b.name, b.shape, b.dtype) for b in facts.outputs] == [("logits", (1, 3), "FLOAT")]
    layers = len(layers_of(graph.load(checked_bytes(card.onnx))))
    counted = facts.multiplications[KINDS[precision]]
    assert counted >= layers - (precision == "int8")
    assert ("QUANTIZE" in facts.layers) == (precision == "int8")
    if precision == "fp16":
        assert facts.multiplications == {"HALF": counted}


@rtx
@pytest.mark.parametrize(
    ("precision", "place"), [("fp32", "8.0"), ("fp16", "8.9"), ("int8", "12.0"), ("int8", "8.6")]
)
def test_engines_are_really_built_without_a_gpu(card, precision, place):
    said = []
    plan = trt_api.Network(trt, typed(card, precision), "graph").build(place, said.append)
    assert len(plan) > 10_000 and any("engine" in line.lower() for line in said)


@rtx
def test_a_build_for_another_gpu_lands_in_the_cache_and_is_refused_here(card, tmp_path):
    request = Request(card, "tensorrt", "fp16", cache_root(tmp_path / "c"), (1,), compute_capability="8.6")
    engine = ensure(request)
    assert engine.manifest.compute_capability == "8.6" and "not measured" in engine.manifest.parity["note"]
    with pytest.raises(EngineMismatch, match=r"compute_capability 8\.6 was built, 7\.0 is here"):
        TensorRtRunner(card, engine, Cuda(FakeCuda(capability=(7, 0))))


def test_what_is_no_graph_is_one_clear_line():
    with pytest.raises(ModelFileError, match="cannot read rubbish") as caught:
        trt_api.Network(trt, b"rubbish", "rubbish")
    assert "\n" not in str(caught.value)


def test_an_unknown_gpu_is_refused(card):
    with pytest.raises(EngineFault, match="compute capability 3.5"):
        trt_api.Network(trt, checked_bytes(card.onnx), "graph").build("3.5")


@pytest.fixture
def runner(card, tmp_path, monkeypatch):
    """A runner over fake GPU and fake engines of the batch sizes 1 and 4; options by attribute."""
    request = Request(card, "onnxruntime", "fp32", cache_root(tmp_path / "c"), (1, 4))
    monkeypatch.setattr("engine.build._measured", lambda request, engine: {})
    engine = ensure(request)
    engine = dataclasses.replace(
        engine, manifest=dataclasses.replace(engine.manifest, compute_capability="8.9")
    )

    def make(fails="", **options):
        cuda = FakeCuda(fails=fails)
        made = TensorRtRunner(card, engine, Cuda(cuda))
        fakes = iter([FakeEngine(trt, cuda, batch, **options) for batch in (1, 4)])
        runtime = SimpleNamespace(deserialize_cuda_engine=lambda content: next(fakes))
        monkeypatch.setattr(tensorrt_runner.trt, "Runtime", lambda logger: runtime)
        return made, cuda

    return make


MAPS = np.random.default_rng(0).integers(0, 256, (6, 4, 28, 28, 3)).astype(np.float32)
WANTED = MAPS.reshape(6, -1)[:, :3] + 1


def test_blocks_of_four_and_singles_are_replayed_from_graphs(runner):
    made, cuda = runner()
    with made:
        cuda.calls.clear()
        np.testing.assert_array_equal(made.infer(MAPS), WANTED)
        assert cuda.calls == ["cudaGraphLaunch", "cudaStreamSynchronize"] * 3
    assert cuda.memory == {}, "every buffer is freed"
    assert "cudaGraphExecDestroy" in cuda.calls and "cudaStreamDestroy" in cuda.calls


def test_a_stream_that_cannot_be_captured_runs_without_a_graph(runner):
    made, cuda = runner(capturable=False)
    with made:
        np.testing.assert_array_equal(made.infer(MAPS), WANTED)
    assert "cudaStreamBeginCapture" not in cuda.calls


def test_a_failed_capture_is_ended_and_runs_without_a_graph(runner):
    made, cuda = runner(fails="cudaGraphInstantiate")
    with made:
        np.testing.assert_array_equal(made.infer(MAPS), WANTED)
        assert "cudaGraphInstantiate failed" in made._blocks[1].why_no_graph
    assert cuda.recorded is None and cuda.memory == {}


@pytest.mark.parametrize("call", ["cudaMalloc", "cudaMallocHost", "cudaMemcpyAsync", "cudaStreamSynchronize"])
def test_every_return_is_checked_and_nothing_leaks(runner, call):
    made, cuda = runner(fails=call)
    with pytest.raises(EngineFault, match=f"{call} failed") as caught:
        made.activate()
    assert cuda.memory == {}
    if call != "cudaStreamSynchronize":
        assert "tensor maps" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": trt.float16}, "engine tensor maps is DataType.HALF"),
        ({"address_ok": False}, "refused the address of tensor maps"),
        ({"context_ok": False}, "no execution context"),
    ],
)
def test_engines_that_do_not_fit_are_refused_by_name(runner, options, message):
    made, cuda = runner(**options)
    with pytest.raises((EngineFault, EngineMismatch), match=message):
        made.activate()
    assert cuda.memory == {}


def test_layers_are_the_inspectors(runner, monkeypatch):
    made, _ = runner()
    said = iter(['{"Layers": [{"Name": "gemm", "Inputs": [{"Format/Datatype": "Half"}]}]}', "no JSON"])
    inspector = SimpleNamespace(get_engine_information=lambda form: next(said))
    monkeypatch.setattr(FakeEngine, "create_engine_inspector", lambda self: inspector, raising=False)
    with made:
        assert [layer["Name"] for layer in made.layers(1)] == ["gemm"]
        with pytest.raises(EngineFault, match="gave no layers"):
            made.layers(1)
        inspector = None
        with pytest.raises(EngineFault, match="no engine inspector"):
            made.layers(4)


@pytest.mark.parametrize("precision", list(KINDS))
def test_an_engine_built_for_this_gpu_has_layers_and_both_bindings(card, precision):
    """Needs a GPU: without one TensorRT builds an engine, but does not read it back to inspect it."""
    if _gpu() is None:
        pytest.skip("no usable NVIDIA GPU: TensorRT cannot read an engine back here")
    plan = trt_api.Network(trt, typed(card, precision), "graph").build()
    engine = trt.Runtime(trt_api.messages(trt).logger).deserialize_cuda_engine(plan)
    assert trt_api.inspect(trt, engine)
    assert {engine.get_tensor_name(i) for i in range(engine.num_io_tensors)} == {"maps", "logits"}


def test_a_context_stays_on_its_thread(runner):
    made, _ = runner()
    caught = []

    def elsewhere():
        try:
            made.infer(MAPS[:1])
        except EngineInputError as error:
            caught.append(str(error))

    with made:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join(10.0)
    assert caught and "thread that activated" in caught[0]


def test_no_gpu_is_one_clear_line():
    try:
        Cuda().compute_capability()
    except EngineFault as error:
        assert "see nvidia-smi" in str(error)


@rtx
@pytest.mark.skipif("FLINCH_SLOW" not in os.environ, reason="minutes and 5 GB of memory: set FLINCH_SLOW=1")
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_published_size_is_built_in_every_precision(precision):
    card = published_card(cache_root())
    network = trt_api.Network(trt, typed(card, precision), "published")
    assert network.facts().multiplications[KINDS[precision]] > 100
    assert len(network.build("8.6")) > 100_000_000
