"""The kernels as plain Python: what the compiler may hide (an index out of range, a name unset) shows."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import ROOT

KERNEL_TESTS = [
    "tests/realtime/flow/test_kernels.py",
    "tests/realtime/flow/test_rigid.py::test_kernel_agrees_with_its_plain_twin",
]


def test_kernels_agree_with_their_twins_without_the_compiler():
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *KERNEL_TESTS],
        cwd=ROOT, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-2000:]
