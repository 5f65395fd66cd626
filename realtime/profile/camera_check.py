"""What a camera really delivers: rate, jitter, repeated and lost frames, exposure.

Nothing here believes a declared figure: times are those of arrival (or the container's), light is what the
pictures show. Frames are looked at on every fourth row and column of their green channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_MS, NS_PER_S
from realtime.errors import CalibrationError
from realtime.types import Frame

LEAST_S = 1.0  # a shorter look says nothing
MOST_FRAMES = 20_000  # of one look: bounded, also when nobody ends it
STEP_PX = 4
DARK, BRIGHT = 4, 251  # gray levels at and beyond which detail is gone
REPEATED = 0.1  # a frame that changes less than this share of the usual change is the last one again
SLOWEST_FLICKER_HZ = 2.0  # slower changes of the light are drift, or somebody moving
UNDISTURBED = "close other programs, give the camera a port of its own"
UNBURDENED = "close other programs, choose a smaller picture"
STEADY = "daylight, another lamp, or the camera's 50/60 Hz setting"

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CameraReport:
    """One look at a camera. Shares are 0 to 1."""

    width: int
    height: int
    frames: int
    seconds: float
    fps: float  # n frames make n - 1 gaps
    jitter_ms: float  # 95 % of the intervals lie within this of the usual one
    longest_gap_ms: float
    lost: int  # frames that fit into the gaps
    skipped: int  # frames that came and were not looked at: the computer was too slow
    repeated: float  # share of frames that show the last one again
    brightness: float  # mean gray level, 0 to 255
    dark: float  # share of pixels without detail
    bright: float
    drift: float  # of the brightness between the seconds, as a share of its mean
    flicker: float  # strongest regular change of the brightness, as a share of its mean
    flicker_hz: float  # as the camera sees it; a lamp at 100 Hz shows as a lower rate

    def advice(self) -> tuple[str, ...]:
        """What to mend, in words for the person before the camera; empty when all is well."""
        interval_ms = 1000 / self.fps
        said = (
            (self.fps < 24.5, f"only {self.fps:.1f} frames a second: more light, or a mode with 30 or more"),
            (self.jitter_ms > 0.35 * interval_ms, f"frames come irregularly: {UNDISTURBED}"),
            (self.lost > 0.01 * self.frames, f"{self.lost} frames are missing: {UNDISTURBED}"),
            (self.skipped > 0.05 * self.frames, f"this computer skipped {self.skipped} frames: {UNBURDENED}"),
            (self.repeated > 0.02, f"{self.repeated:.0%} of the frames show the last one again: more light"),
            (self.brightness < 45, "too dark: give it more light"),
            (self.bright > 0.1, f"{self.bright:.0%} of the picture is burnt out: less light or exposure"),
            (self.dark > 0.5, f"{self.dark:.0%} of the picture is black: light the face from the front"),
            (self.drift > 0.06, "the brightness drifts: switch automatic exposure off"),
            (self.flicker > 0.01, f"the light flickers ({self.flicker:.1%}): {STEADY}"),
        )
        return tuple(text for wrong, text in said if wrong)


class CameraMeter:
    """Gathers frames, and reports. Not thread-safe."""

    def __init__(self) -> None:
        self._t_ns: list[int] = []
        self._index: list[int] = []  # frames that were skipped leave holes
        self._light: list[tuple[float, float, float]] = []  # mean, share dark, share bright
        self._changes: list[float] = []  # mean difference to the frame before, gray levels
        self._last: NDArray[np.int16] | None = None
        self._size: tuple[int, int] | None = None

    def add(self, frame: Frame) -> None:
        """The next frame. Raises: CalibrationError when its size is another than before."""
        height, width = frame.bgr.shape[:2]
        if self._size not in (None, (width, height)):
            raise CalibrationError(f"{frame.source}: the picture changed its size; measure again")
        if len(self._t_ns) == MOST_FRAMES:
            return
        self._size = width, height
        seen = frame.bgr[::STEP_PX, ::STEP_PX, 1].astype(np.int16)
        self._t_ns.append(frame.t_ns)
        self._index.append(frame.index)
        self._light.append((float(seen.mean()), float((seen <= DARK).mean()), float((seen >= BRIGHT).mean())))
        if self._last is not None:
            self._changes.append(float(np.abs(seen - self._last).mean()))
        self._last = seen

    @property
    def seconds(self) -> float:
        """Between the first frame and the last."""
        return (self._t_ns[-1] - self._t_ns[0]) / NS_PER_S if self._t_ns else 0.0

    @property
    def fps(self) -> float:
        """So far, frames that were skipped among them; 0 before two frames."""
        return (self._index[-1] - self._index[0]) / self.seconds if self.seconds > 0 else 0.0

    def report(self) -> CameraReport:
        """What was seen. Raises: CalibrationError after less than a second."""
        if self.seconds < LEAST_S or self._size is None:
            raise CalibrationError(
                f"only {len(self._t_ns)} frames in {self.seconds:.1f} s came; {LEAST_S:g} s is the least"
            )
        t_ns, light = np.array(self._t_ns), np.array(self._light)
        steps = np.maximum(np.diff(self._index), 1)
        gaps_ms = np.diff(t_ns) / NS_PER_MS
        usual_ms = float(np.median(gaps_ms / steps))
        flicker, flicker_hz = _flicker((t_ns - t_ns[0]) / NS_PER_S, light[:, 0])
        return CameraReport(
            *self._size,
            frames=len(t_ns),
            seconds=round(self.seconds, 3),
            fps=round(self.fps, 3),
            jitter_ms=round(float(np.percentile(np.abs(gaps_ms - steps * usual_ms), 95)), 3),
            longest_gap_ms=round(float(gaps_ms.max()), 3),
            lost=int(np.maximum(np.rint(gaps_ms / usual_ms) - steps, 0).sum()) if usual_ms > 0 else 0,
            skipped=int((steps - 1).sum()),
            repeated=round(_repeated(np.array(self._changes)), 4),
            brightness=round(float(light[:, 0].mean()), 2),
            dark=round(float(light[:, 1].mean()), 4),
            bright=round(float(light[:, 2].mean()), 4),
            drift=round(_drift((t_ns - t_ns[0]) / NS_PER_S, light[:, 0]), 4),
            flicker=round(flicker, 5),
            flicker_hz=round(flicker_hz, 2),
        )


def _repeated(changes: F64) -> float:
    """Share of frames that hardly differ from the one before, against how much frames usually differ."""
    return float((changes <= REPEATED * np.median(changes)).mean())


def _drift(t_s: F64, brightness: F64) -> float:
    """Range of the means of whole seconds over the mean of all."""
    second = np.minimum(t_s.astype(int), max(int(t_s[-1]) - 1, 0))
    means = np.bincount(second, brightness) / np.maximum(np.bincount(second), 1)
    return float(np.ptp(means[np.bincount(second) > 0]) / max(brightness.mean(), 1.0))


def _flicker(t_s: F64, brightness: F64) -> tuple[float, float]:
    """(amplitude as a share of the mean, Hz) of the strongest line above drift; times may be uneven."""
    even_s = np.linspace(t_s[0], t_s[-1], len(t_s))
    even = np.interp(even_s, t_s, brightness)
    even -= np.polyval(np.polyfit(even_s, even, 2), even_s)
    window = np.hanning(len(even))
    lines = 2 * np.abs(np.fft.rfft(even * window)) / window.sum()
    rates_hz = np.fft.rfftfreq(len(even), even_s[1] - even_s[0])
    lines[rates_hz < SLOWEST_FLICKER_HZ] = 0
    strongest = int(lines.argmax())
    return float(lines[strongest] / max(brightness.mean(), 1.0)), float(rates_hz[strongest])
