"""Logits to labels: temperature, the right to say "unclear", and refusals."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from engine import build
from engine.build import Request
from engine.cache import cache_root
from engine.card import DEFAULT_MODEL, MOL, read_card
from engine.errors import EngineInputError
from engine.runners.fake import FAKE_CARD, FakeRunner
from realtime.errors import ConfigError, EngineMismatch, ModelFileError
from realtime.recognition import RECOGNISERS, Recogniser, RecognitionConfig, open_recogniser, softmax
from realtime.types import MotionMaps

DEFAULT = RecognitionConfig()
MAPS = MotionMaps(flow=SimpleNamespace(), maps_u8=np.zeros((4, 28, 28, 3), np.uint8))


def recognise(logits, config=DEFAULT, card=FAKE_CARD, maps=MAPS):
    with FakeRunner(card, logits) as runner:
        return Recogniser(runner, config).recognise(maps)


@pytest.mark.parametrize(
    ("logits", "label"),
    [((3.0, 0.0, 0.0), "negative"), ((0.0, 3.0, 0.0), "positive"), ((0.0, 0.0, 3.0), "surprise")],
)
def test_names_the_most_probable_class(logits, label):
    found = recognise(logits)
    assert found.label == label
    assert found.confidence == max(found.probabilities)
    assert sum(found.probabilities) == pytest.approx(1.0, abs=1e-12)
    assert found.maps is MAPS


def test_probabilities_are_the_softmax_in_the_order_of_the_labels():
    found = recognise((np.log(1.0), np.log(2.0), np.log(5.0)))
    assert found.probabilities == pytest.approx((0.125, 0.25, 0.625))


def test_unclear_below_the_limit_and_the_probabilities_stay():
    found = recognise((0.1, 0.0, 0.0))
    assert found.label == "unclear"
    assert found.confidence == pytest.approx(np.exp(0.1) / (np.exp(0.1) + 2), rel=1e-6)


def test_exactly_at_the_limit_is_clear():
    assert recognise((0.0, 0.0, 0.0), RecognitionConfig(unclear_below=1 / 3)).label == "negative"


def test_temperature_of_the_card_softens():
    card = dataclasses.replace(FAKE_CARD, temperature=4.0)
    assert recognise((2.0, 0.0, 0.0), card=card).confidence == pytest.approx(
        recognise((0.5, 0.0, 0.0)).confidence
    )
    assert recognise((2.0, 0.0, 0.0), card=card).label == "unclear"
    assert recognise((2.0, 0.0, 0.0)).label == "negative"


def test_config_overrides_the_card():
    card = dataclasses.replace(FAKE_CARD, temperature=4.0, unclear_below=0.9)
    config = RecognitionConfig(temperature=1.0, unclear_below=0.0)
    assert recognise((2.0, 0.0, 0.0), config, card).confidence == pytest.approx(0.787, abs=1e-3)
    assert recognise((0.1, 0.0, 0.0), config, card).label == "negative"


def test_extreme_logits_do_not_overflow():
    assert recognise((1e4, 0.0, -1e4)).probabilities == (1.0, 0.0, 0.0)


def test_maps_of_another_layout_are_refused():
    with pytest.raises(EngineInputError):
        recognise((0.0, 0.0, 0.0), maps=MotionMaps(SimpleNamespace(), np.zeros((4, 3, 28, 28), np.uint8)))


def test_a_model_with_other_classes_is_refused():
    card = dataclasses.replace(FAKE_CARD, labels=("positive", "negative", "surprise"))
    with pytest.raises(EngineMismatch, match="knows positive, negative, surprise"):
        Recogniser(FakeRunner(card))


@pytest.mark.parametrize("wrong", [{"backend": "abacus"}, {"temperature": 0.0}, {"unclear_below": 1.5}])
def test_impossible_configs(wrong):
    with pytest.raises(ConfigError):
        RecognitionConfig(**wrong)


def test_shipped_model_opens_and_recognises():
    runner, recogniser = open_recogniser()
    with runner:
        found = recogniser.recognise(MAPS)
    assert found.label in ("negative", "positive", "surprise", "unclear")
    assert recogniser.temperature == runner.metadata.card.temperature


def test_a_required_backend_is_not_replaced_by_another():
    runner, _ = open_recogniser(RecognitionConfig(require="onnxruntime"))
    runner.close()
    assert runner.backend == "onnxruntime"
    with pytest.raises(EngineMismatch, match="tensorrt"):
        open_recogniser(RecognitionConfig(require="tensorrt"))  # not built here
    with pytest.raises(ConfigError, match="temperature nan"):
        RecognitionConfig(temperature=float("nan"))
    with pytest.raises(ConfigError, match="precision 'fp8'"):
        RecognitionConfig(precision="fp8")
    with pytest.raises(ConfigError, match="required backend 'abacus'"):
        RecognitionConfig(require="abacus")


def test_the_configured_precision_is_what_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("FLINCH_CACHE", str(tmp_path / "cache"))
    config = RecognitionConfig(backend="onnxruntime", precision="fp16")
    with pytest.raises(EngineMismatch, match="no fp16 engine of causalnet-compact for onnxruntime; run"):
        open_recogniser(config)
    monkeypatch.setattr(build, "_REALISTIC", 5)
    build.ensure(Request(read_card(DEFAULT_MODEL), "onnxruntime", "fp16", cache_root(), batches=(1, 4)))
    runner, _ = open_recogniser(config)
    runner.close()
    assert (runner.backend, runner.metadata.precision) == ("onnxruntime", "fp16")


def test_missing_model_is_one_line():
    with pytest.raises(ModelFileError, match="no model card"):
        open_recogniser(RecognitionConfig(model="nothing-like-it"))


class ByPhase(FakeRunner):
    """Says positive when the first phase is the brighter one, else negative."""

    def _infer_one(self, maps_f32):
        self.seen += len(maps_f32)
        return np.array([[0.0, 3.0, -9.0] if maps_f32[0, 0].mean() > maps_f32[0, 1].mean() else [1.0, 0, -9]])


def test_symmetric_views_are_asked_and_their_probabilities_averaged():
    maps = np.zeros((4, 28, 28, 3), np.uint8)
    maps[0, ..., 0] = 200
    card = dataclasses.replace(FAKE_CARD, symmetries=True)
    with ByPhase(card) as runner:
        found = Recogniser(runner).recognise(MotionMaps(SimpleNamespace(), maps))
        assert runner.seen == 4
    said = np.array([softmax(np.array(logits)) for logits in ([0.0, 3.0, -9.0], [1.0, 0.0, -9.0])])
    assert found.probabilities == pytest.approx(said.mean(axis=0))


@pytest.mark.parametrize(("symmetries", "views"), [(True, 4), (False, 1)])
def test_the_first_run_is_of_as_many_views_as_every_later_one(symmetries, views, monkeypatch):
    made = FakeRunner(dataclasses.replace(FAKE_CARD, symmetries=symmetries))
    monkeypatch.setattr("realtime.recognition.open_runner", lambda *args, **options: made)
    runner, recogniser = open_recogniser()
    with runner:
        assert runner.seen == views
        recogniser.recognise(MAPS)
        assert runner.seen == 2 * views


class Seeing(FakeRunner):
    """Keeps what it was shown."""

    def _infer_one(self, maps_f32):
        self.shown = maps_f32.copy()
        return super()._infer_one(maps_f32)


def test_mol_is_shown_frames_of_the_window_and_the_maps_stay_as_evidence():
    card = dataclasses.replace(FAKE_CARD, network=MOL, sample_shape=(8, 128, 128))
    grays = [np.full((128, 128), 10 * at, np.uint8) for at in range(20)]
    chips = tuple(SimpleNamespace(gray_u8=gray) for gray in grays)
    window = SimpleNamespace(chips=chips, onset=2, apex=5, offset=16)
    maps = MotionMaps(SimpleNamespace(window=window), np.zeros((4, 28, 28, 3), np.uint8))
    with Seeing(card) as runner:
        found = Recogniser(runner).recognise(maps)
        levels = runner.shown.mean(axis=(2, 3))
    assert found.maps is maps and found.label == "negative"
    np.testing.assert_allclose(levels, [[20, 40, 60, 80, 100, 120, 140, 160]])


def test_the_shipped_mol_opens_and_names_a_window():
    rng = np.random.default_rng(0)
    chips = tuple(SimpleNamespace(gray_u8=rng.integers(0, 255, (128, 128), np.uint8)) for _ in range(4))
    window = SimpleNamespace(chips=chips, onset=0, apex=1, offset=3)
    runner, recogniser = open_recogniser(RecognitionConfig(model=RECOGNISERS["mol"]))
    with runner:
        found = recogniser.recognise(MotionMaps(SimpleNamespace(window=window), MAPS.maps_u8))
    assert runner.metadata.card.network == MOL
    assert found.label in ("negative", "positive", "surprise", "unclear")
    assert sum(found.probabilities) == pytest.approx(1.0, abs=1e-12)
