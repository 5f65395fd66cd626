"""One sample prepared: from its frames to a file of chips, key frames, flow and maps, and a note about it.

The note (.json) is written last and whole: where it stands and fits, the sample is done. So a killed run
goes on where it was, and work that was given out twice is done once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigError
from realtime import flow
from train.code_digest import code_digest
from train.errors import DatasetError
from train.preparing.strip import Follower, KeyFrames, Numbered, Strip, motion_maps, spotted_apex
from train.readers import Sample

CODE = (  # what decides the maps
    "realtime/face/*.py",
    "realtime/flow/*.py",
    "realtime/spotting/regions.py",  # where the head is held to be rigid
    "realtime/maps.py",
    "train/preparing/strip.py",
)


@dataclass(frozen=True, slots=True)
class PrepareConfig:
    """How samples are prepared."""

    margin_s: float = 0.45  # of frames kept before the onset and after the offset, where there are any
    apex: Literal["spot", "middle"] = "spot"  # where none is annotated

    def __post_init__(self) -> None:
        if not 0 <= self.margin_s <= 10:
            raise ConfigError(f"--margin-s must lie in 0 .. 10, not {self.margin_s}")
        if self.apex not in ("spot", "middle"):
            raise ConfigError(f"--apex is spot or middle, not {self.apex}")


@dataclass(frozen=True, slots=True)
class PrepareTask:
    """One sample to prepare into `folder`/<key>.npz and .json."""

    sample: Sample
    folder: Path
    config: PrepareConfig

    @property
    def note(self) -> Path:
        return self.folder / f"{self.sample.key}.json"

    @property
    def file(self) -> Path:
        return self.folder / f"{self.sample.key}.npz"

    def fingerprint(self) -> str:
        """Changes with the sample, the settings and the code that decides the maps."""
        return hashlib.sha256(f"{self.sample}{self.config}{code_digest(*CODE)}".encode()).hexdigest()[:16]

    def done(self) -> dict[str, Any] | None:
        """The note, if it stands and fits."""
        try:
            note: dict[str, Any] = json.loads(self.note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        fits = note.get("fingerprint") == self.fingerprint()
        return note if fits and ("refused" in note or self.file.is_file()) else None


@cache
def follower() -> Follower:
    """This process's own: its model takes longer to load than a sample takes."""
    cv2.setNumThreads(1)
    flow.warm_up()
    return Follower()


def prepare(task: PrepareTask) -> dict[str, Any]:
    """Do the task unless it is done; returns its note. A sample that does not fit is noted, not raised."""
    if (note := task.done()) is not None:
        return note
    task.folder.mkdir(parents=True, exist_ok=True)
    about: dict[str, Any] = {"fingerprint": task.fingerprint(), **described(task.sample)}
    try:
        about |= _prepared(task, follower())
    except DatasetError as error:
        about["refused"] = str(error)
    _write(task.note, (json.dumps(about, indent=1) + "\n").encode())
    return about


def described(sample: Sample) -> dict[str, Any]:
    """The sample as JSON holds it."""
    names = ("dataset", "subject", "clip", "onset", "apex", "offset", "emotion", "units", "fps", "row")
    where = "" if sample.pictures is None else sample.pictures.where
    said = {name: getattr(sample, name) for name in names}
    return {**said, "kind": sample.kind.value, "frames": where, "notes": list(sample.notes)}


def key_frames(sample: Sample, strip: Strip, config: PrepareConfig) -> tuple[KeyFrames, str]:
    """Positions of onset, apex and offset in the strip, and where the apex comes from.

    An apex that is the onset or offset itself leaves one phase without motion: it counts as not annotated.
    """
    onset, offset = strip.position(sample.onset), strip.position(sample.offset)
    if offset - onset < 2:
        raise DatasetError("no frame with a face between its onset and offset")
    if sample.apex is not None and sample.onset < sample.apex < sample.offset:
        return (onset, strip.position(sample.apex), offset), "annotated"
    if config.apex == "middle":
        middle = strip.nearest((sample.onset + sample.offset) / 2)
        return (onset, min(max(middle, onset + 1), offset - 1), offset), "middle"
    return (onset, spotted_apex(strip, onset, offset), offset), "spotted"


def frames_around(sample: Sample, margin_s: float) -> tuple[int, int]:
    """First and last frame number to read."""
    margin = round(margin_s * sample.fps)
    return sample.onset - margin, sample.offset + margin


def load_strip(path: Path) -> tuple[Strip, KeyFrames]:
    """What `prepare` kept of a sample. Raises: DatasetError."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            strip = Strip(kept["numbers"], kept["t_ns"], kept["chips_u8"], kept["faces"])
            onset, apex, offset = (int(at) for at in kept["keys"])
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(f"{path} is no prepared sample ({error}); prepare it again") from error
    return strip, (onset, apex, offset)


def _prepared(task: PrepareTask, live: Follower) -> dict[str, Any]:
    sample = task.sample
    if sample.pictures is None:
        raise DatasetError("has features only, no frames")
    seen = _Hashed(sample, *frames_around(sample, task.config.margin_s))
    strip = live.follow(sample.key, seen.read, sample.fps)
    keys, apex_from = key_frames(sample, strip, task.config)
    maps = motion_maps(strip, keys)
    arrays = {
        **{name: getattr(strip, name) for name in Strip.__slots__},
        "keys": np.array(keys, np.int64),
        "flow_px": maps.flow.phases_hw2.astype(np.float16),
        "maps_u8": maps.maps_u8,
    }
    return {
        "apex_from": apex_from,
        "apex_used": int(strip.numbers[keys[1]]),
        "frames_read": seen.count,
        "frames_without_face": seen.count - len(strip.numbers),
        "sha256": {
            "frames": seen.digest.hexdigest(),  # of the decoded pixels
            "maps": hashlib.sha256(maps.maps_u8.tobytes()).hexdigest(),
            "file": _write_arrays(task.file, arrays),
        },
    }


class _Hashed:
    """Frames on their way, counted and hashed; reading them again starts anew."""

    def __init__(self, sample: Sample, first: int, last: int) -> None:
        self._sample, self._span = sample, (first, last)

    def read(self) -> Iterator[Numbered]:
        self.count, self.digest = 0, hashlib.sha256()
        assert self._sample.pictures is not None
        for number, bgr in self._sample.pictures.read(*self._span):
            self.count += 1
            self.digest.update(np.ascontiguousarray(bgr).data)
            yield number, bgr


def _write_arrays(path: Path, arrays: Mapping[str, NDArray]) -> str:
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
    digest = hashlib.sha256(unfinished.read_bytes()).hexdigest()
    unfinished.replace(path)
    return digest


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".json.tmp")
    unfinished.write_bytes(content)
    unfinished.replace(path)
