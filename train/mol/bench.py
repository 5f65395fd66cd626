"""What one event costs, MOL beside CausalNet: from chips to a label, and what the runner holds in memory.

CausalNet needs the flow of both phases and its maps first; MOL needs eight chips held still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.card import DEFAULT_MODEL, MOL, read_card
from engine.errors import FlinchError
from engine.parity_frames import made_up_frames
from engine.runners import open_runner
from engine.runners.base import Runner
from engine.timing import Times, measure, resident_bytes
from realtime.movement.mol_frames import steadied
from realtime.symmetry import symmetric_views
from train.known.windows import maps_of_chips

BACKENDS = ("onnxruntime", "openvino", "torch")
MOST = 2000
HEADER = (
    "network | backend | before, median ms | before, p99 ms | network, median ms | network, p99 ms"
    " | held MB | file MB"
)

F32 = NDArray[np.float32]


def bench(mol_card: Path, seconds: float) -> Iterator[str]:
    """A table, line by line, of the networks on every backend that works here."""
    chips = made_up_frames(1, (8, 128, 128), seed=3)[0].astype(np.uint8)
    yield HEADER
    for model in (DEFAULT_MODEL, str(mol_card)):
        prepare = _before(model, chips)
        before, given = measure(prepare, seconds, MOST), prepare()
        for backend in BACKENDS:
            try:
                yield _line(model, backend, before, given, seconds)
            except FlinchError as error:
                yield f"{Path(model).stem} | {backend} | not here: {error}"


def _before(model: str, chips: NDArray[np.uint8]) -> Callable[[], F32]:
    """What turns chips into what the network takes, as live."""
    card = read_card(model)
    if card.network == MOL:
        return lambda: steadied(list(chips))[0][None].astype(np.float32)
    keys = chips[[0, 4, 7]]
    return lambda: symmetric_views(maps_of_chips(keys)[None])[:, 0].astype(np.float32)


def _line(model: str, backend: str, before: Times, given: F32, seconds: float) -> str:
    held = resident_bytes()
    runner: Runner = open_runner(backend, model)
    with runner:
        times = measure(lambda: runner.infer(given), seconds, MOST)
        held = resident_bytes() - held
        size = max(file.path.stat().st_size for file in runner.files.values())
    figures = (before.median_ms, before.p99_ms, times.median_ms, times.p99_ms, held / 1e6, size / 1e6)
    return " | ".join([runner.metadata.card.name, backend, *(f"{figure:.2f}" for figure in figures)])
