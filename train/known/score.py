"""What the network said of known movements, counted: by condition and movement, against the targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.table import Column, Table

from train.known.conditions import AMPLITUDES_PX, CROPS, FITTED, MOVEMENTS, conditions
from train.report import CLASSES

PLAIN = ("4", "12", "17", "1+2")  # the movements whose class nobody disputes
PLAIN_TARGET, ALL_TARGET, LOSS_TARGET = 0.95, 0.88, 0.03
SHRUNK = "spread as published"


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Movements as the network gets them; position i of every field is the same one."""

    conditions: NDArray[np.str_]
    units: NDArray[np.str_]
    labels: NDArray[np.int64]
    amplitudes_px: NDArray[np.float64]
    maps_u8: NDArray[np.uint8]  # (n, 4, 28, 28, 3)


def joined(parts: Sequence[Seen]) -> Seen:
    """All of them, one part after another."""
    return Seen(*(np.concatenate([getattr(part, name) for part in parts]) for name in Seen.__slots__))


def right(seen: Seen, answers: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """Share named rightly, by condition and movement; "plain" and "all" are over movements."""
    hits = answers == seen.labels
    parts = {name: seen.conditions == name for name in (*conditions(), SHRUNK)}
    for amplitude in AMPLITUDES_PX:
        parts[f"{FITTED}, {amplitude:g} px"] = parts[FITTED] & (seen.amplitudes_px == amplitude)
    return {name: _row(seen, hits, part) for name, part in parts.items() if part.any()}


def said(seen: Seen, answers: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """What each movement was taken for with the fitted crop, in shares."""
    shares: dict[str, dict[str, float]] = {}
    for known in MOVEMENTS:
        of_it = answers[(seen.conditions == FITTED) & (seen.units == known.name)]
        shares[known.name] = {name: round(float((of_it == at).mean()), 4) for at, name in enumerate(CLASSES)}
    return shares


def unclear(seen: Seen, chances: NDArray[np.float64], limit: float) -> dict[str, float]:
    """Share that the product would call unclear, by condition."""
    below = chances.max(axis=1) < limit
    return {
        name: round(float(below[seen.conditions == name].mean()), 4) for name in np.unique(seen.conditions)
    }


def _row(seen: Seen, hits: NDArray[np.bool_], part: NDArray[np.bool_]) -> dict[str, float]:
    of_unit = {known.name: part & (seen.units == known.name) for known in MOVEMENTS}
    groups = of_unit | {"plain": part & np.isin(seen.units, PLAIN), "all": part}
    return {name: round(float(hits[group].mean()), 4) for name, group in groups.items() if group.any()}


def targets(found: dict[str, dict[str, float]]) -> dict[str, dict[str, float | bool]]:
    """The issue's figures, and whether they are reached."""
    fitted = found[FITTED]
    loss = {group: max(fitted[group] - found[name][group] for name in CROPS) for group in ("plain", "all")}
    return {
        "plain": {"right": fitted["plain"], "target": PLAIN_TARGET, "met": fitted["plain"] >= PLAIN_TARGET},
        "all": {"right": fitted["all"], "target": ALL_TARGET, "met": fitted["all"] >= ALL_TARGET},
        **{
            f"worst crop, {group}": {
                "lost": round(lost, 4),
                "at_most": LOSS_TARGET,
                "met": lost <= LOSS_TARGET,
            }
            for group, lost in loss.items()
        },
    }


def as_table(found: dict[str, dict[str, float]]) -> Table:
    columns = [*(known.name for known in MOVEMENTS), "plain", "all"]
    name_column = Column("condition", no_wrap=True)
    table = Table(name_column, *columns, title="known movements named rightly")
    for condition, row in found.items():
        table.add_row(condition, *(f"{row[name]:.3f}" for name in columns))
    return table
