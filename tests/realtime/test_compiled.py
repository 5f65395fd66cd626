"""What a process that compiles the kernels computes, one that loads them from the cache computes too."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from realtime.flow import window_flow
from realtime.flow.rigid import MODELS, remove_rigid
from realtime.spotting.motion import FaceMotion, MotionConfig
from tests.conftest import ROOT
from tests.portrait import bump, chip_of, moved, portrait

STEPS = [(336, (0.0, -0.4)), (336, (0.3, -1.0)), (300, (0.8, 0.6)), (336, (0.1, -0.3))]


def digests() -> list[str]:
    """Of what the spotter's kernels, the flow's and the rigid motion's give for a moving face."""
    faces = [portrait(), *(moved(portrait(), bump(*step)) for step in STEPS)]
    chips = [chip_of(face, at) for at, face in enumerate(faces)]
    motion = FaceMotion(MotionConfig())
    motion.restart(chips[0])
    followed = [motion.step(chip) for chip in chips[1:]]
    flow = window_flow(*(chip.gray_u8 for chip in chips[:3]))
    still = [remove_rigid(phase, model=model)[0] for phase in flow for model in MODELS]
    return [_digest(one.tiles_px for one in followed), _digest(flow), _digest(still)]


def _digest(arrays) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)).hexdigest()


def _in_a_process(cache: Path) -> list[str]:
    command = [sys.executable, "-m", "tests.realtime.test_compiled"]
    env = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return ended.stdout.split()


def test_the_first_run_of_all_computes_what_every_later_one_does(tmp_path):
    first = _in_a_process(tmp_path)
    compiled = set(tmp_path.rglob("*.nbc"))
    assert len(compiled) > 10
    assert len(first) == 3
    assert _in_a_process(tmp_path) == first
    assert set(tmp_path.rglob("*.nbc")) == compiled  # it really loaded them


if __name__ == "__main__":
    print("\n".join(digests()))
