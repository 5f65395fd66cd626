"""Whether an engine says what torch says: on maps of real movements, and on made-up ones like them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelFileError

LIST_NAME = "combined_3_class2_for_optical_flow.csv"
FOLDER_NAME = "STSNet_whole_norm_u_v_os"  # of the published features
SUFFIXES = ("", "_1", "_2", "_3")  # flow of both phases, direction of both
LOGIT_LIMITS = {"fp32": 1e-3, "fp16": 2e-2}  # int8 is judged by its decisions
AGREEMENT = 0.999
_FULL, _SMALL = 128, 28  # pixels of a face before and after reduction
_MOVED, _NOISE = 2, 4.0  # pixels that a face is moved at most, highest standard deviation in levels

Maps = NDArray[np.float32]
Logits = NDArray[np.float32]
Infer = Callable[[Maps], Logits]


@dataclass(frozen=True, slots=True)
class Parity:
    """One comparison."""

    samples: int
    max_abs_logit_diff: float
    agreement: float  # share of samples with the same decision
    p99_abs_logit_diff: float | None = None  # what 99 % of the samples stay within

    def fits(self, precision: str, *, chooses: bool = False) -> bool:
        """Whether it is as close as this precision has to be.

        A network that `chooses` among near equals (neighbours in a graph) may now and then choose another
        by rounding alone: of such a network 99 % of the samples have to be as close.
        """
        usual = self.p99_abs_logit_diff if chooses else None
        difference = self.max_abs_logit_diff if usual is None else usual
        return self.agreement >= AGREEMENT and difference <= LOGIT_LIMITS.get(precision, np.inf)


def compare(given: Logits, wanted: Logits) -> Parity:
    """Of (n, classes) logits; n at least 1."""
    same = given.argmax(axis=1) == wanted.argmax(axis=1)
    largest = np.abs(given - wanted).max(axis=1)
    usual = float(np.quantile(largest, 0.99, method="lower"))
    return Parity(len(wanted), float(largest.max()), float(same.mean()), usual)


def together(found: Sequence[Parity]) -> Parity:
    """Several comparisons as one over all their samples."""
    samples = sum(each.samples for each in found)
    same = sum(each.agreement * each.samples for each in found)
    usual = [each.p99_abs_logit_diff for each in found if each.p99_abs_logit_diff is not None]
    most = max(each.max_abs_logit_diff for each in found)
    return Parity(samples, most, same / samples, max(usual, default=None))


def published_maps(folder: Path) -> Maps:
    """(n, 4, 28, 28, 3) float32 of the published features, in the order of their list.

    The labels are `train`'s affair. Raises: ModelFileError naming the first file that is missing.
    """
    path = folder / LIST_NAME
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            stems = [f"{row['sub']}_{row['filename_o']}" for row in csv.DictReader(stream)]
    except (OSError, KeyError) as error:
        raise ModelFileError(
            f"no sample list at {path} ({error!r}); give the causalnet-cde folder"
        ) from error
    return np.stack(
        [[_read(folder / FOLDER_NAME / f"{stem}{end} .png") for end in SUFFIXES] for stem in stems]
    )


def varied_maps(maps_f32: Maps, samples: int, seed: int = 0) -> Maps:
    """(samples, 4, 28, 28, 3) float32: new movements out of given ones, as other faces would show them.

    Two of them mixed, moved by up to two pixels, mirrored, reversed in time, with noise of a few levels;
    their direction maps are made anew.
    """
    rng = np.random.default_rng(seed)
    return np.stack([_varied(maps_f32[:, :2], rng) for _ in range(samples)])


def realistic_maps(samples: int, seed: int = 0) -> Maps:
    """(samples, 4, 28, 28, 3) float32: maps of random smooth movements in the published layout.

    A few local movements, a little of the whole face and noise, growing and then fading unevenly; strain, v
    and u scaled to 0..255 per map, reduced, and their direction in colour: what the live chain makes of a
    face, without one.
    """
    rng = np.random.default_rng(seed)
    return np.stack([_sample(rng) for _ in range(samples)])


def _read(path: Path) -> Maps:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None or image.shape != (_SMALL, _SMALL, 3):
        raise ModelFileError(f"{path} is missing or no 28x28 colour map; fetch the published features again")
    return image.astype(np.float32)


def _sample(rng: np.random.Generator) -> Maps:
    movement = _movement(rng)
    fading = -rng.uniform(0.5, 1.0) * movement + 0.3 * _movement(rng)
    flows = [_flow_map(flow) for flow in (movement, fading)]
    return np.stack([*flows, *map(_direction_map, flows)]).astype(np.float32)


def _varied(flows: Maps, rng: np.random.Generator) -> Maps:
    """One sample out of (n, 2, 28, 28, 3) flow maps."""
    first, second = flows[rng.integers(len(flows), size=2)]
    share = rng.uniform(0.5, 1.0)
    mixed = share * first + (1.0 - share) * second
    row, column = rng.integers(0, 2 * _MOVED + 1, 2)
    wide = np.pad(mixed, ((0, 0), (_MOVED, _MOVED), (_MOVED, _MOVED), (0, 0)), mode="edge")
    moved = wide[:, row : row + _SMALL, column : column + _SMALL]
    if rng.random() < 0.5:  # mirrored: u, channel 2, changes its sign around the middle
        moved = moved[:, :, ::-1] * (1, 1, -1) + (0, 0, 255)
    if rng.random() < 0.5:  # reversed in time: u and v change theirs, the phases their places
        moved = moved[::-1] * (1, -1, -1) + (0, 255, 255)
    noisy = moved + rng.normal(0.0, rng.uniform(0.0, _NOISE), moved.shape)
    flow_maps = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return np.concatenate([flow_maps, np.stack([_direction_map(each) for each in flow_maps])]).astype(
        np.float32
    )


def _movement(rng: np.random.Generator) -> NDArray[np.float64]:
    """(128, 128, 2) u, v in pixels: one to four bumps, a shift, noise smoothed over a few pixels."""
    y, x = np.mgrid[:_FULL, :_FULL] / _FULL
    flow = np.zeros((_FULL, _FULL, 2)) + rng.normal(0.0, 0.05, 2)
    for _ in range(rng.integers(1, 5)):
        centre, width = rng.uniform(0.15, 0.85, 2), rng.uniform(0.05, 0.2)
        bump = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * width**2))
        flow += bump[..., None] * rng.normal(0.0, 1.0, 2)
    noise = rng.normal(0.0, rng.uniform(0.05, 0.5), flow.shape)
    return flow + cv2.GaussianBlur(noise, (0, 0), 3.0)


def _flow_map(flow: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Strain, v, u of (128, 128, 2), each scaled to 0..255, at 28x28."""
    u, v = flow[..., 0], flow[..., 1]
    (u_y, u_x), (v_y, v_x) = np.gradient(u), np.gradient(v)
    strain = np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2)
    scaled = [255 * (part - part.min()) / np.ptp(part) for part in (strain, v, u)]
    return cv2.resize(np.stack(scaled, axis=-1), (_SMALL, _SMALL), interpolation=cv2.INTER_AREA).astype(
        np.uint8
    )


def _direction_map(flow_map_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The angle of (channel 2, channel 1) as a hue, full saturation and value, in BGR."""
    v, u = flow_map_u8[..., 1].astype(np.float64), flow_map_u8[..., 2].astype(np.float64)
    hue = (np.degrees(np.arctan2(v, u)) / 2).astype(np.uint8)
    full = np.full_like(hue, 255)
    return cv2.cvtColor(np.stack([hue, full, full], axis=-1), cv2.COLOR_HSV2BGR).astype(np.uint8)
