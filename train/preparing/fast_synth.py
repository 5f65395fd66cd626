"""The default set of `train.robustness`: people who make one micro-expression after another, at 200 fps.

Clearly visible ones (1 px and more at chip scale), so that what is measured is the harm done by wrong key
frames and poorer pictures, not the limit of what can be seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import cv2

from engine.errors import ConfigError
from train.synth.flags import DATA, TRUTH_NAME, write_tables
from train.synth.make import STILL_DEFAULTS, Made, Studio, SynthConfig
from train.synth.nuisance import NuisanceConfig
from train.synth.script import ScriptConfig
from train.synth.split import Material, chosen
from train.workers import worker_pool

SCRIPT = ScriptConfig(
    brief_share=0.0, macro_share=0.0, micro_amplitude=(0.017, 0.035), rest_s=(0.55, 0.7), lead_s=0.55
)


@dataclass(frozen=True, slots=True)
class FastSynthConfig:
    """How much of it is made."""

    people: str = "reporting"  # roles or persons of train/synth/split.csv
    count: int = 12
    seconds: float = 4.0
    fps: float = 200.0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.count < 1 or self.seconds <= 2 * SCRIPT.lead_s:
            raise ConfigError(f"a synthetic set of {self.count} people, {self.seconds} s each, is empty")

    @property
    def synth(self) -> SynthConfig:
        calm = NuisanceConfig(noise=1.0, flicker=0.0, drift=0.0)
        return SynthConfig(self.seconds, self.fps, STILL_DEFAULTS.codec, script=SCRIPT, nuisance=calm)


def fast_synth(config: FastSynthConfig, out: Path, jobs: int = 1) -> Path:
    """The folder of the set under `out`, made if it is not there.

    Raises: DatasetError, ClipRejected, OutputError.
    """
    said = json.dumps([asdict(config), asdict(config.synth)])
    folder = out / f"synth-{hashlib.sha256(said.encode()).hexdigest()[:10]}"
    if not (folder / TRUTH_NAME).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        material = chosen("still", config.people.split(","))[: config.count]
        write_tables(folder, list(_made(config, material, folder, jobs)))
    return folder


def _made(config: FastSynthConfig, material: list[Material], folder: Path, jobs: int) -> Iterator[Made]:
    make = partial(_make, config, folder)
    if jobs == 1:
        yield from map(make, material)
        return
    with worker_pool(min(jobs, len(material))) as pool:
        yield from pool.map(make, material)


def _make(config: FastSynthConfig, folder: Path, item: Material) -> Made:
    cv2.setNumThreads(1)
    return Studio(DATA / "faces", config.synth).make(item, config.seed, 0, folder)
