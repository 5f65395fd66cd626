"""OpenVINO in a process of its own: what it leaves behind there is seen by signals, not by results."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.openvino_quiet import openvino_core
from tests.conftest import ROOT

ONE_AFTER_THE_OTHER = """
import os, signal
from engine.runners import open_runner
got = []
signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
first, second = open_runner("openvino"), open_runner("openvino")
first.activate(), second.activate()
first.close(), second.close()
os.kill(os.getpid(), signal.SIGTERM)
assert got == [signal.SIGTERM]
"""

CLOSED_ELSEWHERE = """
import os, signal, threading
from engine.runners import open_runner
got = []
signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
runner = open_runner("openvino")
runner.activate()
closer = threading.Thread(target=runner.close)
closer.start(), closer.join()
os.kill(os.getpid(), signal.SIGTERM)
assert got == [signal.SIGTERM]
"""


def test_there_is_one_core():
    assert openvino_core() is openvino_core()


@pytest.mark.parametrize("code", [ONE_AFTER_THE_OTHER, CLOSED_ELSEWHERE])
def test_a_signal_is_survived_after_runners_were_closed(code):
    """With a core for each runner the first died of SIGSEGV: its signal stack was unmapped."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
