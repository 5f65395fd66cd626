"""What `train.robustness` found, for people and programs: a table, robustness.json, a CSV and curves."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from train.metrics import Scores

# CausalNet, ICCV 2025: UF1, UAR on the composite set; the epoch was chosen on each test subject.
PUBLISHED = {
    "as annotated": (0.8976, 0.9020),
    "noise sd 10 frames": (0.8292, 0.8264),
    "noise sd 20 frames": (0.8148, 0.8073),
    "noise sd 30 frames": (0.7936, 0.7833),
    "apex found": (0.8352, 0.8238),
}
FEW = 2  # systems


@dataclass(frozen=True, slots=True)
class Measured:
    """Every system under one condition."""

    group: str
    name: str
    value: float
    missing: float  # share of samples without an answer: each counts as missed
    scores: Mapping[str, Sequence[Scores]]  # by system; one for each seed

    def mean(self, system: str, figure: str) -> float:
        return float(np.mean([getattr(score, figure) for score in self.scores[system]]))

    def spread(self, system: str) -> float:
        return float(np.std([score.uf1 for score in self.scores[system]]))


def write_robustness(out: Path, about: Mapping[str, Any], measured: Sequence[Measured]) -> Table:
    """robustness.json, .csv, .md and .png in `out`; the table to read."""
    out.mkdir(parents=True, exist_ok=True)
    rows = [_row(one, system) for one in measured for system in one.scores]
    table = {**about, "rows": rows, "published": PUBLISHED}
    (out / "robustness.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    with (out / "robustness.csv").open("w", newline="", encoding="utf-8") as stream:
        lines = csv.DictWriter(stream, rows[0], lineterminator="\n")
        lines.writeheader()
        lines.writerows(rows)
    (out / "robustness.md").write_text(as_markdown(measured), encoding="utf-8")
    draw(out / "robustness.png", measured)
    return as_table(about, measured)


def as_table(about: Mapping[str, Any], measured: Sequence[Measured]) -> Table:
    title = f"{about['samples']} samples of {about['people']} people, {about['dataset']}"
    names = list(measured[0].scores)
    keys = ("uf1", "uar") if len(names) <= FEW else ("uf1",)  # what a terminal has room for
    columns = [f"{name} {key.upper()}" for name in names for key in keys]
    table = Table("group", "condition", "no answer", *columns, "published UF1, UAR", title=title)
    for one in measured:
        figures = [f"{one.mean(name, key):.3f}" for name in names for key in keys]
        said = ", ".join(f"{figure:.3f}" for figure in PUBLISHED.get(one.name, ()))
        table.add_row(one.group, one.name, f"{one.missing:.1%}", *figures, said)
    return table


def as_markdown(measured: Sequence[Measured]) -> str:
    """The same as a table of UF1 for a page; the spread over seeds where there is one."""
    names = list(measured[0].scores)
    lines = [["condition", "no answer", *names], ["---"] * (2 + len(names))]
    for one in measured:
        spreads = [f" ± {one.spread(name):.3f}" if len(one.scores[name]) > 1 else "" for name in names]
        figures = [
            f"{one.mean(name, 'uf1'):.3f}{spread}" for name, spread in zip(names, spreads, strict=True)
        ]
        lines.append([one.name, f"{one.missing:.0%}", *figures])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def draw(path: Path, measured: Sequence[Measured]) -> None:
    """One curve a system, one panel a group; dots of the noise are means over seeds, crosses key frames that
    were found; dotted: as annotated, in the pictures as they are."""
    from matplotlib.figure import Figure

    groups = list(dict.fromkeys(one.group for one in measured))
    figure = Figure(figsize=(3.4 * len(groups), 3.2), layout="constrained")
    for axes, group in zip(np.atleast_1d(figure.subplots(1, len(groups), sharey=True)), groups, strict=True):
        rows = [one for one in measured if one.group == group and not _beside(one)]
        for system in rows[0].scores:
            values = [one.value for one in rows]
            means = [one.mean(system, "uf1") for one in rows]
            (line, *_) = axes.errorbar(
                values, means, [one.spread(system) for one in rows], marker="o", ms=4, lw=1, label=system
            )
            found = [one for one in measured if one.group == group and _beside(one)]
            for at, other in enumerate(found):  # right of the curve, each in a place of its own
                place = max(values) * (1.15 + 0.15 * at)
                axes.plot(place, other.mean(system, "uf1"), "x", color=line.get_color(), ms=5)
                axes.annotate(other.name, (place, 0.02), rotation=90, fontsize=6, ha="center")
            if group != measured[0].group:
                axes.axhline(measured[0].mean(system, "uf1"), ls=":", lw=0.8, color=line.get_color())
        if max(one.value for one in rows) > 1000:
            axes.set_xscale("log")
            axes.set_xticks(values, [f"{value:g}" for value in values])
            axes.minorticks_off()
        axes.set_xlabel("noise sd on key frames, frames" if group == "key frames" else group)
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("UF1")
    figure.axes[0].set_ylim(0, 1.03)
    figure.axes[0].legend(fontsize=7)
    figure.savefig(path, dpi=130)


def _beside(one: Measured) -> bool:
    """Key frames that were found have no place on the curve over noise."""
    return one.name.endswith(("found", "found live"))


def _row(one: Measured, system: str) -> dict[str, Any]:
    means = {key: round(one.mean(system, key), 4) for key in ("uf1", "uar", "acc")}
    spread = {"uf1_std": round(one.spread(system), 4), "seeds": len(one.scores[system])}
    told = {"group": one.group, "condition": one.name, "value": one.value}
    return {**told, "system": system, **means, **spread, "no_answer": round(one.missing, 4)}
