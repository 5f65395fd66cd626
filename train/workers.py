"""Worker processes that end with whoever started them, even when that was killed."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread


def worker_pool(
    count: int, prepare: Callable[..., object] | None = None, *given: object
) -> ProcessPoolExecutor:
    """So many processes, each of which calls `prepare(*given)` first.

    Not forked: models and decoders of this process have threads, whose locks a fork would keep shut.
    """
    return ProcessPoolExecutor(count, get_context("spawn"), _begin, (prepare, given))


def _begin(prepare: Callable[..., object] | None, given: tuple[object, ...]) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    if prepare is not None:
        prepare(*given)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # nobody is left to tell
