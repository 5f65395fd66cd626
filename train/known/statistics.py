"""Live maps beside the published ones: how far they spread, and where in the picture their energy lies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime.maps import STRAIN, U, V, direction_map
from train.report import CLASSES

CHANNELS = {"strain": STRAIN, "v": V, "u": U}
BANDS = {"brows": slice(0, 9), "eyes, nose": slice(9, 16), "mouth": slice(16, 24), "chin": slice(24, 28)}
STILL_LEVELS = 8.0  # from a map's median: 3 % of its range
EDGE = 2  # rows and columns at the border of a map

Maps = NDArray[np.uint8]  # (n, 4, 28, 28, 3), published layout


def statistics(maps_u8: Maps) -> dict[str, dict[str, float]]:
    """Per channel of the flow maps, averaged over maps.

    mean and spread (standard deviation within a map) in levels; still: share of a map within 8 levels of
    its median; edge and the bands: share of the map's departure from its median that lies there.
    """
    return {name: _channel(maps_u8[:, :2, ..., at].astype(np.float64)) for name, at in CHANNELS.items()}


def agreement(live: Maps, live_labels: NDArray, published: Maps, labels: NDArray) -> dict[str, Any]:
    """Correlation of the two mean maps (both phases) of each class and channel."""
    found: dict[str, Any] = {}
    for label, name in enumerate(CLASSES):
        ours, theirs = (mean_maps(*pair, label) for pair in ((live, live_labels), (published, labels)))
        found[name] = {
            channel: round(float(np.corrcoef(ours[..., at].ravel(), theirs[..., at].ravel())[0, 1]), 3)
            for channel, at in CHANNELS.items()
        }
    return found


def mean_maps(maps_u8: Maps, labels: NDArray, label: int) -> NDArray[np.float64]:
    """(2, 28, 28, 3): mean of both phases' flow maps over the samples of one class."""
    mean: NDArray[np.float64] = maps_u8[labels == label, :2].mean(axis=0)
    return mean


def with_spread(maps_u8: Maps, spread: dict[str, float]) -> Maps:
    """The same maps with each channel's departures from its median shrunk to a mean spread (levels)."""
    flows = maps_u8[:, :2].astype(np.float64)
    for name, at in CHANNELS.items():
        plane = flows[..., at]
        middle = np.median(plane, axis=(2, 3), keepdims=True)
        share = spread[name] / max(float(plane.std(axis=(2, 3)).mean()), 1e-6)
        flows[..., at] = middle + (plane - middle) * share
    shrunk = np.clip(np.rint(flows), 0, 255).astype(np.uint8)
    return np.concatenate([shrunk, direction_map(shrunk)], axis=1)


def _channel(planes: NDArray[np.float64]) -> dict[str, float]:
    """`planes` (n, 2, 28, 28)."""
    away = np.abs(planes - np.median(planes, axis=(2, 3), keepdims=True))
    energy = away / np.maximum(away.sum(axis=(2, 3), keepdims=True), 1e-9)
    inner = energy[..., EDGE:-EDGE, EDGE:-EDGE].sum(axis=(2, 3)).mean()
    found = {
        "mean": round(float(planes.mean()), 1),
        "spread": round(float(planes.std(axis=(2, 3)).mean()), 1),
        "still": round(float((away <= STILL_LEVELS).mean()), 3),
        "edge": round(float(1.0 - inner), 3),
    }
    for name, rows in BANDS.items():
        found[name] = round(float(energy[:, :, rows].sum(axis=(2, 3)).mean()), 3)
    return found
