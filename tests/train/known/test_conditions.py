"""Every condition is there once for every movement, and rendered chips are kept while they hold."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from train.known import conditions
from train.known.conditions import (
    AMPLITUDES_PX,
    CODECS,
    CROPS,
    KEY_FRAME_ERRORS,
    MOVEMENTS,
    mistaken,
    show,
    show_cached,
)
from train.known.film import FRAMES, KEY_FRAMES


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(conditions, "MOVEMENTS", MOVEMENTS[2:3])
    monkeypatch.setattr(conditions, "AMPLITUDES_PX", (1.0,))


def test_the_issue_is_covered():
    assert {known.name for known in MOVEMENTS} == {"4", "9", "12", "14", "15", "17", "1+2"}
    assert AMPLITUDES_PX == (1.0, 2.0) and KEY_FRAME_ERRORS == (1, 2, 3, 4, 5)
    assert {codec.encoder for codec in CODECS} == {"libx264", "libvpx"} and len(CROPS) == 6


def test_every_condition_once(person, few, tmp_path):
    shown = show_cached(person, tmp_path)
    assert sorted(shown.conditions) == sorted(conditions.conditions())
    assert shown.chips.shape == (len(shown.labels), 3, 128, 128) and set(shown.units) == {"12"}
    weak = shown.conditions == "0.5 px"
    assert list(shown.amplitudes_px[weak]) == [0.5] and set(shown.amplitudes_px[~weak]) == {1.0}
    chips = {name: shown.chips[i].astype(int) for i, name in enumerate(shown.conditions)}
    still = np.abs(chips["fitted"][2] - chips["fitted"][0]).mean()
    assert np.abs(chips["fitted"][1] - chips["fitted"][0]).mean() > still > 0
    assert not np.array_equal(chips["rows +1.5"], chips["fitted"])


def beside(chip, columns=0.0, rows=0.0, scale=1.0):
    """The chip moved by columns and rows of the 28x28 map, or scaled about its middle."""
    x, y = np.array([columns, rows]) * 128 / 28 + 63.5 * (1 - scale)
    return cv2.warpAffine(chip, np.array([[scale, 0, x], [0, scale, y]]), (128, 128))


def test_each_crop_lies_beside_the_fitted_one_as_its_name_says(person, few, monkeypatch):
    monkeypatch.setattr(conditions, "CODECS", ())
    shown = show(person)
    onsets = {name: shown.chips[i, 0] for i, name in enumerate(shown.conditions)}
    fitted = onsets["fitted"]
    places = {
        "rows -1.5": beside(fitted, rows=-1.5),
        "rows +1.5": beside(fitted, rows=1.5),
        "columns -1.5": beside(fitted, columns=-1.5),
        "columns +1.5": beside(fitted, columns=1.5),
        "scale -10 %": beside(fitted, scale=0.9),
        "scale +10 %": beside(fitted, scale=1.1),
    }
    assert set(places) == set(CROPS)
    for name, place in places.items():
        away, left = (cv2.absdiff(onsets[name], one)[12:116, 12:116].mean() for one in (fitted, place))
        assert left < 0.2 * away


def test_kept_chips_are_read_again_until_the_code_changes(person, tmp_path, monkeypatch):
    made = []
    few = conditions.Shown(*(np.zeros(1) for _ in conditions.Shown.__slots__))
    monkeypatch.setattr(conditions, "show", lambda person, seed: made.append(seed) or few)
    for _ in range(2):
        assert show_cached(person, tmp_path).chips.shape == (1,)
    assert made == [0]
    monkeypatch.setattr(conditions, "fingerprint", lambda: "other")
    show_cached(person, tmp_path)
    show_cached(person, None)
    assert made == [0, 0, 0]


def test_the_same_again(person, few, monkeypatch):
    monkeypatch.setattr(conditions, "CODECS", ())
    first, second = show(person), show(person)
    np.testing.assert_array_equal(first.chips, second.chips)


def test_mistaken_key_frames_stay_in_order_and_off_by_as_many():
    rng = np.random.default_rng(0)
    for error in KEY_FRAME_ERRORS:
        drawn = [mistaken(error, rng) for _ in range(50)]
        assert len(set(drawn)) > 3
        for onset, apex, offset in drawn:
            assert abs(onset - KEY_FRAMES[0]) == error
            assert 0 <= onset < apex < offset < FRAMES
    assert set(mistaken(1, rng)) != set(KEY_FRAMES)
