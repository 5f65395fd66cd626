"""A movement as the live chain sees it: upright face chips of its frames and of some around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.face.finder import FaceFinder
from realtime.flow import flow_of, flow_pair
from realtime.flow.rigid import remove_rigid
from realtime.maps import maps_of
from realtime.types import FaceChip, Frame, Kind, MotionMaps, Window
from train.errors import DatasetError

KeyFrames = tuple[int, int, int]  # onset, apex, offset
Numbered = tuple[int, NDArray[np.uint8]]  # frame number, (height, width, 3) BGR

PAD = 0.35  # of the longer side, around a picture cut so close to the face that none is found in it
LOOKS = 16  # frames compared with the onset when an apex is looked for
STRONGEST = 0.1  # share of the chip that counts when its movement is measured
_NOBODY = np.zeros((64, 64, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Chips by frame number; frames without a face have none."""

    numbers: NDArray[np.int64]  # (n,) ascending
    t_ns: NDArray[np.int64]  # (n,)
    chips_u8: NDArray[np.uint8]  # (n, 128, 128)
    faces: NDArray[np.int64]  # (n,) identity

    def position(self, number: int) -> int:
        """Where frame `number` is. Raises: DatasetError if no face was found in it."""
        at = int(np.searchsorted(self.numbers, number))
        if at == len(self.numbers) or self.numbers[at] != number:
            raise DatasetError(f"no face found in frame {number}")
        return at

    def nearest(self, number: float) -> int:
        return int(np.abs(self.numbers - number).argmin())


class Follower:
    """The live face finder on one clip after another; each begins with nobody followed and a fresh crop."""

    def __init__(self) -> None:
        self._tracker = FaceFinder()  # keeps its loaded model

    def follow(self, name: str, read: Callable[[], Iterator[Numbered]], fps: float) -> Strip:
        """Chips of the numbered frames that `read` gives, at `fps`.

        Pictures cut too close to the face are read once more and given a border.

        Raises: DatasetError if no face is found at all.
        """
        for pad in (0.0, PAD):
            found = list(self.chips(name, read(), fps, pad))
            chips = [chip for of_frame in found for chip in of_frame]
            if 2 * len(chips) > len(found):
                break
        if not chips:
            raise DatasetError(f"no face found in any of its {len(found)} frames")
        return Strip(
            np.array([chip.frame_index for chip in chips], np.int64),
            np.array([chip.t_ns for chip in chips], np.int64),
            np.stack([chip.gray_u8 for chip in chips]),
            np.array([chip.face for chip in chips], np.int64),
        )

    def chips(
        self, name: str, frames: Iterator[Numbered], fps: float, pad: float = 0.0
    ) -> Iterator[tuple[FaceChip, ...]]:
        """What is found in each frame, as the live chain finds it; frames go by one at a time."""
        self._tracker.landmarks(Frame(name, 0, 0, 0, _NOBODY))  # let go of the last clip's face
        crops = FaceFinder(model=lambda bgr: [])
        first: int | None = None
        for number, bgr in frames:
            first = number if first is None else first
            frame = Frame(name, number, round((number - first) * NS_PER_S / fps), 0, _padded(bgr, pad))
            yield crops.chips(frame, self._tracker.landmarks(frame))

    def close(self) -> None:
        self._tracker.close()


def window_of(strip: Strip, keys: KeyFrames) -> Window:
    """The three chips at positions `keys`, as the spotter would hand them over.

    Raises: DatasetError if the face was lost between them: its crop then began anew.
    """
    if len({int(strip.faces[at]) for at in keys}) > 1:
        raise DatasetError("the face was lost between its key frames")
    mesh = np.zeros((468, 2), np.float32)
    carried = tuple(
        FaceChip("prepared", int(strip.numbers[at]), int(strip.t_ns[at]), 0, strip.chips_u8[at],
                 np.eye(2, 3), mesh, 90.0, 1.0, frozenset())
        for at in keys
    )  # fmt: skip
    none = np.zeros(0, np.float32)
    return Window(carried, 0, 1, 2, Kind.MICRO, 0.0, none, frozenset(), carried[2].t_ns)


def motion_maps(strip: Strip, keys: KeyFrames) -> MotionMaps:
    """Flow (head motion removed) and maps between the chips at positions `keys`, as live."""
    return maps_of(flow_of(window_of(strip, keys)))


def spotted_apex(strip: Strip, onset: int, offset: int) -> int:
    """The position strictly between `onset` and `offset` (positions) farthest moved from the onset.

    Some frames are looked at first, then those around the best of them.
    """
    step = max((offset - onset) // LOOKS, 1)
    moved = {at: _moved(strip, onset, at) for at in range(onset + 1, offset, step)}
    best = max(moved, key=moved.__getitem__)
    finer = max(step // 4, 1)
    around = range(max(best - step + 1, onset + 1), min(best + step, offset), finer)
    moved |= {at: _moved(strip, onset, at) for at in around if at not in moved}
    return max(moved, key=moved.__getitem__)


def _moved(strip: Strip, first: int, second: int) -> float:
    """How far the face moved from one chip to another: mean of the strongest tenth, head motion removed."""
    flow, _ = remove_rigid(flow_pair(strip.chips_u8[first], strip.chips_u8[second]), model="affine")
    size = np.linalg.norm(flow, axis=2).ravel()
    count = int(STRONGEST * size.size)
    return float(np.partition(size, -count)[-count:].mean())


def _padded(bgr: NDArray[np.uint8], pad: float) -> NDArray[np.uint8]:
    if not pad:
        return bgr
    edge = round(pad * max(bgr.shape[:2]))
    return np.asarray(cv2.copyMakeBorder(bgr, edge, edge, edge, edge, cv2.BORDER_REPLICATE), np.uint8)
