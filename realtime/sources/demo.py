"""The demo source: a face whose every movement is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.movement.model import Movement
from realtime.output.files import csv_line, fixed, replace_file
from realtime.sources.base import SourceBase, SourceConfig
from realtime.sources.demo_portrait import MovedFace, PortraitRenderer
from realtime.sources.demo_script import DemoScript
from realtime.sources.paced import Wait, in_real_time
from realtime.types import Frame

TRUTH_HEADER = ("onset_s", "apex_s", "offset_s", "type", "label", "aus", "amplitude_px")
TRUTH_NAME = "demo_truth.csv"


class DemoSource(SourceBase):
    """Rendered frames at exactly `demo_fps`, with micro- and macro-expressions, blinks and a swaying head.

    Times count from the first frame (t_ns = 0). The same seed, size and rate give the same frames, live
    (released in real time) or not.
    """

    def __init__(self, config: SourceConfig, clock: Clock = now_ns, wait: Wait | None = None) -> None:
        super().__init__("demo", clock, live=config.demo_live)
        self._config = config
        self._wait = self._closed.wait if wait is None else wait
        self._renderer = PortraitRenderer(config.demo_width, config.demo_height, config.demo_seed)
        self._script = DemoScript(config.demo_seed, self._renderer.eye_opening)
        self._prepared: tuple[Movement, MovedFace] | None = None
        self._played_ns = 0

    def truth(self, until_s: float | None = None) -> tuple[Movement, ...]:
        """The movements that have ended by `until_s` (default: by the last frame given out)."""
        end_s = self._played_ns / NS_PER_S if until_s is None else until_s
        return tuple(movement for movement in self._script.until(end_s) if movement.offset_s <= end_s)

    def write_truth(self, path: Path, until_s: float | None = None) -> None:
        """Writes `truth` as a table: seconds from the first frame; amplitude_px is the largest
        displacement in a 128x128 chip (2.1 by 2.77 inter-ocular distances). Raises: OutputError.
        """
        lines = [csv_line(TRUTH_HEADER)]
        lines += [csv_line(self._row(movement)) for movement in self.truth(until_s)]
        replace_file(path, "\n".join(lines) + "\n")

    def _row(self, movement: Movement) -> list[str]:
        times = (movement.onset_s, movement.apex_s, movement.offset_s)
        amplitude = self._renderer.amplitude_px(movement)
        words = [movement.kind.value, movement.label, movement.aus]
        return [fixed(time, 4) for time in times] + words + [fixed(amplitude, 3)]

    def _frames(self) -> Iterator[Frame]:
        frames = self._rendered()
        return in_real_time(frames, self._clock, self._wait) if self.live else frames

    def _rendered(self) -> Iterator[Frame]:
        index = 0
        while not self._closed.is_set():
            t_ns = round(index * NS_PER_S / self._config.demo_fps)
            if 0 < self._config.demo_seconds * NS_PER_S <= t_ns:
                return
            self._played_ns = t_ns
            yield self._frame(t_ns, self._picture(t_ns / NS_PER_S, index))
            index += 1

    def _picture(self, t_s: float, index: int) -> NDArray[np.uint8]:
        movement = self._script.at(t_s)
        if movement is None:
            return self._renderer.render(t_s, index)
        if self._prepared is None or self._prepared[0] is not movement:
            self._prepared = (movement, self._renderer.prepare(movement))
        return self._renderer.render(t_s, index, self._prepared[1], movement.strength(t_s))

    def describe(self) -> dict[str, object]:
        config = self._config
        said = {"asked": f"{config.demo_width}x{config.demo_height} at {config.demo_fps:g} fps"}
        return {**super().describe(), **said, "seed": config.demo_seed, "notes": {}}
