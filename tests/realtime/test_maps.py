"""Motion maps: the published relation between flow and direction maps, strain, scaling, reduction."""

from __future__ import annotations

import colorsys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.errors import FlowInputError
from realtime.maps import DIRECTION_BGR, STRAIN, U, V, direction_map, flow_map, maps_of, strain
from realtime.types import Flow


def grid(height: int = 128, width: int = 128) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return y, x


def published_samples(folder: Path) -> list[list[Path]]:
    """The four files of each sample: "" flow 1, "_1" flow 2, "_2" direction 1, "_3" direction 2."""
    stems = {path.name.removesuffix(" .png") for path in folder.iterdir()}
    complete = sorted(stem for stem in stems if all(f"{stem}_{k}" in stems for k in (1, 2, 3)))
    return [[folder / f"{stem}{tail} .png" for tail in ("", "_1", "_2", "_3")] for stem in complete]


@pytest.mark.data
def test_all_884_published_direction_maps_are_reproduced(data_dir):
    samples = published_samples(data_dir / "causalnet-cde" / "STSNet_whole_norm_u_v_os")
    assert len(samples) == 442
    images = np.array([[cv2.imread(str(path)) for path in sample] for sample in samples])
    assert images.shape == (442, 4, 28, 28, 3)
    worst = np.abs(direction_map(images[:, :2]).astype(int) - images[:, 2:]).max(axis=(2, 3, 4))
    assert worst.max() <= 1
    assert (worst == 0).all()


def test_direction_table_is_the_hue_of_the_angle():
    for v, u in ((0, 0), (0, 200), (17, 230), (90, 90), (201, 13), (255, 0), (255, 254)):
        hue = int(np.degrees(np.arctan2(v, u)) / 2 + 0.003)  # the release's arctangent is that far off
        red, green, blue = colorsys.hsv_to_rgb(hue / 180, 1, 1)
        np.testing.assert_allclose(DIRECTION_BGR[v, u], [255 * blue, 255 * green, 255 * red], atol=1)


def test_strain_of_linear_motions():
    y, x = grid()
    stretch = np.dstack([0.03 * x, -0.04 * y])
    np.testing.assert_allclose(strain(stretch), 0.05, atol=1e-5)
    rotation = np.dstack([-0.02 * y, 0.02 * x])
    np.testing.assert_allclose(strain(rotation), 0, atol=1e-5)
    shear = np.dstack([0.02 * y, 0 * x])
    np.testing.assert_allclose(strain(shear), 0.02 / np.sqrt(2), atol=1e-5)


def test_flow_map_channels_and_scaling():
    y, x = grid()
    stored = flow_map(np.dstack([x / 100, 3 - y / 50]))
    assert stored.shape == (28, 28, 3)
    assert stored.dtype == np.uint8
    columns = (np.arange(28) + 0.5) / 28 * 128 - 0.5
    np.testing.assert_allclose(stored[5, :, U], columns / 127 * 255, atol=0.55)
    np.testing.assert_allclose(stored[:, 5, V], 255 - columns / 127 * 255, atol=0.55)
    assert np.ptp(stored[..., STRAIN]) <= 255


def test_each_cell_is_the_mean_of_all_the_flow_under_it():
    flow = np.random.default_rng(0).normal(0, 1, (112, 112, 2)).astype(np.float32)
    scaled = (flow - flow.min(axis=(0, 1))) / np.ptp(flow, axis=(0, 1)) * 255
    cells = scaled.reshape(28, 4, 28, 4, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(flow_map(flow)[..., [U, V]], cells, atol=0.51)


def test_flow_map_ignores_scale_and_offset_of_the_motion():
    y, x = grid()
    flow = np.dstack([np.sin(x / 9) * y / 40, np.cos(y / 11)]).astype(np.float32)
    np.testing.assert_allclose(flow_map(flow), flow_map(2 * flow + 1).astype(int), atol=1)


def test_constant_flow_gives_zero_map_and_finite_directions():
    assert not flow_map(np.full((128, 128, 2), 0.7, np.float32)).any()
    np.testing.assert_array_equal(direction_map(np.zeros((28, 28, 3), np.uint8))[0, 0], [0, 0, 255])


@settings(deadline=None)
@given(st.integers(28, 90), st.integers(28, 90), st.integers(0, 2**31), st.floats(1e-12, 1e12))
def test_any_flow_gives_a_map(height, width, seed, size):
    flow = np.random.default_rng(seed).normal(0, size, (height, width, 2)).astype(np.float32)
    stored = flow_map(flow)
    assert stored.shape == (28, 28, 3)
    assert (stored.max(axis=(0, 1)) > stored.min(axis=(0, 1))).all()


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((128, 128), np.float32),
        np.zeros((128, 128, 3), np.float32),
        np.zeros((27, 128, 2), np.float32),
        np.zeros((128, 128, 2), np.int32),
        np.full((128, 128, 2), np.nan, np.float32),
        np.full((128, 128, 2), np.inf, np.float32),
    ],
)
def test_bad_flow_is_one_error(bad):
    with pytest.raises(FlowInputError):
        flow_map(bad)


def test_maps_of_orders_the_four_maps():
    y, x = grid()
    phases = np.stack([np.dstack([x / 100, y / 50]), np.dstack([-y / 100, -x / 50])]).astype(np.float32)
    maps = maps_of(Flow(window=None, phases_hw2=phases))  # type: ignore[arg-type]
    assert maps.maps_u8.shape == (4, 28, 28, 3)
    assert not maps.maps_u8.flags.writeable
    np.testing.assert_array_equal(maps.maps_u8[1], flow_map(phases[1]))
    np.testing.assert_array_equal(maps.maps_u8[2:], direction_map(maps.maps_u8[:2]))
