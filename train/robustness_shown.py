"""The maps of every sample under every condition: wrong key frames, and poorer pictures.

Chips are kept per sample and condition by `train.preparing`, the maps of other key frames beside them: a
second run, with more systems, computes neither again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from realtime import spotting
from realtime.flow import flow_of
from realtime.maps import maps_of
from train.prepare import prepare_all
from train.preparing.answers import Maps
from train.preparing.farm import each
from train.preparing.keys import NOISE_SD, live_window, mistaken, with_spotted_apex
from train.preparing.poorer import Condition
from train.preparing.strip import motion_maps
from train.preparing.task import PrepareConfig, PrepareTask, load_strip
from train.readers import Sample

POORER_MARGIN_S = 0.15  # frames read around a movement where nothing is looked for there
KEY_FRAMES = "key frames"
AS_IS, APEX_FOUND, ALL_FOUND = "as annotated", "apex found", "all found live"


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The maps of every sample under one condition, once for each seed; None where there are none."""

    group: str
    name: str
    value: float
    runs: tuple[tuple[Maps | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Work:
    """How it is done."""

    out: Path
    jobs: int
    seeds: int
    margin_s: float
    console: Console


def tasks_of(samples: Sequence[Sample], out: Path, condition: str, margin_s: float) -> list[PrepareTask]:
    folder = out / "prepared" / condition.replace(" ", "_").replace("/", "")
    return [PrepareTask(sample, folder, PrepareConfig(margin_s)) for sample in samples]


def with_faces(
    tasks: Sequence[PrepareTask], labels: NDArray[np.int64], work: Work
) -> tuple[list[PrepareTask], NDArray[np.int64]]:
    """Those that can be prepared as they are; the rest is said, a line each."""
    notes = prepare_all(tasks, work.jobs, work.console, "as is")
    for note in notes:
        if "refused" in note:
            work.console.print(f"{note['subject']}_{note['clip']}: {note['refused']}", markup=False)
    good = [at for at, note in enumerate(notes) if "refused" not in note]
    return [tasks[at] for at in good], labels[good]


def as_is(tasks: Sequence[PrepareTask], work: Work) -> Shown:
    maps = tuple(kept_maps(task) for task in track(tasks, AS_IS, console=work.console))
    return Shown(KEY_FRAMES, AS_IS, 0.0, (maps,))


def wrong_key_frames(tasks: Sequence[PrepareTask], work: Work) -> list[Shown]:
    """As annotated, with noise, the apex found, and all of it found live."""
    found: list[dict[str, list[Maps | None]]] = [{} for _ in tasks]
    do = partial(key_frame_maps, seeds=work.seeds)
    for at, maps in track(each(do, tasks, work.jobs), KEY_FRAMES, total=len(tasks), console=work.console):
        found[at] = maps
    names = {AS_IS: 0.0, **{noise(sd): float(sd) for sd in NOISE_SD}, APEX_FOUND: 0.0, ALL_FOUND: 0.0}
    return [
        Shown(KEY_FRAMES, name, value, tuple(zip(*(one[name] for one in found), strict=True)))
        for name, value in names.items()
    ]


def key_frame_maps(task: PrepareTask, seeds: int) -> dict[str, list[Maps | None]]:
    """Maps of one sample by every choice of key frames; for noise once for each seed."""
    kept = task.file.with_suffix(".keys.npz")
    said = f"{task.fingerprint()} {seeds} {_spotting()}"
    if (maps := _read(kept, said)) is None:
        maps = _key_frame_maps(task, seeds)
        _write(kept, said, maps)
    return {AS_IS: [kept_maps(task)], **maps}


def _key_frame_maps(task: PrepareTask, seeds: int) -> dict[str, list[Maps | None]]:
    strip, keys = load_strip(task.file)
    maps: dict[str, list[Maps | None]] = {}
    for sd in NOISE_SD:
        rngs = [np.random.default_rng([seed, sd, task.sample.row]) for seed in range(seeds)]
        maps[noise(sd)] = [motion_maps(strip, mistaken(strip, keys, sd, rng)).maps_u8 for rng in rngs]
    maps[APEX_FOUND] = [motion_maps(strip, with_spotted_apex(strip, keys)).maps_u8]
    window = live_window(task.sample, task.config.margin_s)
    maps[ALL_FOUND] = [None if window is None else maps_of(flow_of(window)).maps_u8]
    return maps


def poorer(tasks: Sequence[PrepareTask], condition: Condition, work: Work) -> Shown:
    """The same movements, annotated as they are, in poorer pictures."""
    name = f"{condition.value:g} {condition.group}"
    samples = [condition.applied(task.sample) for task in tasks]
    if all(one is task.sample for one, task in zip(samples, tasks, strict=True)):
        return Shown(condition.group, name, condition.value, (tuple(map(kept_maps, tasks)),))
    made = tasks_of(samples, work.out, name, min(work.margin_s, POORER_MARGIN_S))
    notes = prepare_all(made, work.jobs, work.console, name)
    maps = tuple(
        None if "refused" in note else kept_maps(task) for task, note in zip(made, notes, strict=True)
    )
    return Shown(condition.group, name, condition.value, (maps,))


def kept_maps(task: PrepareTask) -> Maps:
    with np.load(task.file, allow_pickle=False) as kept:
        return np.asarray(kept["maps_u8"], np.uint8)


def noise(sd: int) -> str:
    return f"noise sd {sd} frames"


@cache
def _spotting() -> str:
    """Changes with the code that finds key frames."""
    files = [
        *Path(next(iter(spotting.__path__))).glob("*.py"),
        Path(__file__).parent / "preparing" / "keys.py",
    ]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _read(path: Path, said: str) -> dict[str, list[Maps | None]] | None:
    """What was kept, if it is of this sample, these settings and this code; no maps are an empty array."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["said"]) != said:
                return None
            names = [name for name in kept.files if name != "said"]
            return {name: [one if one.any() else None for one in kept[name]] for name in names}
    except (OSError, ValueError, KeyError):
        return None


def _write(path: Path, said: str, maps: dict[str, list[Maps | None]]) -> None:
    nothing = np.zeros((4, 28, 28, 3), np.uint8)
    arrays = {
        name: np.stack([nothing if one is None else one for one in of_it]) for name, of_it in maps.items()
    }
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("wb") as stream:
        np.savez_compressed(stream, said=np.array(said), **arrays)
    unfinished.replace(path)
