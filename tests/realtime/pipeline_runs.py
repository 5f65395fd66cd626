"""Runs of a pipeline over made-up frames."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from realtime.pipeline import Pipeline
from realtime.types import Frame
from tests.fakes import make_frame

LONG_S = 20.0  # only a hanging test waits so long


def frames(count: int, fps: float = 30.0) -> list[Frame]:
    return [make_frame(index, fps) for index in range(count)]


def endless(fps: float = 30.0) -> Iterator[Frame]:
    return (make_frame(index, fps) for index in itertools.count())


def run(pipeline: Pipeline) -> None:
    with pipeline:
        assert pipeline.wait(LONG_S)
