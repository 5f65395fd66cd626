from __future__ import annotations

import numpy as np
import pytest

from realtime.spotting.chain import ROW_PARTS, ROW_SIZE
from realtime.spotting.regions import REGIONS
from tests.portrait import chip_of, portrait
from train.spotting import rarity
from train.spotting.items import Item
from train.spotting.rarity import Rarities, items_of, main, shares_of, ways_off
from train.spotting.tracks import Strip

ONSET, APEX, OFFSET = 100, 108, 120
GOES_PX = np.zeros((1, len(REGIONS)), np.float32)
GOES_PX[0, 2] = 1.0  # the third region moves by a pixel


def item(itself: np.ndarray, size_px: float = 1.0, kind: float = 0) -> Item:
    """A face whose regions do `itself`, and one movement put into it."""
    base = np.zeros((300, ROW_SIZE), np.float32)
    base[:, : ROW_PARTS["regions"]] = itself
    events = np.array([[ONSET, APEX, OFFSET, size_px, kind]])
    return Item(True, base, np.zeros_like(base), events, np.zeros((300, 3), np.float32))


def rarity_of(*given) -> list[float]:
    return shares_of(item(*given), GOES_PX)


def still() -> np.ndarray:
    return np.zeros((300, ROW_PARTS["regions"]), np.float32)


def test_a_line_is_no_way_off_and_a_bend_is_one_wherever_it_lies():
    line = np.linspace(0, 30, 40, dtype=np.float32)[:, None] * np.ones(4, np.float32)
    assert ways_off(line, 5, 9) == pytest.approx(0, abs=1e-5)
    line[20] += [3.0, 4.0, 0.0, 1.0]
    bent = ways_off(line, 5, 9)
    assert bent.shape == (40 - 14, 2)
    assert bent[15] == pytest.approx([5.0, 1.0], abs=1e-4)  # the middle lies 5 steps after the first
    assert bent[20] == pytest.approx(np.array([5.0, 1.0]) * 9 / 14, abs=1e-4)  # here it is the first


def test_a_face_at_rest_never_goes_as_far():
    assert rarity_of(still()) == [0.0]


def test_a_face_that_goes_farther_all_the_time_hides_it():
    wild = np.random.default_rng(0).normal(0, 50, still().shape).astype(np.float32)
    assert rarity_of(wild)[0] > 0.4


def test_the_region_in_which_it_is_rarest_counts():
    elsewhere = np.random.default_rng(0).normal(0, 50, still().shape).astype(np.float32)
    elsewhere[:, 4:6] = 0  # but the third region rests
    assert rarity_of(elsewhere) == [0.0]
    now_and_then = still()
    now_and_then[::30] = 3.0
    assert 0.02 < rarity_of(now_and_then)[0] < 0.4


@pytest.mark.parametrize(("size_px", "kind"), [(0.4, 0), (2.0, 1), (2.0, 2)])
def test_weak_long_and_blinking_ones_are_not_asked(size_px: float, kind: float):
    assert rarity_of(still(), size_px, kind) == []


def test_what_is_longer_than_the_face_was_seen_is_left_out():
    long = item(still())
    long.events[:, 2] = ONSET + 400
    assert shares_of(long, GOES_PX) == []


def test_movements_are_put_into_a_strip_as_often_as_asked():
    strip = Strip("portrait", tuple(chip_of(portrait(), index) for index in range(90)))
    made = items_of(strip, 2, clip=False)
    assert len(made) == 2 and all(len(one.events) == len(goes_px) > 0 for one, goes_px in made)
    assert all(share < 0.01 for one in made for share in shares_of(*one))  # nothing else moves in a portrait


def test_a_movement_goes_where_its_unit_pulls_and_as_far_as_it_was_made():
    strip = Strip("portrait", tuple(chip_of(portrait(), index) for index in range(90)))
    ((one, goes_px),) = items_of(strip, 1, clip=False)
    largest = goes_px.max(axis=1)
    sizes = one.events[:, 3]
    assert (largest < sizes).all() and (largest > 0.2 * sizes).all()  # a region is a mean of its tiles


def test_the_table_has_a_line_for_each_clip_and_one_for_the_stills(monkeypatch, capsys):
    def made(material, faces, variants):
        return Rarities(
            material.part, material.file[-12:-4], (0.0, 0.2) if material.part == "still" else (0.3,)
        )

    monkeypatch.setattr(rarity, "rarities_of", made)
    assert main([]) == 0
    said = capsys.readouterr().out
    assert said.count("still") == 1 and "50%" in said and "30.0%" in said
    assert main(["--part", "acting"]) == 0
    said = capsys.readouterr().out
    assert "acting" in said and "still" not in said and "talking" not in said


def test_nobody_is_refused_in_one_line(capsys):
    assert main(["--people", "nobody"]) == 2
    assert "--people nobody" in capsys.readouterr().err
