from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.spotter import SpotterNet, read_spotter_card
from realtime.errors import ConfigError
from realtime.spotting.chain import ROW_PARTS, ROW_SIZE, Chain, ChainConfig, mesh_row
from realtime.spotting.motion import FaceMotion, MotionConfig
from realtime.spotting.regions import REGIONS
from tests.portrait import chip_of
from tests.realtime.spotting.test_spotter import BROW_REGION, UP, film, picture

TEMPLATES = SpotterNet(read_spotter_card()).templates


def rows_of(chips, **config):
    chain = Chain(MotionConfig(), ChainConfig(**config), TEMPLATES)
    rows = []
    for chip in chips:
        if not rows:
            chain.restart(chip)
        rows.append(chain.step(chip))
    return np.stack(rows)


def region(rows, index):
    return rows[:, 2 * index : 2 * index + 2]


def test_a_row_has_its_parts():
    assert rows_of([chip_of(picture(0.0), 0)]).shape == (1, ROW_SIZE)
    assert ROW_PARTS["regions"] == 2 * len(REGIONS)


@pytest.mark.parametrize("reference_s", [0.2, 0.4, 9.0])
def test_positions_go_on_over_new_references(reference_s):
    rows = rows_of(film([(0.3, 1.1, 9.0)], 1.1), reference_s=reference_s)
    brow = region(rows, BROW_REGION)
    # of the region, not of its strongest point, less what is taken for the head's
    assert brow[-1, 1] == pytest.approx(0.5 * UP[1], abs=0.25)
    assert np.abs(np.diff(brow, axis=0)).max() < 0.25  # no jump where a reference changes
    units = rows[:, ROW_PARTS["regions"] :][:, : ROW_PARTS["units"]]
    assert np.abs(units[-1]).max() > 0.2 and np.abs(np.diff(units, axis=0)).max() < 0.25
    chin = region(rows, REGIONS.index("chin"))
    assert np.abs(chin).max() < 0.4


def test_a_restart_begins_at_nothing():
    chain = Chain(MotionConfig(), ChainConfig(), TEMPLATES)
    chain.restart(chip_of(picture(0.0), 0))
    assert np.abs(chain.step(chip_of(picture(1.0), 1))[: ROW_PARTS["regions"]]).max() > 0.5
    chain.restart(chip_of(picture(1.0), 2))
    assert np.abs(chain.step(chip_of(picture(1.0), 2))[: ROW_PARTS["regions"]]).max() < 0.05


def test_the_mesh_says_where_the_head_is_and_how_far_the_mouth_is_open():
    chip = chip_of(picture(0.0), 0)
    said = mesh_row(chip)
    opened = chip.landmarks_px.copy()
    opened[14, 1] += 0.1 * chip.iod_px
    other = mesh_row(type(chip)(**{**{n: getattr(chip, n) for n in chip.__slots__}, "landmarks_px": opened}))
    lips = ROW_PARTS["pose"]
    assert other[lips] - said[lips] == pytest.approx(10, abs=1)  # hundredths of the IOD
    assert np.delete(other - said, lips) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    ("part", "points"),
    [
        ("lips", [14]),
        ("mouth", [291]),
        ("chin", [152]),
        ("right eye", [145, 153]),
        ("left eye", [374, 380]),
        ("right brow", [105, 66]),
        ("left brow", [334, 296]),
    ],
)
def test_each_part_of_the_mesh_has_its_own_place(part, points):
    chip = chip_of(picture(0.0), 0)
    landmarks_px = chip.landmarks_px.copy()
    landmarks_px[points] += 0.05 * chip.iod_px
    changed = np.abs(mesh_row(replace(chip, landmarks_px=landmarks_px)) - mesh_row(chip)) > 0.1
    parts = ["lips", "mouth", "chin", "right eye", "left eye", "right brow", "left brow"]
    assert np.flatnonzero(changed).tolist() == [ROW_PARTS["pose"] + parts.index(part)]


def test_the_misfit_is_in_per_cent():
    chips = [chip_of(picture(0.0), 0), chip_of(picture(1.0), 1)]
    motion = FaceMotion(MotionConfig())
    motion.restart(chips[0])
    misfit = [motion.step(chip).misfit for chip in chips][-1]
    assert rows_of(chips)[-1, -1] == pytest.approx(100 * misfit) and misfit > 0


def test_action_units_are_matched_to_the_newest_reference():
    dim = chip_of(picture(0.0) // 8, 0)
    rest, risen = chip_of(picture(0.0), 1), chip_of(picture(1.0), 2)
    chain = Chain(MotionConfig(), ChainConfig(), TEMPLATES)
    chain.restart(dim)
    chain.restart(rest)
    fresh = Chain(MotionConfig(), ChainConfig(), TEMPLATES)
    fresh.restart(rest)
    np.testing.assert_allclose(chain.step(risen), fresh.step(risen), atol=1e-5)


def test_a_reference_lasts_some_time():
    with pytest.raises(ConfigError, match="reference_s"):
        ChainConfig(reference_s=0)
