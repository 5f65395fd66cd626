from __future__ import annotations

import numpy as np
import pytest

from engine.spotter import SpotterNet, read_spotter_card
from realtime.spotting.parallax import _DESIGN, HEAD_TERMS, TILES, UNITS, matcher, without_parallax
from realtime.spotting.regions import tile_centres

TRUST = np.full(TILES, 0.8, np.float32)


@pytest.fixture(scope="module")
def templates():
    return SpotterNet(read_spotter_card()).templates


def turned(terms):
    return (_DESIGN @ np.asarray(terms, np.float64)).astype(np.float32)


@pytest.mark.parametrize("term", range(HEAD_TERMS))
def test_a_head_that_only_moves_leaves_nothing(term):
    moved = 1.5 * np.eye(HEAD_TERMS)[term]
    rest, terms = without_parallax(turned(moved), TRUST)
    assert np.abs(rest).max() < 0.05
    assert terms == pytest.approx(moved, abs=0.05)


def test_what_a_face_does_on_a_turning_head_stays(templates):
    smile = templates[UNITS.index(12), 0]
    rest, _ = without_parallax(turned([0, 0, 0, 0, 0, 0, 2.0, -1.0]) + smile, TRUST)
    assert np.linalg.norm(rest - smile, axis=1).max() < 0.35
    corner = np.linalg.norm(smile, axis=1).argmax()
    assert rest[corner] == pytest.approx(smile[corner], abs=0.15)


def test_tiles_that_are_lost_say_nothing():
    tiles = turned([0, 0, 0, 0, 0, 0, 1.0, 0])
    tiles[::5] = 0
    rest, terms = without_parallax(tiles, TRUST)
    assert (rest[::5] == 0).all() and terms[6] == pytest.approx(1, abs=0.05)


def test_each_unit_answers_to_its_own_field_on_its_own_side(templates):
    match = matcher(templates, TRUST)
    assert match.shape == (2 * len(UNITS), 2 * TILES)
    for unit in (1, 2, 12, 15):
        left, right = 2 * UNITS.index(unit), 2 * UNITS.index(unit) + 1
        said = match @ templates[UNITS.index(unit), 0].ravel()
        assert said[left] > 0.4 and abs(said[right]) < 0.5 * said[left]
        # the subject's left is on the right of an unmirrored picture
        strongest = np.linalg.norm(templates[UNITS.index(unit), 0], axis=1).argmax()
        assert tile_centres()[strongest, 1] > 62


def test_a_tile_without_texture_has_no_say(templates):
    trust = TRUST.copy()
    trust[:50] = 0
    match = matcher(templates, trust).reshape(-1, TILES, 2)
    assert (match[:, :50] == 0).all() and np.isfinite(match).all()
