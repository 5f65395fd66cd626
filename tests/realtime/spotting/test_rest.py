from __future__ import annotations

import numpy as np
import pytest

from realtime.errors import ConfigError
from realtime.spotting.excursion import LEFT_AT_ENDS, Excursion, Seen
from realtime.spotting.motion import Movement
from realtime.spotting.regions import LIDS, REGIONS
from realtime.spotting.rest import Rest, RestConfig
from tests.fakes import make_chip

NOISE = np.full(len(REGIONS), 0.05, np.float32)
BROW, LID = REGIONS.index("brow_inner_left"), REGIONS.index("lid_left")


def seen(index, regions_px, fps=30.0):
    regions_px = np.asarray(regions_px, np.float32)
    movement = Movement(
        np.zeros((1, 1), np.float32), np.zeros((2, 3)), np.zeros((1, 2), np.float32), regions_px, 0.0
    )
    scores = np.linalg.norm(regions_px, axis=1) / NOISE
    return Seen(make_chip(index, fps), movement, scores, float(scores[~LIDS].max()))


def level(index, share, region=BROW):
    regions = np.zeros((len(REGIONS), 2))
    regions[region] = 0.0, -share
    return seen(index, regions)


class CountingMotion:
    def __init__(self):
        self.learnt = []

    def learn(self, movement, share):
        self.learnt.append((movement, share))


def test_noise_is_the_spread_of_each_region_and_never_under_the_floor():
    rng = np.random.default_rng(3)
    spread = np.full((len(REGIONS), 1), 0.1)
    spread[LID] = 0.001
    rest, motion = Rest(RestConfig()), CountingMotion()
    for index in range(200):
        rest.learn(seen(index, rng.normal(0, 1, (len(REGIONS), 2)) * spread), motion, calm=True)
    assert rest.noise_px[BROW] == pytest.approx(0.1, rel=0.25)
    assert rest.noise_px[LID] == pytest.approx(RestConfig().floor_px)
    assert rest.scores(np.full((len(REGIONS), 2), 1.0))[BROW] == pytest.approx(
        np.sqrt(2) / rest.noise_px[BROW]
    )


def test_chips_enter_the_reference_only_after_rest():
    rest, motion = Rest(RestConfig(delay_s=0.3)), CountingMotion()
    for index in range(20):
        rest.learn(level(index, 0.0), motion, calm=True)
    before = len(motion.learnt)
    assert before == 20 - 9  # 0.3 s at 30 fps are nine frames
    rest.learn(level(20, 0.2), motion, calm=False)
    for index in range(21, 29):
        rest.learn(level(index, 0.0), motion, calm=True)
    assert len(motion.learnt) == before


def test_the_first_chips_count_alike_and_later_ones_fade():
    rest, motion = Rest(RestConfig(reference_s=0.5)), CountingMotion()
    for index in range(80):
        rest.learn(level(index, 0.0), motion, calm=True)
    shares = [share for _, share in motion.learnt]
    assert shares[:3] == pytest.approx([1 / 2, 1 / 3, 1 / 4])
    assert shares[-1] == pytest.approx(1 / 30 / 0.5, rel=1e-3)


def test_forgetting_drops_the_noise_and_a_restart_keeps_it():
    rest, motion = Rest(RestConfig()), CountingMotion()
    for index in range(40):
        rest.learn(level(index, 1.0), motion, calm=True)
    known = rest.noise_px.copy()
    rest.restart()
    assert np.array_equal(rest.noise_px, known)
    rest.forget()
    assert (rest.noise_px == 2 * np.float32(RestConfig().floor_px)).all()


def excursion_of(shares):
    rows = [level(index, share) for index, share in enumerate(shares)]
    first = next(i for i, row in enumerate(rows) if row.score > 6)
    excursion = Excursion(rows[first], NOISE)
    for row in rows[first:]:
        excursion.add(row)
    return excursion, rows


def test_apex_is_the_largest_and_the_onset_the_last_rest_before_it():
    excursion, rows = excursion_of([0, 0, 0.05, 0.5, 1.0, 2.0, 1.5, 0.6, 0.1])
    assert excursion.apex is rows[5]
    assert excursion.onset(rows) == (2, True)
    assert excursion.left(rows[5]) == pytest.approx(1.0)
    assert excursion.left(rows[3]) == pytest.approx(0.25)
    assert excursion.faded


def test_a_beginning_that_was_not_seen_is_said():
    excursion, rows = excursion_of([1.0, 2.0, 1.5])
    assert excursion.onset(rows) == (0, False)
    assert not excursion.faded


def test_the_way_back_is_measured_along_the_movement():
    excursion, _ = excursion_of([0, 1.0, 2.0])
    sideways = np.zeros((len(REGIONS), 2))
    sideways[BROW] = 1.0, 0.0
    assert excursion.left(seen(9, sideways)) == pytest.approx(0.0, abs=1e-6)
    assert excursion.left(level(9, 5.0, region=LID)) == pytest.approx(0.0, abs=1e-6)
    assert LEFT_AT_ENDS < 1


def test_a_movement_is_weighed_by_the_noise_at_its_beginning():
    noise_px = NOISE.copy()
    excursion = Excursion(level(0, 2.0), noise_px)
    noise_px *= 10
    assert excursion.left(level(1, 1.0)) == pytest.approx(0.5)


def test_lids_are_no_part_of_the_pattern():
    both = level(0, 2.0).movement.regions_px + level(0, 2.0, region=LID).movement.regions_px
    excursion = Excursion(seen(0, both), NOISE)
    assert excursion.left(level(1, 2.0, region=LID)) == pytest.approx(0.0, abs=1e-6)
    assert excursion.left(level(1, 2.0)) == pytest.approx(1.0)


def test_a_long_peak_is_no_rest():
    excursion, _ = excursion_of([0, 0.5, 1.0, 1.9, 1.95, 2.0, 1.95, 1.9, 1.9, 1.9])
    assert excursion.settled(int(0.2e9), most_range=0.5, most_left=1.5) is None


def test_settled_only_after_the_peak_and_only_once_still():
    shares = [0, 1.0, 2.0, 1.2, 0.8] + [0.7] * 8
    excursion, rows = excursion_of(shares)
    settled = excursion.settled(int(0.2e9), 0.08, 0.5)
    assert settled is rows[-7]
    assert excursion.settled(int(0.2e9), 0.08, 0.3) is None  # has not come back that far
    still_moving, _ = excursion_of([0, 1.0, 2.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    assert still_moving.settled(int(0.2e9), 0.08, 0.5) is None


def test_impossible_settings_are_refused():
    with pytest.raises(ConfigError, match="rest"):
        RestConfig(delay_s=0)


def test_a_known_person_is_never_believed_calmer_than_measured():
    person_px = tuple(0.01 * (number + 1) for number in range(len(REGIONS)))
    config = RestConfig(person_px=person_px)
    rest, motion = Rest(config), CountingMotion()
    floors = np.maximum(person_px, config.floor_px)
    assert rest.noise_px == pytest.approx(floors)  # before anything is measured
    for index in range(200):
        rest.learn(seen(index, np.zeros((len(REGIONS), 2))), motion, calm=True)
    assert rest.noise_px == pytest.approx(floors)
    rest.forget()
    assert rest.noise_px == pytest.approx(floors)


@pytest.mark.parametrize("person_px", [(0.1,), (0.0,) * len(REGIONS), (0.1,) * 14 + (float("nan"),)])
def test_a_person_is_measured_in_every_region(person_px):
    with pytest.raises(ConfigError, match="rest.person_px: 15 numbers"):
        RestConfig(person_px=person_px)
