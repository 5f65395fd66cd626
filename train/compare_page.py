"""train/RESULTS.md from the reports kept under train/results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.fold import parameter_count
from train.ablations import ABLATIONS
from train.baselines import SYSTEMS
from train.baselines.published import PUBLISHED
from train.features import DATASETS
from train.fit import untrained
from train.recipe import load_recipe

SHIPPED, RANDOM_START, WHOLE = "causalnet", "causalnet-random-start", "whole"
MODELS = {SHIPPED: "compact", RANDOM_START: WHOLE}  # of train.recipe, where not of the row's own name
NOTHING = "not run"
LITTLE = 0.5  # recall; a third is one class for all
ABOUT_ABLATIONS = {
    "whole": "CausalNet as it is: block length 1, gamma 0.5, three classes",
    "block-2": "block length 2",
    "block-4": "block length 4",
    "block-6": "block length 6",
    "no-cmplm": "without CMPLM: direction features as their encoder gives them",
    "no-cab": "without CAB: both phases side by side",
    "plain-cross": "original cross-attention in place of CMPLM's",
    "gamma-0.3": "gamma 0.3",
    "gamma-0.4": "gamma 0.4",
    "5-class": "five-class head, read at its three trained classes",
}

Report = dict[str, Any]
Cells = Sequence[str]


def write_page(page: Path, results: Path) -> None:
    """Write the whole page; a system without a kept report says so."""
    systems = {name: _reports(results, name) for name in (SHIPPED, RANDOM_START, *SYSTEMS)}
    ablated = {name: _read(results / "ablations" / name / "honest.json") for name in ABLATIONS}
    speed = _read(results / "baselines" / "speed.json") or {}
    parts = [
        HEAD,
        _systems_table(systems, speed.get("ms", {})),
        _notes(systems, speed),
        "## By dataset\n\nUF1, honest protocol.\n",
        _dataset_table(systems),
        "## CausalNet's ablations\n",
        _ablation_note(ablated),
        _ablation_table(ablated),
        FEET,
    ]
    page.write_text("\n".join(parts), encoding="utf-8")


HEAD = """# Other systems, and what CausalNet's parts give

Written by `python -m train.compare --data FOLDER`; do not edit. Systems and ablations learn in one loop
(`train.fit`) from the same published features (442 samples of SMIC, CASME II and SAMM, three classes) and
are tested on people they have not seen. **Honest**: nothing is chosen on a left-out person; the last epoch
counts. **Paper**: of the same trained folds, each person's best epoch is chosen on that person, as several
releases do: the difference is the leak. These are our own small networks after the papers; each file in
`train/baselines/` says where it departs. What is published was measured with other recipes, often other
inputs and mostly by choosing on the test person.

## Systems
"""

GROUPED = """Folds of groups leave out several people at a time instead of one, for the processor time:
nobody is on both sides, but each network learns from fewer people, so such rows may stand a little lower
than leave-one-subject-out would. They are to be held against each other."""

FEET = """
Ablations of five classes need data of five classes, which the published features do not have: the five-
class row shows only what the wider head costs. The table of five classes on MMEW needs that dataset, which
is not published openly; `SGCN` and `EDMDBN` take `classes = 5` and are shown above on the three classes.
"""


def _systems_table(systems: dict[str, tuple[Report | None, Report | None]], speed: dict[str, float]) -> str:
    head = ["system", "parameters", "ms", "honest UF1", "UAR", "ACC"]
    head += ["paper UF1", "UAR", "ACC", "published UF1", "UAR"]
    return _table(head, (_system_row(name, *both, speed) for name, both in systems.items()))


def _system_row(name: str, honest: Report | None, paper: Report | None, speed: dict[str, float]) -> Cells:
    model = MODELS.get(name, name)
    about = PUBLISHED.get(name)
    size = f"{parameter_count(untrained(load_recipe(model))):,}"
    ms = speed.get("compact" if name == RANDOM_START else model)
    stated = (about.uf1, about.uar) if about else (None, None)
    return [
        _title(name),
        size,
        "" if ms is None else f"{ms:.2f}",
        *_scores(honest),
        *_scores(paper),
        *("" if x is None else f"{x:g}".lstrip("0") for x in stated),  # no digit that was not read
    ]


def _notes(systems: dict[str, tuple[Report | None, Report | None]], speed: dict[str, Any]) -> str:
    lines = ["How each row was made, and where the published figures stand:", ""]
    for name, (honest, paper) in systems.items():
        source = f" Published: {PUBLISHED[name].source}." if name in PUBLISHED else ""
        remarks = _own_recipe(honest, paper) + _failed(honest) + source
        lines.append(f"- {_title(name)}: {_how(honest)}.{remarks}")
    if any(honest and honest.get("groups") for honest, _ in systems.values()):
        lines += ["", GROUPED]
    if speed:
        how = f"ms: processor time of one sample, one thread, median of 300, in torch {speed['torch']}"
        where = f"{speed['date']}, {speed['machine']}; the shipped engines are faster (`engine.bench`)"
        lines += ["", f"{how}, {where}."]
    return "\n".join(lines) + "\n"


def _own_recipe(honest: Report | None, paper: Report | None) -> str:
    """Where the paper's protocol was not read off the same folds."""
    if honest is None or paper is None or honest["recipe"] == paper["recipe"]:
        return ""
    return f" Paper columns: folds of their own by the recipe `{paper['model']}`, {_how(paper)}."


