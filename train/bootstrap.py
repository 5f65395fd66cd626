"""python -m train.bootstrap: how far a UF1 would move if other people had been recorded.

Samples of one person resemble each other, so whole subjects are drawn again, not samples (Davison and
Hinkley: Bootstrap Methods and their Application, 1997, section 3.8); the interval is that of percentiles.
With --against both systems are counted on the same subjects each time, and the interval is that of the
difference. It knows nothing of other seeds, nor of a recipe that was chosen on these subjects.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from engine.errors import FlinchError
from engine.flags import Parser
from train.errors import DatasetError
from train.features import DATASETS
from train.metrics import confusion, uf1
from train.report import CLASSES

RESAMPLES, BATCH = 9999, 500
LEVEL = 0.95

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What one run of `train.loso` made of each subject."""

    subjects: tuple[str, ...]  # "casme2/sub01", sorted
    counts: Counts  # (subjects, seeds, classes, classes), rows are the truth

    def of(self, dataset: str) -> Tally:
        rows = [i for i, name in enumerate(self.subjects) if name.startswith(f"{dataset}/")]
        return Tally(tuple(self.subjects[i] for i in rows), self.counts[rows])


@dataclass(frozen=True, slots=True)
class Interval:
    """A UF1, mean over seeds, or a difference of two; 0 to 1."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f}, {self.low:.3f} to {self.high:.3f}"


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    try:
        ours = read_tally(args.predictions)
        against = None if args.against is None else read_tally(args.against)
        if against is not None and against.subjects != ours.subjects:
            raise DatasetError(
                f"{args.predictions} and {args.against} are of other subjects; compare runs on the same data"
            )
    except (FlinchError, OSError) as error:
        print(f"train.bootstrap: {error}", file=sys.stderr)
        return 2
    print(f"UF1 and the interval that holds {LEVEL:.0%} of {RESAMPLES} resamplings of the subjects")
    print(f"composite ({len(ours.subjects)}): {interval_of(ours)}")
    for dataset in DATASETS:
        part = ours.of(dataset)
        if len(part.subjects) > 1:
            print(f"{dataset} ({len(part.subjects)}): {interval_of(part)}")
    if against is not None:
        print(f"composite less that of {args.against}: {interval_of(ours, against)}")
    return 0


def read_tally(path: Path) -> Tally:
    """The predictions.csv of `train.loso`. Raises: DatasetError if it is missing or another table."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        subjects, seeds = ([row[name] for row in rows] for name in ("subject", "seed"))
        truth, predicted = (
            np.array([CLASSES.index(row[name]) for row in rows], np.int64) for name in ("label", "predicted")
        )
    except OSError as error:
        raise DatasetError(f"no predictions at {path} ({error.strerror}); run train.loso first") from error
    except (KeyError, ValueError) as error:
        raise DatasetError(f"{path} is no predictions.csv of train.loso ({error!r})") from error
    names, at = np.unique(subjects, return_inverse=True)
    if len(names) < 2:
        raise DatasetError(f"{path} holds {len(names)} subject(s); an interval needs two at least")
    runs, of_run = np.unique(seeds, return_inverse=True)
    groups = at * len(runs) + of_run
    counts = [confusion(truth[groups == g], predicted[groups == g]) for g in range(len(names) * len(runs))]
    return Tally(tuple(names.tolist()), np.stack(counts).reshape(len(names), len(runs), *counts[0].shape))


def interval_of(ours: Tally, against: Tally | None = None) -> Interval:
    """The mean UF1 of the seeds, or by how much it lies above that of `against` on the same subjects."""

    def value(drawn: NDArray[np.int64], axis: int = -1) -> NDArray[np.float64]:
        mean = _mean_uf1(ours, drawn)
        return mean if against is None else mean - _mean_uf1(against, drawn)

    everyone = np.arange(len(ours.subjects))
    drawn = bootstrap(
        (everyone,), value, n_resamples=RESAMPLES, batch=BATCH, confidence_level=LEVEL,
        method="percentile", vectorized=True, rng=np.random.default_rng(0),
    )  # fmt: skip
    low, high = drawn.confidence_interval
    return Interval(float(value(everyone)), float(low), float(high))


def _mean_uf1(tally: Tally, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    """(...) of subjects (..., n) that may be there several times."""
    return uf1(tally.counts[drawn].sum(axis=-4)).mean(axis=-1)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(prog="python -m train.bootstrap", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("predictions", type=Path, help="predictions.csv of train.loso")
    parser.add_argument("--against", type=Path, metavar="PREDICTIONS", help="of another system")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
