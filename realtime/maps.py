"""Flow to the published 28x28 motion maps: the exact input layout of the network.

A flow map has the channels 0 = optical strain, 1 = v, 2 = u, each min-max scaled per map; a direction
map is a pure function of a flow map. Both as released with CausalNet (ICCV 2025, arXiv 2508.06640):
`direction_map` gives every one of its 884 direction maps bit for bit.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.errors import FlowInputError
from realtime.types import MAP_SIZE, Flow, MotionMaps, freeze

STRAIN, V, U = 0, 1, 2  # channels of a flow map

# OpenCV's fast arctangent, an odd polynomial on [0, 1] in degrees, up to 0.01 degrees off. The release
# was made with it: an exact arctangent puts 742 of its 693056 pixels into the neighbouring hue. It is
# written out here because cv2.cartToPolar differs between OpenCV versions.
_ARCTANGENT_DEG = np.degrees(
    [0.9997878412794807, -0.3258083974640975, 0.1555786518463281, -0.04432655554792128]
)


def _angle_deg(y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle of (x, y) in the first quadrant, 0 to 90 degrees, as the release computed it."""
    ratio = np.minimum(x, y) / np.maximum(np.maximum(x, y), 1.0)
    square = ratio * ratio
    p1, p3, p5, p7 = _ARCTANGENT_DEG
    angle = (((p7 * square + p5) * square + p3) * square + p1) * ratio
    return np.where(x >= y, angle, 90.0 - angle)


def _saturated_bgr(hue: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Colours of hues 0 (red) to 59 (green), S = V = 255; float32 so that halves round as released."""
    sixth = hue.astype(np.float32) * np.float32(6 / 180)
    sector = np.floor(sixth)
    falling = np.float32(1) - (sixth - sector)
    rising = np.float32(1) - falling
    green = np.where(sector < 1, rising, np.float32(1))
    red = np.where(sector < 1, np.float32(1), falling)
    bgr = np.stack([np.zeros_like(red), green, red], axis=-1)
    return np.rint(bgr * np.float32(255)).astype(np.uint8)


def _direction_table() -> NDArray[np.uint8]:
    v, u = np.mgrid[:256, :256].astype(np.float64)
    return _saturated_bgr(np.floor(_angle_deg(v, u) / 2))


DIRECTION_BGR = freeze(_direction_table())  # (256, 256, 3) uint8, indexed [v, u]


def strain(flow_hw2: NDArray[np.float32]) -> NDArray[np.float32]:
    """Optical strain of a flow: sqrt(ux^2 + vy^2 + (uy + vx)^2 / 2).

    Args: flow_hw2: (height, width, 2) float, pixels, x right and y down; at least 2x2.
    Returns: (height, width) float32, per pixel; central differences, one-sided at the border.
    Raises: FlowInputError: not such an array.
    """
    _check_flow(flow_hw2, smallest=2)
    uy, ux = np.gradient(flow_hw2[..., 0])
    vy, vx = np.gradient(flow_hw2[..., 1])
    shear = uy + vx
    return np.sqrt(ux * ux + vy * vy + 0.5 * shear * shear).astype(np.float32)


def flow_map(flow_hw2: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The published flow map: strain, v, u, each min-max scaled at full resolution, then reduced.

    Reduced by area averaging: each of the 28x28 cells is the mean of all the flow under it, so that no
    pixel is skipped (bilinear sampling from 128 looks at four pixels in 21) and noise averages out.
    A channel without any variation becomes 0.

    Args: flow_hw2: (height, width, 2) float, pixels, x right and y down; at least 28x28.
    Returns: (28, 28, 3) uint8, channels strain, v, u.
    Raises: FlowInputError: not such an array.
    """
    _check_flow(flow_hw2, smallest=MAP_SIZE)
    flow = np.asarray(flow_hw2, np.float32)
    full = np.stack([_scaled(plane) for plane in (strain(flow), flow[..., 1], flow[..., 0])], axis=-1)
    reduced = cv2.resize(full, (MAP_SIZE, MAP_SIZE), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(reduced), 0, 255).astype(np.uint8)


def _scaled(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """From 0 to 255; a plane without variation becomes 0."""
    low = plane.min()
    reach = plane.max() - low
    return (plane - low) / reach * np.float32(255) if reach > 0 else np.zeros_like(plane)


def direction_map(flow_map_u8: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The published direction map: the hue of the angle of (u, v) as stored in the flow map.

    Args: flow_map_u8: (..., 3) uint8 flow map, or any batch of them.
    Returns: the same shape, uint8, BGR; only `DIRECTION_BGR[v, u]`.
    """
    return DIRECTION_BGR[flow_map_u8[..., V], flow_map_u8[..., U]]


def maps_of(flow: Flow) -> MotionMaps:
    """The four maps of one window, in the network's order: flow 1, flow 2, direction 1, direction 2."""
    flows = np.stack([flow_map(phase) for phase in flow.phases_hw2])
    return MotionMaps(flow, freeze(np.concatenate([flows, direction_map(flows)])))


def _check_flow(flow_hw2: NDArray[np.float32], *, smallest: int) -> None:
    shape = np.shape(flow_hw2)
    if len(shape) != 3 or shape[2] != 2 or min(shape[:2]) < smallest:
        raise FlowInputError(f"flow has shape {shape}; give (height, width, 2) of at least {smallest} pixels")
    if not np.issubdtype(np.asarray(flow_hw2).dtype, np.floating):
        raise FlowInputError(f"flow has dtype {np.asarray(flow_hw2).dtype}; give floating point pixels")
    if not np.isfinite(flow_hw2).all():
        raise FlowInputError("flow holds NaN or infinity; motion maps cannot be scaled from it")
