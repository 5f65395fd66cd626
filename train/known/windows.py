"""From filmed pictures to the maps of the network, by the live chain: landmarks, crop, flow, maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.face.alignment import cut_chip
from realtime.face.finder import FaceFinder
from realtime.flow import flow_of
from realtime.maps import maps_of
from realtime.types import CHIP_SIZE, MAP_SIZE, Affine, FaceChip, Flow, Frame, Kind, Window
from train.errors import DatasetError
from train.known.film import FPS, KEY_FRAMES

Chips = NDArray[np.uint8]  # (3, 128, 128): onset, apex, offset


@dataclass(frozen=True, slots=True)
class Crop:
    """A chip cut beside the fitted geometry, in rows and columns of the 28x28 map."""

    rows: float = 0.0
    columns: float = 0.0
    scale: float = 1.0

    def apply(self, to_chip: Affine) -> Affine:
        """The transform of the misplaced chip: scaled about its middle, then shifted."""
        middle = (CHIP_SIZE - 1) / 2
        shift = np.array([self.columns, self.rows]) * CHIP_SIZE / MAP_SIZE
        moved = to_chip * self.scale
        moved[:, 2] += middle * (1.0 - self.scale) + shift
        return moved


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A clip as the face finder followed it."""

    pictures: Sequence[NDArray[np.uint8]]
    chips: Sequence[FaceChip]

    def at(self, key_frames: Sequence[int] = KEY_FRAMES, crop: Crop | None = None) -> Chips:
        """The chips of onset, apex and offset; with `crop`, cut again beside where they belong."""
        if crop is None:
            return np.stack([self.chips[i].gray_u8 for i in key_frames])
        cut = [cut_chip(self.pictures[i], crop.apply(self.chips[i].to_chip)) for i in key_frames]
        return np.stack(cut)


class Watcher:
    """The live chain's face finder on clips of one person; each clip begins with a fresh crop."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tracker = FaceFinder()  # keeps its landmark model from clip to clip, as a stream would

    def watch(self, pictures: Sequence[NDArray[np.uint8]], fps: float = FPS) -> Watched:
        """Raises: DatasetError if the face is lost in a picture."""
        crops = FaceFinder(model=lambda bgr: [])
        chips: list[FaceChip] = []
        for index, bgr in enumerate(pictures):
            frame = Frame(self._name, index, round(index * NS_PER_S / fps), 0, bgr)
            found = crops.chips(frame, self._tracker.landmarks(frame))
            if not found:
                raise DatasetError(f"{self._name}: no face in picture {index}; leave this still out")
            chips.append(found[0])
        return Watched(pictures, chips)

    def close(self) -> None:
        self._tracker.close()


def maps_of_chips(chips: Chips) -> NDArray[np.uint8]:
    """(4, 28, 28, 3) published layout, by the live flow (head motion removed) and the live maps."""
    return maps_of(flow_of_chips(chips)).maps_u8


def flow_of_chips(chips: Chips) -> Flow:
    """The live flow of both phases, head motion removed."""
    return flow_of(_window(chips))


def _window(chips: Chips) -> Window:
    """Three chips as the spotter would hand them over."""
    unmoved = np.eye(2, 3)
    mesh = np.zeros((468, 2), np.float32)
    carried = tuple(
        FaceChip("known", at, round(at * NS_PER_S / FPS), 0, gray, unmoved, mesh, 90.0, 1.0, frozenset())
        for at, gray in zip(KEY_FRAMES, chips, strict=True)
    )
    regions = np.zeros(0, np.float32)
    return Window(carried, 0, 1, 2, Kind.MICRO, 0.0, regions, frozenset(), carried[2].t_ns)
