"""How the project compiles its Numba kernels: `@kernel` for what Python calls, `@part` for what kernels call.

A part is always inlined. Left to itself the compiler keeps some parts as functions of their own, of which a
process that has just compiled has two, optimised differently; sums then differ in their last bits from those
of a process that loads the same kernels from the cache, and a first run from every later one.
"""

from __future__ import annotations

from numba import njit

# Sums may be reordered, which vectorises them; NaN and infinity keep their meaning.
FAST = {"nsz", "arcp", "contract", "afn", "reassoc"}

kernel = njit(cache=True, nogil=True, fastmath=FAST)
part = njit(cache=True, nogil=True, fastmath=FAST, forceinline=True)
