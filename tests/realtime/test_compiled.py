"""Kernels compile where compiled code can be kept, and where it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from numba.core.caching import FunctionCache

from realtime import compiled
from tests.conftest import ROOT

CODE = """
from realtime.compiled import kernel

@kernel
def twice(x: float) -> float:
    return x + x

@kernel
def thrice(x: float) -> float:
    return x + x + x

print(twice(21.0), thrice(14.0))
"""


def test_where_nothing_can_be_kept_it_is_said_once_and_it_runs(tmp_path: Path) -> None:
    # What is given with -c has no file that a cache could stand beside.
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env={"HOME": "/proc/nowhere", "PATH": ""},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.split() == ["42.0", "42.0"] and done.returncode == 0
    assert done.stderr == f"flinch: {compiled.NOWHERE}\n"


def test_where_there_is_a_place_results_are_kept() -> None:
    from realtime.spotting import tile_kernels

    assert isinstance(tile_kernels.fit_affine._cache, FunctionCache)


@pytest.mark.parametrize("how", [compiled.kernel, compiled.exact])
def test_sums_are_reordered_only_where_that_was_asked_for(how: Any) -> None:
    fast = how is compiled.kernel
    options = (
        compiled.kernel(lambda x: x).targetoptions if fast else compiled.exact(lambda x: x).targetoptions
    )
    assert bool(options.get("fastmath")) is fast
