"""What a camera and its cable add to a face: a swaying head, flicker, noise, lost and doubled frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import ConfigError

Bgr = NDArray[np.uint8]
NOISE_SHIFTS = 64
MAINS_HZ = 100.0  # lamps on 50 Hz mains


@dataclass(frozen=True, slots=True)
class NuisanceConfig:
    """Strengths; 0 is off."""

    noise: float = 2.0  # standard deviation, gray levels
    flicker: float = 0.004  # of the brightness, at what the frame rate leaves of the lamps' 100 Hz
    drift: float = 0.01  # of the brightness, over some seconds
    sway_iod: float = 0.05  # reach of the head, IOD; stills only
    gaze_iod: float = 0.04  # reach of the eyes, IOD (some 10 degrees); stills only
    dropped: float = 0.0  # share of frames that never come
    doubled: float = 0.0  # share of frames that show the one before again

    def __post_init__(self) -> None:
        if min(self.noise, self.flicker, self.drift, self.sway_iod, self.gaze_iod) < 0:
            raise ConfigError("nuisance: strengths must not be negative")
        if not (0 <= self.dropped < 0.5 and 0 <= self.doubled < 0.5):
            raise ConfigError("nuisance.dropped and nuisance.doubled are shares below 0.5")


class Sway:
    """A head that muscles hold: slow turns and shifts that do not repeat soon."""

    def __init__(self, rng: np.random.Generator, reach_px: float) -> None:
        reach = np.array([reach_px, 0.6 * reach_px, np.radians(1.0), 0.005])  # x, y px; roll; size
        self._reach = reach[:, None] * np.array([0.65, 0.35]) * rng.uniform(0.6, 1.0, (4, 1))
        self._hertz = np.array([0.07, 0.19]) * rng.uniform(0.8, 1.25, (4, 2))
        self._phase = rng.uniform(0, 2 * np.pi, (4, 2))

    def at(self, t_s: float, centre: tuple[float, float]) -> NDArray[np.float64]:
        """(2, 3): resting pixels -> pixels at `t_s`, turning and growing about `centre`."""
        wave = np.sin(2 * np.pi * self._hertz * t_s + self._phase)
        x, y, roll, size = (self._reach * wave).sum(axis=1)
        cosine, sine = (1 + size) * np.cos(roll), (1 + size) * np.sin(roll)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        middle = np.array(centre)
        return np.column_stack([turn, middle - turn @ middle + (x, y)])


class Sensor:
    """Light and noise of one camera. The same generator gives the same frames."""

    def __init__(self, rng: np.random.Generator, config: NuisanceConfig, shape: tuple[int, int]) -> None:
        self._config = config
        self._phase = rng.uniform(0, 2 * np.pi, 3)
        self._seed = int(rng.integers(2**31))
        height, width = shape
        self._shape = shape
        tile = rng.standard_normal((height + NOISE_SHIFTS, width + NOISE_SHIFTS, 3), np.float32)
        self._tile = np.rint(config.noise * tile).astype(np.int16)

    def gain(self, t_s: float) -> float:
        """Brightness of the light at `t_s`, 1 on average."""
        lamps = self._config.flicker * np.sin(2 * np.pi * MAINS_HZ * t_s + self._phase[0])
        slow = np.sin(0.5 * t_s + self._phase[1]) + np.sin(1.3 * t_s + self._phase[2])
        return float(1 + lamps + 0.5 * self._config.drift * slow)

    def seen(self, bgr: Bgr, t_s: float, index: int) -> Bgr:
        """(height, width, 3) uint8: the picture under this light, with noise drawn anew for each frame."""
        if self._config.flicker or self._config.drift:
            bgr = np.asarray(cv2.convertScaleAbs(bgr, alpha=self.gain(t_s)), np.uint8)
        if not self._config.noise:
            return bgr
        x, y = np.random.default_rng((self._seed, index)).integers(0, NOISE_SHIFTS, 2)
        noise = self._tile[y : y + self._shape[0], x : x + self._shape[1]]
        return np.asarray(cv2.add(bgr, np.ascontiguousarray(noise), dtype=cv2.CV_8U), np.uint8)


def delivered(rng: np.random.Generator, frames: int, config: NuisanceConfig) -> list[tuple[int, int]]:
    """(frame whose time it carries, frame that it shows) of each frame that comes, in order.

    A dropped frame leaves a hole in the times; a doubled one shows the last picture at its own time.
    The first two frames always come.
    """
    come: list[tuple[int, int]] = []
    for i, draw in enumerate(rng.random(frames)):
        if i > 1 and draw < config.dropped:
            continue
        doubled = i > 1 and draw < config.dropped + config.doubled
        come.append((i, come[-1][1] if doubled else i))
    return come
