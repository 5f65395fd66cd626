"""The exact symmetries of motion maps: a face mirrored, time reversed, and both.

Each keeps the class of a movement, so a network may be asked about all four views and its answers averaged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from realtime.errors import FlowInputError
from realtime.maps import U, V, direction_map
from realtime.types import MAP_SIZE


def symmetric_views(maps_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Motion maps as they are, mirrored, reversed in time, and mirrored and reversed.

    Args: maps_u8: (n, 4, 28, 28, 3) uint8 in the published layout.
    Returns: (4, n, 4, 28, 28, 3) uint8; direction maps are made anew from the changed flow maps.
    Raises: FlowInputError: not such an array.
    """
    if maps_u8.dtype != np.uint8 or maps_u8.shape[1:] != (4, MAP_SIZE, MAP_SIZE, 3):
        raise FlowInputError(f"motion maps are {maps_u8.dtype} {maps_u8.shape}; give uint8 (n, 4, 28, 28, 3)")
    flows = maps_u8[:, :2]
    changed = np.stack([_mirrored(flows), _reversed(flows), _reversed(_mirrored(flows))])
    return np.concatenate([maps_u8[None], np.concatenate([changed, direction_map(changed)], axis=2)])


def _mirrored(flows_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
    flipped = flows_u8[:, :, :, ::-1].copy()
    flipped[..., U] = 255 - flipped[..., U]
    return flipped


def _reversed(flows_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
    swapped = flows_u8[:, ::-1].copy()
    swapped[..., U] = 255 - swapped[..., U]
    swapped[..., V] = 255 - swapped[..., V]
    return swapped
