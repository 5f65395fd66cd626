"""How the project compiles its Numba kernels: `@kernel` for what Python calls, `@part` for what kernels call.

A part is always inlined. Left to itself the compiler keeps some parts as functions of their own, of which a
process that has just compiled has two, optimised differently; sums then differ in their last bits from those
of a process that loads the same kernels from the cache, and a first run from every later one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from numba import njit

# Sums may be reordered, which vectorises them; NaN and infinity keep their meaning.
FAST = {"nsz", "arcp", "contract", "afn", "reassoc"}

NOWHERE = "compiled code can be kept nowhere, every start takes longer; set NUMBA_CACHE_DIR to a folder"


@cache
def _say_once() -> None:
    print(f"flinch: {NOWHERE}", file=sys.stderr)


def _kept(**how: Any) -> Callable[[Callable[..., Any]], Any]:
    """njit whose result is kept on disk, where there is a place for it."""

    def compiled(function: Callable[..., Any]) -> Any:
        try:
            return njit(cache=True, nogil=True, **how)(function)
        except RuntimeError:  # neither beside the source nor in the user's cache folder can be written
            _say_once()
            return njit(nogil=True, **how)(function)

    return compiled


kernel = _kept(fastmath=FAST)
part = _kept(fastmath=FAST, forceinline=True)
exact = _kept()  # sums in the order in which they are written
