"""Key frames as they are not annotated: mistaken by chance, or found by the machine.

The published protocol (CausalNet, ICCV 2025): Gaussian noise of standard deviation 10, 20 and 30 frames on
onset, apex and offset; and the apex found automatically between the annotated onset and offset.
"""

from __future__ import annotations

import numpy as np

from realtime.spotting import Spotter, SpotterConfig
from realtime.types import Window
from train.overlap import iou
from train.preparing.strip import KeyFrames, Strip, spotted_apex
from train.preparing.task import follower, frames_around
from train.readers import Sample

NOISE_SD = (10, 20, 30)  # frames
LEAST_OVERLAP = 0.1  # of a spotted window with the true one: less is another movement


def mistaken(strip: Strip, keys: KeyFrames, sd_frames: float, rng: np.random.Generator) -> KeyFrames:
    """Positions of key frames with noise on their numbers, in order, among the frames there are."""
    numbers = strip.numbers[list(keys)] + np.rint(rng.normal(0.0, sd_frames, 3))
    onset, apex, offset = sorted(strip.nearest(number) for number in numbers)
    apex = min(max(apex, 1), len(strip.numbers) - 2)
    return min(onset, apex - 1), apex, max(offset, apex + 1)


def with_spotted_apex(strip: Strip, keys: KeyFrames) -> KeyFrames:
    """The annotated onset and offset, and the apex as the flow shows it."""
    return keys[0], spotted_apex(strip, keys[0], keys[2]), keys[2]


def live_window(sample: Sample, margin_s: float) -> Window | None:
    """What the rules spotter finds of this movement, all three key frames; None where it finds nothing.

    It needs a third of a second of rest before the onset: a clip cut to its movement has none.
    """
    assert sample.pictures is not None
    spotter = Spotter(SpotterConfig(kind="rules"))
    windows: list[Window] = []
    frames = sample.pictures.read(*frames_around(sample, margin_s))
    for chips in follower().chips(sample.key, frames, sample.fps):
        for chip in chips:
            windows += spotter.step(chip)[1]
    windows += spotter.finish()
    best = max(windows, key=lambda window: _overlap(window, sample), default=None)
    return best if best is not None and _overlap(best, sample) >= LEAST_OVERLAP else None


def _overlap(window: Window, sample: Sample) -> float:
    onset, offset = (window.chips[at].frame_index for at in (window.onset, window.offset))
    return iou((onset, offset), (sample.onset, sample.offset), step=1)
