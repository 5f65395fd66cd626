"""A movement to a label, with calibrated probabilities and the right to say "unclear".

CausalNet is shown the motion maps, made of three key frames; MOL eight frames of the window, whose ends may
be rough and whose apex it does not ask for. The maps are made either way: they are the evidence people see.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.card import CAUSALNET, DEFAULT_MODEL, MOL
from engine.runners import BACKENDS, PRECISIONS, Runner, open_runner
from realtime.errors import ConfigError, EngineMismatch
from realtime.movement.mol_frames import window_frames
from realtime.symmetry import symmetric_views
from realtime.types import LABELS, UNCLEAR, MotionMaps, Recognition

RECOGNISERS = {CAUSALNET: DEFAULT_MODEL, MOL: "mol-compact"}  # shipped models by the name of their network


@dataclass(frozen=True, slots=True)
class RecognitionConfig:
    """Which network runs where, and what overrides its card."""

    backend: str = "auto"
    require: str = ""  # a backend that must run: no other takes its place, whatever `backend` says
    precision: str = "fp32"  # fp16 and int8 run what `engine.build` has built
    model: str = DEFAULT_MODEL  # a shipped model's name, or the path of a model card
    temperature: float | None = None  # unset: the card's
    unclear_below: float | None = None  # confidence under which the label is "unclear"; unset: the card's

    def __post_init__(self) -> None:
        if self.backend not in ("auto", *BACKENDS):
            raise ConfigError(f"backend {self.backend!r} is none of auto, {', '.join(BACKENDS)}")
        if self.require not in ("", *BACKENDS):
            raise ConfigError(f"required backend {self.require!r} is none of {', '.join(BACKENDS)}")
        if self.precision not in PRECISIONS:
            raise ConfigError(f"precision {self.precision!r} is none of {', '.join(PRECISIONS)}")
        if self.temperature is not None and not 0.0 < self.temperature < math.inf:
            raise ConfigError(f"temperature {self.temperature} must be positive")
        if self.unclear_below is not None and not 0.0 <= self.unclear_below <= 1.0:
            raise ConfigError(f"unclear_below {self.unclear_below} must lie in [0, 1]")


class Recogniser:
    """One active runner and what its card says about believing it. Lives on `analyse`."""

    def __init__(self, runner: Runner, config: RecognitionConfig = RecognitionConfig()) -> None:
        """Raises: EngineMismatch if the network's classes are not ours."""
        card = runner.metadata.card
        if card.labels != LABELS:
            raise EngineMismatch(f"model {card.name} knows {', '.join(card.labels)}, not {', '.join(LABELS)}")
        self._runner = runner
        self._symmetries = card.symmetries
        self._frames = card.sample_shape[0] if card.network == MOL else None
        self.temperature = card.temperature if config.temperature is None else config.temperature
        self.unclear_below = card.unclear_below if config.unclear_below is None else config.unclear_below

    def recognise(self, maps: MotionMaps) -> Recognition:
        """The most probable class, or "unclear" where even that is not probable enough.

        Raises: FlowInputError or EngineInputError if the maps are not the published layout.
        """
        logits = mean_logits(self._runner.infer(self._shown(maps).astype(np.float32)))
        negative, positive, surprise = (float(chance) for chance in softmax(logits / self.temperature))
        probabilities = (negative, positive, surprise)
        confidence = max(probabilities)
        label = LABELS[probabilities.index(confidence)] if confidence >= self.unclear_below else UNCLEAR
        return Recognition(maps, label, confidence, probabilities)

    def _shown(self, maps: MotionMaps) -> NDArray[np.uint8]:
        """What the network is asked about, as one batch."""
        if self._frames is not None:
            return window_frames(maps.flow.window, self._frames)[None]
        return symmetric_views(maps.maps_u8[None])[:, 0] if self._symmetries else maps.maps_u8[None]


def open_recogniser(config: RecognitionConfig = RecognitionConfig()) -> tuple[Runner, Recogniser]:
    """The configured runner, active and run once so that nothing is built later, and its recogniser.

    The caller closes the runner.

    Raises: ModelFileError, EngineMismatch: see `engine.runners.open_runner`.
    """
    # the ready line says what runs; why others were passed over is `engine.bench`'s to tell
    runner = open_runner(
        config.backend,
        config.model,
        precision=config.precision,
        require=config.require or None,
        say=lambda line: None,
    )
    runner.activate()
    views = 4 if runner.metadata.card.symmetries else 1
    runner.infer(np.zeros((views, *runner.metadata.sample_shape), dtype=np.float32))
    return runner, Recogniser(runner, config)


def mean_logits(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """(views, classes) logits to the (classes,) logarithms of their mean probabilities; stays finite."""
    exact = logits.astype(np.float64)
    chances = exact - np.logaddexp.reduce(exact, axis=1, keepdims=True)
    return np.asarray(np.logaddexp.reduce(chances, axis=0) - np.log(len(logits)))


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """(classes,) logits to probabilities; float64 so that they add up to 1."""
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()