def _failed(honest: Report | None) -> str:
    if honest is None or honest["composite"]["uar"] >= LITTLE:
        return ""
    return " It learnt little within these few steps from random weights: no judgement of the system."


def _how(report: Report | None) -> str:
    """Seeds, folds, epochs and time of one run."""
    if report is None:
        return NOTHING
    recipe = report["recipe"]
    steps = recipe["prior"]["steps"]
    kind = "groups of whole people" if report.get("groups") else "one person each"
    words = [
        f"{report['seeds']} seed{'s' * (report['seeds'] > 1)}",
        f"{report['folds']} folds ({kind})",
        f"{recipe['epochs']} epochs of batches of {recipe['batch']} at {recipe['learning_rate']:g}",
        f"start from {steps} steps on made-up movements" if steps else "random start",
        f"{sum(report['fold_s']) / 60:.0f} min of training",
        report.get("date", ""),
    ]
    return ", ".join(word for word in words if word)


def _dataset_table(systems: dict[str, tuple[Report | None, Report | None]]) -> str:
    def row(name: str, report: Report | None) -> Cells:
        parts = [report[part] for part in DATASETS if part in report] if report else []
        return [_title(name), *(_short(part["uf1"]) for part in parts)]

    return _table(["system", "SMIC", "CASME II", "SAMM"], (row(n, h) for n, (h, _) in systems.items() if h))


def _ablation_note(ablated: dict[str, Report | None]) -> str:
    whole = ablated[WHOLE]
    if whole is None:
        return f"{NOTHING}\n"
    return (
        f"Compact size, honest protocol, {whole['folds']} groups of whole subjects as folds, "
        f"{whole['seeds']} seed(s), every row from a random start (no made-up movements), "
        f"{whole['recipe']['epochs']} epochs; sd over seeds. Rows are to be held against the first, not "
        "against the table above.\n"
    )


def _ablation_table(ablated: dict[str, Report | None]) -> str:
    whole = ablated[WHOLE]

    def row(name: str, report: Report | None) -> Cells:
        size = f"{parameter_count(untrained(load_recipe(name))):,}"
        if report is None:
            return [ABOUT_ABLATIONS[name], size, NOTHING]
        found = report["composite"]
        apart = f"{found['uf1'] - whole['composite']['uf1']:+.3f}" if whole else ""
        spread = f"{_short(found['uf1'])} ± {_short(found['uf1_std'])}"
        return [
            ABOUT_ABLATIONS[name],
            size,
            str(report["seeds"]),
            spread,
            _short(found["uar"]),
            _short(found["acc"]),
            apart,
        ]

    head = ["network", "parameters", "seeds", "UF1", "UAR", "ACC", "UF1 against the first"]
    return _table(head, (row(name, report) for name, report in ablated.items()))


def _scores(report: Report | None) -> Cells:
    if report is None:
        return [NOTHING, "", ""]
    return [_short(report["composite"][key]) for key in ("uf1", "uar", "acc")]


def _title(name: str) -> str:
    if name == RANDOM_START:
        return "CausalNet, random start"
    return PUBLISHED[name].title


def _table(head: Cells, rows: Iterable[Cells]) -> str:
    line: Callable[[Cells], str] = lambda cells: "| " + " | ".join(cells) + " |"  # noqa: E731
    filled = ([*row, *[""] * (len(head) - len(row))] for row in rows)
    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, filled)]) + "\n"


def _short(share: float) -> str:
    return f"{share:.3f}".replace("0.", ".", 1) if share < 1 else "1.000"


def _reports(results: Path, name: str) -> tuple[Report | None, Report | None]:
    if name == SHIPPED:
        return _read(results / "honest" / "report.json"), _read(results / "paper" / "report.json")
    folder = results / "baselines" / name
    return _read(folder / "honest.json"), _read(folder / "paper.json")


def _read(path: Path) -> Report | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
