"""Mean maps of each class, published and live, beside each other."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from realtime.face.alignment import EYE_ROW
from realtime.types import CHIP_SIZE, MAP_SIZE
from train.known.statistics import CHANNELS, Maps, mean_maps
from train.report import CLASSES

EYES = (EYE_ROW + 0.5) * MAP_SIZE / CHIP_SIZE - 0.5  # row of the eye line in a map
REACH = 70.0  # levels from the median at full colour


def mean_maps_figure(live: Maps, live_labels: NDArray, published: Maps, labels: NDArray) -> Figure:
    """Onset to apex. Rows: classes. Columns: strain, v and u of the published maps, then of the live ones.

    v and u as departures from a map's median: red is down or to the right of the picture. The strain of
    each panel has its own scale: it is where it lies that can be compared. The line is the eye line.
    """
    figure = Figure(figsize=(11.0, 5.8), layout="constrained")
    grid = figure.subplots(len(CLASSES), 2 * len(CHANNELS), squeeze=False)
    blocks = {"published": (published, labels), "live": (live, live_labels)}
    for label, class_name in enumerate(CLASSES):
        row = iter(grid[label])
        for block, (maps, of) in blocks.items():
            for channel, at in CHANNELS.items():
                axes = next(row)
                _show(axes, mean_maps(maps, of, label)[0, ..., at], channel)
                if label == 0:
                    axes.set_title(f"{block} {channel}", fontsize=9)
        grid[label, 0].set_ylabel(class_name, fontsize=9)
    return figure


def _show(axes: Axes, plane: NDArray[np.float64], channel: str) -> None:
    if channel == "strain":
        axes.imshow(plane, cmap="magma")
    else:
        axes.imshow(plane - np.median(plane), cmap="RdBu_r", vmin=-REACH, vmax=REACH)
    axes.axhline(EYES, color="gray", linewidth=0.6)
    axes.set_xticks([])
    axes.set_yticks([])
