"""What a learned spotter trains on: chips of people of the role `training`, movements put into them.

Whole frames are decoded, searched and cut once per still or clip; movements are then put into the chips
(128x128), where a warp costs little, as often as wanted, and sent through the chained motion of the live
spotter. Truth is exact but for one thing: how far the face mesh follows what was put in is a guess.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.face.finder import FaceConfig, FaceFinder, Landmarks
from realtime.movement.geometry import eye_opening
from realtime.movement.model import Field, Movement
from realtime.spotting.chain import Chain, ChainConfig
from realtime.spotting.motion import MotionConfig
from realtime.types import FaceChip, Frame
from train.spotting.lively import Liveliness, chip_field, moved_chip
from train.synth.clips import read_take
from train.synth.gaze import Gaze
from train.synth.make import STILL_IOD_PX, defaults_for
from train.synth.nuisance import Sensor, Sway
from train.synth.people import read_people
from train.synth.scene import StillScene, moved_at
from train.synth.script import ScriptConfig, draw_script
from train.synth.split import Material

STILL_S = 12.0
STILL_FPS = (25.0, 30.0, 60.0)
MESH_GAIN = 0.4  # of a movement that was put in, as the face mesh follows it

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """The chips of one run of frames in which nothing was put."""

    name: str
    chips: tuple[FaceChip, ...]

    @property
    def t_s(self) -> NDArray[np.float64]:
        return np.array([chip.t_ns for chip in self.chips]) / NS_PER_S


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What the chained motion made of one run, and what is true in it."""

    name: str
    t_s: NDArray[np.float64]
    rows: F32  # (frames, ROW_SIZE)
    movements: tuple[Movement, ...]  # blinks among them
    amplitudes_px: tuple[float, ...]  # largest displacement of each, chip pixels


def strip_of(material: Material, faces: Path, seed: int) -> Strip:
    """Chips of one still under a camera, or of one clip."""
    rng = np.random.default_rng((seed, zlib.crc32(material.file.encode())))
    frames = _still(material, faces, rng) if material.part == "still" else _clip(material, faces)
    finder = FaceFinder(FaceConfig())
    chips: list[FaceChip] = []
    try:
        for frame, meshes in frames:
            found = finder.chips(frame, finder.landmarks(frame) if meshes is None else meshes)
            chips += found[:1]
    finally:
        finder.close()
    return Strip(Path(material.file).stem, tuple(chips))


def _still(
    material: Material, faces: Path, rng: np.random.Generator
) -> Iterator[tuple[Frame, list[Landmarks] | None]]:
    (person,) = read_people([faces / material.file], STILL_IOD_PX)
    nuisance = replace(defaults_for("still").nuisance, noise=float(rng.uniform(1.0, 4.0)))
    t_s = np.arange(0, STILL_S, 1 / float(rng.choice(STILL_FPS)))
    sway = Sway(rng, nuisance.sway_iod * STILL_IOD_PX * float(rng.uniform(0.3, 3.0)))
    scene = StillScene(person, t_s, sway, Gaze(rng, nuisance.gaze_iod, STILL_S))
    sensor = Sensor(rng, nuisance, scene.shape)
    for index, t in enumerate(t_s):
        bgr = sensor.seen(scene.picture(index, None), float(t), index)
        yield Frame(material.file, index, round(t * NS_PER_S), 0, bgr), None


def _clip(material: Material, faces: Path) -> Iterator[tuple[Frame, list[Landmarks] | None]]:
    take = read_take(faces / material.file)
    for index, (bgr, mesh, t) in enumerate(zip(take.frames, take.meshes, take.t_s, strict=True)):
        flat = np.concatenate([mesh, np.zeros((len(mesh), 1), np.float32)], axis=1)
        found = [] if np.isnan(mesh[0, 0]) else [flat]
        yield Frame(material.file, index, round(t * NS_PER_S), 0, bgr), found


def track_of(
    strip: Strip,
    script: ScriptConfig,
    rng: np.random.Generator,
    templates: F32,
    pace: float = 1.0,
    lively: Liveliness | None = None,
) -> Track:
    """Movements drawn, put into the chips and followed; `pace` plays the strip faster or slower."""
    t_s = strip.t_s / pace
    chips = [replace(chip, t_ns=round(t * NS_PER_S)) for chip, t in zip(strip.chips, t_s, strict=True)]
    spans = [(float(a[0]), float(a[-1])) for a in _runs(t_s)]
    opening = eye_opening(strip.chips[0].landmarks_px)
    movements = draw_script(rng, spans, script, opening)
    shown, amplitudes = _moved_chips(chips, t_s, movements, lively)
    return Track(strip.name, t_s, rows_of(shown, templates), movements, amplitudes)


def rows_of(chips: Sequence[FaceChip], templates: F32, gap_s: float = 0.5) -> F32:
    """(chips, ROW_SIZE) as the live spotter sees them; positions start anew after a gap."""
    chain = Chain(MotionConfig(), ChainConfig(), templates)
    rows: list[F32] = []
    last_ns: int | None = None
    for chip in chips:
        if last_ns is None or chip.t_ns - last_ns > gap_s * NS_PER_S:
            chain.restart(chip)
        rows.append(chain.step(chip))
        last_ns = chip.t_ns
    return np.stack(rows)


def _runs(t_s: NDArray[np.float64], gap_s: float = 0.15) -> list[NDArray[np.float64]]:
    runs = np.split(t_s, np.flatnonzero(np.diff(t_s) > gap_s) + 1)
    return [run for run in runs if run[-1] - run[0] > 1.0]


def _moved_chips(
    chips: Sequence[FaceChip],
    t_s: NDArray[np.float64],
    movements: Sequence[Movement],
    lively: Liveliness | None = None,
) -> tuple[list[FaceChip], tuple[float, ...]]:
    """The chips after everything moved that shall, and the largest displacement of each movement."""
    fields: dict[Movement, Field] = {}
    largest = dict.fromkeys(movements, 0.0)
    shown: list[FaceChip] = []
    for index, (chip, t) in enumerate(zip(chips, t_s, strict=True)):
        alive = chip if lively is None else moved_chip(chip, lively.field(index), 1.0)
        moved = moved_at(movements, float(t))
        if moved is None:
            shown.append(alive)
            continue
        if moved.movement not in fields:
            fields[moved.movement] = chip_field(chip, moved.movement.actions)
        field = np.float32(moved.strength) * fields[moved.movement]
        size = float(np.linalg.norm(field, axis=2).max())
        largest[moved.movement] = max(largest[moved.movement], size)
        shown.append(moved_chip(alive, field, MESH_GAIN))
    return shown, tuple(largest[movement] for movement in movements)
