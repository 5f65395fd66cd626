"""python -m train.figures: a leave-one-subject-out run as pictures: confusion matrix, features in the plane.

Reads what `train.loso` wrote (report.json, predictions.csv, the folds' files) and writes confusion.png and
features.png beside it. Reliability and coverage are drawn by `calibration.confidence --pictures`.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from engine.errors import FlinchError
from engine.flags import Parser
from train.errors import DatasetError
from train.features import DATASETS
from train.folds import load_result
from train.report import CLASSES

DPI = 150
CLASS_COLOURS = ("#c0392b", "#2e86c1", "#d4a017")  # negative, positive, surprise
MARKERS = ("o", "s", "^", "D", "v", "P")  # in the order of DATASETS, then of whatever else there is
PERPLEXITY = 30.0
COMPONENTS = 50  # principal components that t-SNE starts from


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """The features of left-out samples, each of the network that had not seen the subject."""

    features: NDArray[np.float32]  # (n, 12 dim)
    labels: NDArray[np.int64]  # (n,), true
    right: NDArray[np.bool_]  # (n,)
    datasets: NDArray[np.str_]  # (n,)


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="python -m train.figures", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--run", type=Path, required=True, help="--out of train.loso")
    parser.add_argument("--folds", type=Path, help="--folds of train.loso; default RUN/folds")
    args = parser.parse_args(argv)
    try:
        for path in draw_run(args.run, args.folds or args.run / "folds"):
            print(path)
    except (FlinchError, OSError) as error:
        print(f"train.figures: {error}", file=sys.stderr)
        return 2
    return 0


def draw_run(run: Path, folds: Path) -> list[Path]:
    """Draw both pictures of one run into its folder.

    Raises: DatasetError if the folder holds no finished run.
    """
    try:
        report = json.loads((run / "report.json").read_text(encoding="utf-8"))
        embedded = read_embedded(run / "predictions.csv", folds / "seed0")
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise DatasetError(
            f"{run} holds no finished run of train.loso ({error!r}); finish it first"
        ) from error
    title = f"{report['protocol']} protocol: {report['chosen']}"
    pictures = {
        "confusion.png": confusion_figure(np.array(report["confusion"]), title),
        "features.png": features_figure(embedded),
    }
    for name, figure in pictures.items():
        figure.savefig(run / name, dpi=DPI)
    return [run / name for name in pictures]


def read_embedded(predictions: Path, folds: Path) -> Embedded:
    """The features of one seed's folds, with what predictions.csv says of the same samples."""
    with predictions.open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["seed"] == "0"]
    results = [load_result(path) for path in sorted(folds.glob("*.npz"))]
    if not results:
        raise FileNotFoundError(f"no folds in {folds}")
    order = np.concatenate([result.rows for result in results])
    return Embedded(
        np.concatenate([result.features for result in results]).astype(np.float32),
        np.array([CLASSES.index(rows[i]["label"]) for i in order]),
        np.array([rows[i]["label"] == rows[i]["predicted"] for i in order]),
        np.array([rows[i]["dataset"] for i in order]),
    )


def confusion_figure(counts: NDArray[np.int64], title: str) -> Figure:
    """(3, 3) counts, true class by row: shaded by the share of its row, with shares and counts written in."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(5.6, 4.8), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for (row, column), share in np.ndenumerate(shares):
        ink = "white" if share > 0.6 else "black"
        words = f"{share:.0%}\n{counts[row, column]}"
        axes.text(column, row, words, ha="center", va="center", color=ink)
    axes.set_xticks(range(len(CLASSES)), CLASSES)
    axes.set_yticks(range(len(CLASSES)), CLASSES)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    figure.suptitle("\n".join(wrap(title, 60)), fontsize=9)
    figure.colorbar(image, label="share of the true class")
    return figure


def features_figure(embedded: Embedded) -> Figure:
    """t-SNE (van der Maaten, Hinton 2008) of the features, twice: by class and by dataset.

    Every fold has a network of its own; all start from the same weights, which keeps their features alike.
    Nothing is aligned between folds: the second panel shows what gathers by dataset instead of by class.
    """
    points = in_the_plane(embedded.features)
    figure = Figure(figsize=(10.0, 5.0), layout="constrained")
    by_class, by_dataset = figure.subplots(1, 2)
    _scatter(by_class, points, embedded, "true class; hollow: predicted wrongly")
    for at, name in enumerate(dict.fromkeys((*DATASETS, *embedded.datasets.tolist()))):
        part = embedded.datasets == name
        if part.any():
            x, y = points[part].T
            by_dataset.scatter(x, y, s=14, marker=MARKERS[at % len(MARKERS)], alpha=0.7, label=name)
    by_dataset.set_title("dataset", fontsize=10)
    for axes in (by_class, by_dataset):
        axes.set_xticks([])
        axes.set_yticks([])
        axes.legend(fontsize=8, loc="best")
    figure.suptitle("features of left-out subjects, each from its own fold's network, t-SNE", fontsize=10)
    return figure


def in_the_plane(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, 2) t-SNE of standardised features; the same features give the same picture."""
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    left, sizes, _ = np.linalg.svd(scaled, full_matrices=False)
    components = (left * sizes)[:, :COMPONENTS]
    if not components.any():  # all the same, as a handful of copies may be: there is no plane
        return np.zeros((len(features), 2))
    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    exact = TSNE(perplexity=perplexity, init="pca", random_state=0, method="exact")  # faster when so few
    points: NDArray[np.float64] = exact.fit_transform(components)
    return points


def _scatter(axes: Axes, points: NDArray[np.float64], embedded: Embedded, title: str) -> None:
    for label, name in enumerate(CLASSES):
        colour = CLASS_COLOURS[label]
        for right in (True, False):
            part = (embedded.labels == label) & (embedded.right == right)
            face = colour if right else "none"
            x, y = points[part].T
            axes.scatter(x, y, s=18, facecolors=face, edgecolors=colour, label=name if right else None)
    axes.set_title(title, fontsize=10)


if __name__ == "__main__":
    sys.exit(main())
