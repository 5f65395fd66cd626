"""Every known movement on one person under every condition, as the three chips that the flow gets.

Rendering takes most of the time and depends neither on the flow nor on the network, so the chips of a
person can be kept in a file, for as long as nothing that renders them has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from realtime.movement.model import Side
from train.code_digest import code_digest
from train.known.codecs import h264, vp8
from train.known.film import FRAMES, KEY_FRAMES, Known, Sensor, Sway, film, rest
from train.known.windows import Chips, Crop, Watcher
from train.synth.people import Person

NEGATIVE, POSITIVE, SURPRISE = range(3)
MOVEMENTS = (
    Known((4,), NEGATIVE),
    Known((9,), NEGATIVE),
    Known((12,), POSITIVE),
    Known((14,), NEGATIVE),
    Known((15,), NEGATIVE),
    Known((17,), NEGATIVE),
    Known((1, 2), SURPRISE),
)
AMPLITUDES_PX = (1.0, 2.0)
WEAK_PX = 0.5
NOISE = 1.5  # gray levels
ROWS, SCALE = 1.5, 0.1  # how far the published datasets differ among themselves
FITTED = "fitted"
CROPS = {
    "rows -1.5": Crop(rows=-ROWS),
    "rows +1.5": Crop(rows=ROWS),
    "columns -1.5": Crop(columns=-ROWS),
    "columns +1.5": Crop(columns=ROWS),
    "scale -10 %": Crop(scale=1.0 - SCALE),
    "scale +10 %": Crop(scale=1.0 + SCALE),
}
CODECS = (h264(500), h264(2000), vp8(500), vp8(2000))
SETTLED_FRAMES = 20  # a call has been going on for two thirds of a second
KEY_FRAME_ERRORS = (1, 2, 3, 4, 5)
RENDERERS = (  # the code that the chips come from
    "realtime/face/*.py",
    "realtime/movement/*.py",
    "train/synth/people.py",
    *(f"train/known/{name}.py" for name in ("people", "film", "codecs", "windows", "conditions")),
)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Movements as the chips show them; position i of every field is the same one."""

    conditions: NDArray[np.str_]
    units: NDArray[np.str_]  # "1+2"
    labels: NDArray[np.int64]
    amplitudes_px: NDArray[np.float64]
    chips: NDArray[np.uint8]  # (n, 3, 128, 128)


def conditions() -> tuple[str, ...]:
    """Names in the order of the tables."""
    errors = (_key_name(error) for error in KEY_FRAME_ERRORS)
    others = ("0.5 px", "one side", *(codec.name for codec in CODECS), "head motion", *errors)
    return (FITTED, *CROPS, *others)


def show_cached(person: Person, folder: Path | None, seed: int = 0) -> Shown:
    """`show`, kept in `folder`."""
    if folder is None:
        return show(person, seed)
    path = folder / f"{person.name}-{fingerprint()}-{seed}.npz"
    if not path.exists():
        shown = show(person, seed)
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".tmp")
        with unfinished.open("wb") as stream:
            np.savez(stream, **{name: getattr(shown, name) for name in Shown.__slots__})
        unfinished.replace(path)
    with np.load(path, allow_pickle=False) as kept:
        return Shown(*(kept[name] for name in Shown.__slots__))


def fingerprint() -> str:
    """Changes when the code that renders or cuts the chips does."""
    return code_digest(*RENDERERS)[:12]


def show(person: Person, seed: int = 0) -> Shown:
    """Everything; the same seed and person give the same chips."""
    rng = np.random.default_rng([seed, *person.name.encode()])
    watcher, sensor = Watcher(person.name), Sensor(NOISE, rng)
    rows: list[tuple[str, str, int, float, Chips]] = []
    for known in MOVEMENTS:
        weak = replace(known, amplitude_px=WEAK_PX)
        rows.append(_row("0.5 px", weak, watcher.watch(film(person, weak, sensor)).at()))
        for amplitude in AMPLITUDES_PX:
            strong = replace(known, amplitude_px=amplitude)
            rows += [
                _row(name, strong, chips) for name, chips in _shown(person, strong, sensor, watcher, rng)
            ]
    watcher.close()
    names, units, labels, amplitudes, chips = zip(*rows, strict=True)
    return Shown(np.array(names), np.array(units), np.array(labels), np.array(amplitudes), np.stack(chips))


def _row(name: str, known: Known, chips: Chips) -> tuple[str, str, int, float, Chips]:
    return name, known.name, known.label, known.amplitude_px, chips


def _shown(
    person: Person, known: Known, sensor: Sensor, watcher: Watcher, rng: np.random.Generator
) -> Iterator[tuple[str, Chips]]:
    """One movement of one size under all other conditions."""
    watched = watcher.watch(film(person, known, sensor))
    yield FITTED, watched.at()
    for name, crop in CROPS.items():
        yield name, watched.at(crop=crop)
    for error in KEY_FRAME_ERRORS:
        yield _key_name(error), watched.at(mistaken(error, rng))
    for codec in CODECS:
        sent = rest(person, sensor, SETTLED_FRAMES) + list(watched.pictures)
        yield codec.name, watcher.watch(codec.through(sent)[-FRAMES:]).at()
    side = replace(known, side=Side.LEFT if rng.random() < 0.5 else Side.RIGHT)
    yield "one side", watcher.watch(film(person, side, sensor)).at()
    x, y, roll, size = rng.uniform(0, 2 * np.pi, 4).tolist()
    swaying = film(person, known, sensor, Sway(phases=(x, y, roll, size)))
    yield "head motion", watcher.watch(swaying).at()


def mistaken(error: int, rng: np.random.Generator) -> tuple[int, int, int]:
    """Onset, apex and offset each `error` frames early or late by chance, still in order."""
    onset, apex, offset = np.array(KEY_FRAMES) + error * rng.choice([-1, 1], 3)
    apex = max(onset + 1, apex)
    return int(onset), int(apex), int(min(max(apex + 1, offset), FRAMES - 1))


def _key_name(error: int) -> str:
    return f"key frames off by {error}"
