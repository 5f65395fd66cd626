"""python -m train.domain: does the live chain give the network what it was trained on?

Known movements are put on real faces, filmed, and sent through landmarks, crop, flow and maps to the shipped
network. Nothing here is a micro-expression; it shows that geometry, flow and maps fit the published ones.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from engine.card import DEFAULT_MODEL, read_card
from engine.errors import ConfigError, FlinchError
from engine.flags import Parser, at_least
from engine.runners import Runner, open_runner
from realtime import flow
from realtime.recognition import mean_logits, softmax
from realtime.symmetry import symmetric_views
from train.errors import DatasetError
from train.features import Features, read_features
from train.known.conditions import AMPLITUDES_PX, FITTED, NOISE, show_cached
from train.known.people import read_person
from train.known.score import SHRUNK, Seen, as_table, joined, right, said, targets, unclear
from train.known.statistics import agreement, statistics, with_spread
from train.known.windows import maps_of_chips
from train.workers import worker_pool


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        if args.json is not None:
            args.json.parent.mkdir(parents=True, exist_ok=True)
        report = measure(args, Console())
        if args.json is not None:
            args.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except (FlinchError, OSError) as error:
        print(f"train.domain: {error}", file=sys.stderr)
        return 2
    return 0


def measure(args: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Render or read the chips, compute the maps, ask the network, compare."""
    stills = _stills(args.faces, args.people)
    published = None if args.data is None else read_features(args.data)
    parts = list(track(see(stills, args.cache, args.jobs), "people", total=len(stills), console=console))
    seen = joined(parts)
    with open_runner(args.backend, args.weights) as runner:
        if published is not None:
            seen = joined([seen, _shrunk(seen, published)])
        chances = probabilities(seen.maps_u8, runner)
    answers, found = chances.argmax(axis=1), right(seen, chances.argmax(axis=1))
    card = read_card(args.weights)
    report: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "faces": str(args.faces),
        "people": [path.stem for path in stills],
        "weights": args.weights,
        "weights_sha256": card.weights.sha256,
        "noise_levels": NOISE,
        "amplitudes_px": AMPLITUDES_PX,
        "targets": targets(found),
        "right": found,
        "said": said(seen, answers),
        "unclear": unclear(seen, chances, card.unclear_below),
        **_compared(seen, published),
    }
    if args.picture is not None and published is not None:
        draw_means(args.picture, seen, published)
    console.print(as_table(found))
    console.print(report["targets"])
    for name in ("live", "published", "agreement"):
        console.print(name, report.get(name, {}))
    return report


def see(stills: Sequence[Path], cache: Path | None, jobs: int) -> Iterator[Seen]:
    """Everything about one person after another, in any order."""
    if jobs == 1:
        yield from (see_person(still, cache) for still in stills)
        return
    with worker_pool(jobs, cv2.setNumThreads, 1) as pool:
        for done in as_completed([pool.submit(see_person, still, cache) for still in stills]):
            yield done.result()


def see_person(still: Path, cache: Path | None) -> Seen:
    flow.warm_up()
    shown = show_cached(read_person(still), cache)
    maps = np.stack([maps_of_chips(chips) for chips in shown.chips])
    return Seen(shown.conditions, shown.units, shown.labels, shown.amplitudes_px, maps)


def probabilities(maps_u8: NDArray[np.uint8], runner: Runner) -> NDArray[np.float64]:
    """(n, 3) calibrated, by the shipped rule: as `Recogniser.recognise`, but all at once."""
    card = runner.metadata.card
    views = symmetric_views(maps_u8) if card.symmetries else maps_u8[None]
    logits = np.stack([runner.infer(view.astype(np.float32)) for view in views])
    return np.stack([softmax(mean_logits(logits[:, i]) / card.temperature) for i in range(len(maps_u8))])


def _compared(seen: Seen, published: Features | None) -> dict[str, Any]:
    part = seen.conditions == FITTED
    live, labels = seen.maps_u8[part], seen.labels[part]
    if published is None:
        return {"live": statistics(live)}
    return {
        "live": statistics(live),
        "published": statistics(published.maps_u8),
        "agreement": agreement(live, labels, published.maps_u8, published.labels),
    }


def draw_means(path: Path, seen: Seen, published: Features) -> None:
    """The mean maps of each class, published and live (fitted crop)."""
    from train.known.pictures import mean_maps_figure  # matplotlib only where a picture is wanted

    part = seen.conditions == FITTED
    live = seen.maps_u8[part], seen.labels[part]
    path.parent.mkdir(parents=True, exist_ok=True)
    mean_maps_figure(*live, published.maps_u8, published.labels).savefig(path, dpi=110)


def _shrunk(seen: Seen, published: Features) -> Seen:
    """The fitted ones once more, with no more contrast than the published maps have."""
    part = seen.conditions == FITTED
    spread = {name: row["spread"] for name, row in statistics(published.maps_u8).items()}
    maps = with_spread(seen.maps_u8[part], spread)
    names = np.full(int(part.sum()), SHRUNK)
    return Seen(names, seen.units[part], seen.labels[part], seen.amplitudes_px[part], maps)


def _stills(folder: Path, people: int) -> list[Path]:
    """`people` pictures spread evenly over the folder; 0: all."""
    stills = sorted(folder.glob("*.jpg"))
    if not stills:
        raise DatasetError(f"no stills in {folder}; give a folder of faces, faces/neutral or faces/stills")
    if people < 0:
        raise ConfigError(f"--people {people} must be a number of people, or 0 for all")
    step = len(stills) / min(people or len(stills), len(stills))
    return [stills[int(i * step)] for i in range(min(people or len(stills), len(stills)))]


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.domain", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--faces", type=Path, default=Path("../shared/data/faces/neutral"), help="of stills")
    parser.add_argument(
        "--people", type=at_least(0), default=12, help="spread evenly over the folder; 0: all"
    )
    parser.add_argument("--data", type=Path, help="the causalnet-cde folder, to compare statistics")
    parser.add_argument("--weights", default=DEFAULT_MODEL)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--jobs", type=at_least(1), default=2, help="people side by side")
    parser.add_argument("--cache", type=Path, help="keep rendered chips here (13 MB a person)")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path, help="PNG of mean maps beside the published ones (--data)")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
