"""What a runner holds in memory, measured in a process of its own.

In a process that did other work before, a runner fills what was freed there, and next to nothing seems held.
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context

import numpy as np

from engine.runners.base import Runner
from engine.timing import resident_bytes

Opens = Callable[[], Runner]  # picklable, such as a partial of `open_runner`


def held_bytes(opens: Opens, batch: int) -> int:
    """Bytes of its weights and buffers after the first `batch` samples; its library is loaded before.

    Raises: what opening or running it raises.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_held, (opens, batch))


def _held(opens: Opens, batch: int) -> int:
    runner = opens()
    maps = np.zeros((batch, *runner.metadata.sample_shape), np.float32)
    before = resident_bytes()
    with runner:
        runner.infer(maps)
        return resident_bytes() - before
