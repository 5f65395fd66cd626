"""A known movement filmed, sent as a browser sends it, and watched on the other side by the live chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.flow import flow_of
from realtime.maps import maps_of
from realtime.movement.model import pixel_grid
from realtime.spotting import Spotter
from realtime.types import CHIP_SIZE, Affine, Window
from train.known.codecs import Codec, h264, vp8
from train.known.film import FPS, Bgr, Known, Sensor, displacement, film, key_times, rest
from train.known.people import WEBCAM_SHAPE
from train.known.windows import Watched, Watcher, flow_of_chips
from train.overlap import iou
from train.synth.people import Person

AS_FILMED, DENOISED, PLAIN, H264, RATE = "as filmed", "VP8", "VP8 not denoised", "H.264", "frames a second"
# As RATE, but so many times as fast (0.43 s otherwise): the shortest that are called micro take 0.04 s.
BRIEF = {"frames a second, movement of 0.1 s": 13 / 3, "frames a second, movement of 0.05 s": 8.6}
BITS_PER_PIXEL = (0.06, 0.12, 0.18, 0.25, 0.4)
RATES_FPS = (12.0, 18.0, 25.0)
REST_S = 0.7  # before the first moving frame comes another third: encoder and spotter have settled
AFTER_S = 0.4
MOVED = 0.2  # share of the amplitude from which on a place counts as moved
MATCHED = 0.5  # intersection over union, as the MEGC counts a spotted movement


@dataclass(frozen=True, slots=True)
class Way:
    """How pictures come from the camera to the live chain."""

    group: str  # ways of one group lie on one curve
    value: float  # bits per pixel asked for, or frames a second
    fps: float = FPS
    codec: Codec | None = None
    pace: float = 1.0  # times as fast as the movement is otherwise


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One movement as it was seen after one way."""

    way: Way
    label: int
    bits_per_pixel: float  # that were sent; 0: nothing was compressed
    flow_error_px: float  # endpoint error, onset to apex at the known key frames, where the face moves
    maps_u8: NDArray[np.uint8]  # (4, 28, 28, 3) at the known key frames
    spotted_u8: NDArray[np.uint8] | None  # the same of the window that the spotter found; None: missed
    others: int  # candidates that are no movement


def ways(bits_per_pixel: tuple[float, ...] = BITS_PER_PIXEL) -> tuple[Way, ...]:
    """All of them; the first is the camera's own pictures."""
    height, width = WEBCAM_SHAPE
    found = [Way(AS_FILMED, 0.0)]
    for bits in bits_per_pixel:
        kbps = round(bits * width * height * FPS / 1000)
        found += [Way(DENOISED, bits, codec=vp8(kbps, denoise=True)), Way(H264, bits, codec=h264(kbps))]
    found.append(Way(PLAIN, bits, codec=vp8(kbps)))  # what smoothing over time does, once
    found += [Way(RATE, fps, fps) for fps in RATES_FPS]
    briefer = (Way(group, fps, fps, pace=pace) for group, pace in BRIEF.items() for fps in (*RATES_FPS, FPS))
    return (*found, *briefer)


def see(
    person: Person, known: Known, sensor: Sensor, watcher: Watcher, over: Sequence[Way]
) -> Iterator[Seen]:
    """The same filmed pictures over every way; only another frame rate is filmed anew."""
    filmed: dict[tuple[float, float], list[Bgr]] = {}
    for way in over:
        kind = way.fps, way.pace
        if kind not in filmed:
            filmed[kind] = _filmed(person, known, sensor, way)
        yield _seen(person, known, watcher, way, filmed[kind])


def _filmed(person: Person, known: Known, sensor: Sensor, way: Way) -> list[Bgr]:
    before, after = (rest(person, sensor, round(seconds * way.fps)) for seconds in (REST_S, AFTER_S))
    return [*before, *film(person, known, sensor, fps=way.fps, pace=way.pace), *after]


def _seen(person: Person, known: Known, watcher: Watcher, way: Way, pictures: list[Bgr]) -> Seen:
    bits_per_pixel = 0.0
    if way.codec is not None:
        sent = way.codec.send(pictures)
        bits_per_pixel = sent.bits / sum(bgr.shape[0] * bgr.shape[1] for bgr in pictures)
        pictures = sent.pictures
    watched = watcher.watch(pictures, way.fps)
    keys = _keys(way)
    flow = flow_of_chips(watched.at(keys))
    truth = true_flow(person, known, watched.chips[keys[0]].to_chip)
    moved = np.linalg.norm(truth, axis=-1) >= MOVED * known.amplitude_px
    error = np.linalg.norm(flow.phases_hw2[0] - truth, axis=-1)[moved]
    window, others = _spotted(watched, keys, way.fps)
    spotted = None if window is None else maps_of(flow_of(window)).maps_u8
    return Seen(way, known.label, bits_per_pixel, float(error.mean()), maps_of(flow).maps_u8, spotted, others)


def _keys(way: Way) -> tuple[int, int, int]:
    """Frames nearest to the movement's beginning, peak and end, in order."""
    first = round(REST_S * way.fps)
    onset, apex, offset = (first + round(at_s * way.fps) for at_s in key_times(way.pace))
    apex = max(onset + 1, apex)
    return onset, apex, max(apex + 1, offset)


def true_flow(person: Person, known: Known, to_chip: Affine) -> NDArray[np.float32]:
    """(128, 128, 2) pixels of the chip: the known displacement from onset to apex, on the onset's grid."""
    back = cv2.invertAffineTransform(to_chip)
    at = (pixel_grid(CHIP_SIZE, CHIP_SIZE) @ back[:, :2].T + back[:, 2]).astype(np.float32)
    field = displacement(person, known)
    sampled = cv2.remap(field, at, np.empty(0, np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled @ to_chip[:, :2].T, np.float32)


def _spotted(watched: Watched, keys: tuple[int, int, int], fps: float) -> tuple[Window | None, int]:
    """The spotter's window of the movement, and how many others there are."""
    spotter = Spotter()
    windows = [window for chip in watched.chips for window in spotter.step(chip)[1]]
    windows += spotter.finish()
    span = keys[0] / fps, keys[2] / fps
    best = max(windows, key=lambda window: iou(_span_s(window), span), default=None)
    if best is None or iou(_span_s(best), span) < MATCHED:
        return None, len(windows)
    return best, len(windows) - 1


def _span_s(window: Window) -> tuple[float, float]:
    return (
        window.chips[window.onset].t_ns / NS_PER_S,
        window.chips[window.offset].t_ns / NS_PER_S,
    )
