"""One video of the synthetic set: material, script and nuisance put together by a seed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.movement.model import Movement, amplitude_px
from train.synth.clips import Take, read_take
from train.synth.dense import write_dense
from train.synth.gaze import Gaze
from train.synth.nuisance import NuisanceConfig, Sensor, Sway, delivered
from train.synth.people import read_people
from train.synth.scene import Bgr, ClipScene, Moved, Scene, StillScene, moved_at
from train.synth.script import ScriptConfig, draw_script
from train.synth.split import Material
from train.synth.write import SUFFIXES, Row, open_video, truth_row

STILL_IOD_PX = 100.0


@dataclass(frozen=True, slots=True)
class SynthConfig:
    """Everything but the seed that decides what a video looks like."""

    seconds: float = 20.0  # of a still
    fps: float = 30.0  # of a still; clips keep their own times
    codec: str = "fine"
    kbps: int = 1500
    dense: bool = False  # also write every displacement and the landmarks
    script: ScriptConfig = field(default_factory=ScriptConfig)
    nuisance: NuisanceConfig = field(default_factory=NuisanceConfig)

    def __post_init__(self) -> None:
        if not 10 <= self.fps <= 240:
            raise ConfigError(f"--fps must lie in 10 .. 240, not {self.fps}")
        if self.seconds <= self.script.lead_s:
            raise ConfigError(f"--seconds must be more than {self.script.lead_s}, not {self.seconds}")


STILL_DEFAULTS = SynthConfig(script=ScriptConfig(blink_share=0.2))
# A clip brings its own noise, light, blinks and head motion.
CLIP_DEFAULTS = SynthConfig(
    nuisance=NuisanceConfig(noise=0.0, flicker=0.0, drift=0.0, sway_iod=0.0, gaze_iod=0.0)
)


def defaults_for(part: str) -> SynthConfig:
    return STILL_DEFAULTS if part == "still" else CLIP_DEFAULTS


@dataclass(frozen=True, slots=True)
class Made:
    """What was written about one video."""

    video: Row
    movements: tuple[Row, ...]  # blinks among them


class Studio:
    """Makes videos; keeps the last clip decoded, for its next variant."""

    def __init__(self, faces: Path, config: SynthConfig) -> None:
        self._faces = faces
        self._config = config
        self._take: tuple[str, Take] | None = None

    def make(self, material: Material, seed: int, variant: int, out: Path) -> Made:
        """Writes OUT/<name>.mp4 (or .webm; with `dense` also .npz).

        Raises: DatasetError, ClipRejected, OutputError, ConfigError.
        """
        name = f"{material.part}_{Path(material.file).stem}_{variant}"
        rng = np.random.default_rng((seed, zlib.crc32(name.encode())))
        scene = self._scene(material, rng)
        movements = draw_script(rng, scene.spans, self._config.script, scene.eye_opening)
        come = delivered(rng, len(scene.t_s), self._config.nuisance)
        sensor = Sensor(rng, self._config.nuisance, scene.shape)
        path = out / f"{name}{SUFFIXES.get(self._config.codec, '.mp4')}"
        self._write_video(path, scene, movements, come, sensor)
        if self._config.dense:
            write_dense(path.with_suffix(".npz"), scene, movements, come)
        t_s = scene.t_s[[when for when, _ in come]]
        lasts_s = float(t_s[-1] - t_s[0]) * len(t_s) / (len(t_s) - 1)
        said = (f"{lasts_s:.3f}", len(t_s), f"{len(t_s) / lasts_s:.3f}", material.person, material.part)
        shown_s = scene.t_s[[what for _, what in come]]
        rows = tuple(truth_row(path.name, one, t_s, _size(scene, one, shown_s)) for one in movements)
        return Made((path.name, *said, material.file), rows)

    def _scene(self, material: Material, rng: np.random.Generator) -> Scene:
        path = self._faces / material.file
        if material.part == "still":
            (person,) = read_people([path], STILL_IOD_PX)
            frames = round(self._config.seconds * self._config.fps)
            sway = Sway(rng, self._config.nuisance.sway_iod * STILL_IOD_PX)
            # of its own stream: the same seed draws the same script with and without it
            gaze = Gaze(rng.spawn(1)[0], self._config.nuisance.gaze_iod, self._config.seconds)
            return StillScene(person, np.arange(frames) / self._config.fps, sway, gaze)
        if self._take is None or self._take[0] != material.file:
            self._take = material.file, read_take(path)
        take = self._take[1]
        return ClipScene(take.frames, take.t_s, take.meshes)

    def _write_video(
        self,
        path: Path,
        scene: Scene,
        movements: Sequence[Movement],
        come: Sequence[tuple[int, int]],
        sensor: Sensor,
    ) -> None:
        video = open_video(path, scene.shape, self._config.codec, self._config.kbps)
        width, height = video.size
        try:
            for (when, _), bgr in zip(come, _pictures(scene, movements, come, sensor), strict=True):
                video.write(np.ascontiguousarray(bgr[:height, :width]), round(scene.t_s[when] * NS_PER_S))
        finally:
            video.close()


def _pictures(
    scene: Scene, movements: Sequence[Movement], come: Sequence[tuple[int, int]], sensor: Sensor
) -> Iterator[Bgr]:
    shown, bgr = -1, np.empty((0, 0, 3), np.uint8)
    for _, what in come:
        if what != shown:
            t_s = float(scene.t_s[what])
            bgr = sensor.seen(scene.picture(what, moved_at(movements, t_s)), t_s, what)
            shown = what
        yield bgr


def _size(scene: Scene, movement: Movement, shown_s: NDArray[np.float64]) -> float:
    """Largest displacement that a frame shows, pixels at chip scale: a brief apex may fall between two."""
    strength = max(movement.strength(float(t_s)) for t_s in shown_s)
    apex = int(np.abs(scene.t_s - movement.apex_s).argmin())
    landmarks = scene.landmarks(apex)
    assert landmarks is not None, "movements lie within spans that show a face"
    return strength * amplitude_px(scene.displacement(apex, Moved(movement, 1.0)), landmarks)
