"""python -m train.compare: the other systems and CausalNet's ablations, trained and put into one page.

Trains what is missing by `train.loso` (both protocols read the same folds), keeps the reports and pictures
under --results and writes --page anew from what is kept there. A killed run continues where it stopped.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import torch
from PIL import Image
from rich.console import Console

from engine.errors import ConfigError, FlinchError
from engine.flags import Parser, at_least
from realtime.types import MAP_SIZE
from train import loso
from train.ablations import ABLATIONS
from train.baselines import SYSTEMS
from train.compare_page import write_page
from train.fit import untrained
from train.folds import PROTOCOLS
from train.recipe import load_recipe

RANDOM_START = "causalnet-random-start"  # CausalNet on the others' terms: without made-up movements
PICTURES = ("confusion.png", "features.png")
COLOURS = 64  # of a kept picture: a third of its bytes
WARM, TIMED = 30, 300  # runs


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a table."""

    name: str
    model: str  # of train.recipe
    kind: str  # baselines or ablations: its folder under --results
    protocols: tuple[str, ...]
    groups: int | None = None  # of subjects; None: leave one subject out


def entries(groups: int | None, ablation_groups: int | None) -> dict[str, Entry]:
    """Everything that can be compared, by name."""
    systems = {name: Entry(name, name, "baselines", PROTOCOLS, groups) for name in SYSTEMS}
    systems[RANDOM_START] = Entry(RANDOM_START, "whole", "baselines", PROTOCOLS, groups)
    ablated = {name: Entry(name, name, "ablations", ("honest",), ablation_groups) for name in ABLATIONS}
    return systems | ablated


def main(argv: Sequence[str] | None = None) -> int:
    args, console = _parse(argv), Console()
    try:
        chosen = _chosen(args.only, entries(args.groups or None, args.ablation_groups or None))
        for number, entry in enumerate(chosen, 1):
            console.rule(f"{number} of {len(chosen)}: {entry.name}")
            code = train_one(entry, args)
            if code:
                return code
        if args.time:
            write_speed(args.results / "baselines" / "speed.json")
        write_page(args.page, args.results)
        console.print(f"written: {args.page}")
    except (FlinchError, OSError) as error:
        print(f"train.compare: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.compare: stopped; the same command continues", file=sys.stderr)
        return 130
    return 0


def train_one(entry: Entry, args: argparse.Namespace) -> int:
    """Train and keep one entry under each of its protocols; returns the exit code of `train.loso`."""
    base = args.out / (entry.model if entry.groups is None else f"{entry.model}-{entry.groups}")
    kept = args.results / entry.kind / entry.name
    for protocol in entry.protocols:
        command = ["--data", str(args.data), "--protocol", protocol, "--model", entry.model]
        command += ["--seeds", str(args.seeds), "--jobs", str(args.jobs)]
        command += ["--out", str(base / protocol), "--folds", str(base / "folds")]
        command += [] if entry.groups is None else ["--groups", str(entry.groups)]
        command += [] if args.config is None else ["--config", str(args.config)]
        code = loso.main(command)
        if code:
            return code
        _keep(base / protocol, kept, protocol, entry)
    return 0


def write_speed(path: Path) -> None:
    """Milliseconds per sample of every network, one after another, on this machine."""
    found = {name: milliseconds(name) for name in ("compact", *SYSTEMS)}
    report = {"machine": _machine(), "date": _now(), "torch": torch.__version__, "ms": found}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


@torch.inference_mode()
def milliseconds(model: str, runs: int = TIMED) -> float:
    """Median processor time of one sample through the network as trained, in torch, on one thread.

    Processor time, since other work on the machine does not count in it.
    """
    net = untrained(load_recipe(model)).eval()
    maps = 255.0 * torch.rand(1, 4, MAP_SIZE, MAP_SIZE, 3, generator=torch.Generator().manual_seed(0))
    threads, took = torch.get_num_threads(), []
    torch.set_num_threads(1)
    for _ in range(WARM + runs):
        began = time.thread_time()
        net(maps)
        took.append(1e3 * (time.thread_time() - began))
    torch.set_num_threads(threads)
    return round(statistics.median(took[WARM:]), 3)


def _keep(made: Path, kept: Path, protocol: str, entry: Entry) -> None:
    """The report with its date, and the pictures of the honest run."""
    kept.mkdir(parents=True, exist_ok=True)
    report = json.loads((made / "report.json").read_text(encoding="utf-8"))
    report |= {"groups": entry.groups, "date": _now(), "machine": _machine()}
    (kept / f"{protocol}.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if protocol == "honest" and entry.kind == "baselines":
        for name in PICTURES:
            if (made / name).exists():
                Image.open(made / name).convert("RGB").quantize(COLOURS).save(kept / name, optimize=True)


def _chosen(names: Sequence[str] | None, known: dict[str, Entry]) -> list[Entry]:
    wanted: list[str] = []
    for name in names or ("baselines", "ablations"):
        group = [entry.name for entry in known.values() if entry.kind == name]
        if not group and name not in known and name != "nothing":
            raise ConfigError(
                f"--only {name}: give baselines, ablations, nothing or some of {', '.join(known)}"
            )
        wanted += group or [name] * (name != "nothing")
    return [known[name] for name in dict.fromkeys(wanted)]


def _machine() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.machine()


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.compare", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="the causalnet-cde folder")
    parser.add_argument("--out", type=Path, default=Path("out/compare"), help="folds and runs")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="baselines, ablations, nothing, or names")
    parser.add_argument("--seeds", type=at_least(1), default=1)
    parser.add_argument("--jobs", type=at_least(1), default=1, help="folds side by side")
    parser.add_argument("--groups", type=int, default=0, help="of subjects, for systems; 0: leave one out")
    parser.add_argument("--ablation-groups", type=int, default=10, help="the same for ablations")
    parser.add_argument("--config", type=Path, help="TOML file that changes keys of every recipe")
    parser.add_argument("--time", action="store_true", help="measure milliseconds")
    parser.add_argument("--results", type=Path, default=Path("train/results"), help="what is kept")
    parser.add_argument("--page", type=Path, default=Path("train/RESULTS.md"), help="written anew")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
