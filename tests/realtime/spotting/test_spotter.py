from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from realtime.clock import NS_PER_S
from realtime.errors import ConfigError
from realtime.spotting.regions import REGIONS
from realtime.spotting.spotter import Spotter, SpotterConfig, is_blink
from realtime.types import Flag, Kind
from tests.portrait import bump, chip_of, moved, portrait

BROW = 336  # inner brow, subject's left
BROW_REGION = REGIONS.index("brow_inner_left")
UP = (0.0, -1.5)


def rise_and_fall(t, onset, apex, offset, height=1.0):
    """0 outside [onset, offset], `height` at the apex, half cosines between."""
    if t <= onset or t >= offset:
        return 0.0
    along = (t - onset) / (apex - onset) if t < apex else (offset - t) / (offset - apex)
    return height * (0.5 - 0.5 * np.cos(np.pi * along))


@cache
def picture(level, point=BROW, shift=UP, noise_seed=0, reach_iod=0.22):
    """The portrait moved by `level` of the movement, with a sensor's noise (deviation 1.5)."""
    displacement = np.float32(level) * bump(point, shift, reach_iod)
    return moved(portrait(), displacement, noise=1.5, seed=noise_seed)


def film(movements, until_s, fps=30.0, *, where=(BROW, UP), reach_iod=0.22, flags=lambda t: frozenset()):
    """Chips of a face at rest but for (onset, apex, offset) movements in seconds."""
    for index in range(round(until_s * fps)):
        t = index / fps
        level = sum(rise_and_fall(t, *movement) for movement in movements)
        yield chip_of(picture(round(level, 2), *where, index % 7, reach_iod), index, fps, flags=flags(t))


def run(chips, spotter=None):
    spotter = spotter or Spotter()
    signals, windows = [], []
    for chip in chips:
        signal, found = spotter.step(chip)
        signals.append(signal)
        windows += found
    return signals, windows, spotter


def times_s(window):
    return [window.chips[i].t_ns / 1e9 for i in (window.onset, window.apex, window.offset)]


def overlap(a, b):
    common = min(a[1], b[1]) - max(a[0], b[0])
    return max(common, 0) / (max(a[1], b[1]) - min(a[0], b[0]))


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0, 200.0])
def test_one_micro_movement_is_found_in_time_and_place(fps):
    _, windows, _ = run(film([(1.5, 1.65, 1.9)], 2.6, fps))
    assert len(windows) == 1
    window = windows[0]
    onset, apex, offset = times_s(window)
    assert window.kind is Kind.MICRO
    assert overlap((onset, offset), (1.5, 1.9)) > 0.6
    assert apex == pytest.approx(1.65, abs=0.06)
    assert window.regions_px.argmax() == BROW_REGION
    assert 0 < window.emitted_ns / 1e9 - 1.9 + 0.1 < 0.35
    assert window.flags == frozenset()


def test_times_below_zero_are_times_too():
    """As libav gives them for a transport stream whose clock wraps within the next minute."""
    chips = [replace(chip, t_ns=chip.t_ns - 60 * NS_PER_S) for chip in film([(1.5, 1.65, 1.9)], 2.6)]
    _, windows, _ = run(chips)
    assert [window.kind for window in windows] == [Kind.MICRO]


def test_a_long_movement_is_macro_and_one_event():
    _, windows, _ = run(film([(1.5, 2.2, 3.0)], 4.0))
    assert [window.kind for window in windows] == [Kind.MACRO]
    onset, _, offset = times_s(windows[0])
    assert overlap((onset, offset), (1.5, 3.0)) > 0.75


def test_noise_alone_is_no_movement():
    signals, windows, spotter = run(film([], 4.0))
    assert windows == []
    assert spotter.finish() == ()
    assert max(signal.score for signal in signals[30:]) < SpotterConfig().threshold


def test_two_movements_are_two_events_and_do_not_overlap():
    _, windows, _ = run(film([(1.2, 1.35, 1.5), (1.9, 2.05, 2.25)], 3.0))
    assert len(windows) == 2
    assert times_s(windows[0])[2] <= times_s(windows[1])[0]


def test_a_movement_open_at_the_end_is_closed_there_and_flagged():
    _, windows, spotter = run(film([(1.5, 1.7, 2.1)], 1.8))
    assert windows == []
    (window,) = spotter.finish()
    assert Flag.EDGE in window.flags
    assert spotter.finish() == ()


def test_lids_alone_begin_no_movement():
    _, windows, _ = run(film([(1.5, 1.6, 1.75)], 2.5, where=(386, (0.0, 4.0)), reach_iod=0.07))
    assert windows == []


def test_a_window_carries_the_flags_of_its_chips():
    _, windows, _ = run(
        film([(1.5, 1.65, 1.9)], 2.6, flags=lambda t: frozenset({Flag.SPEECH} if 1.6 < t < 1.7 else ()))
    )
    assert windows[0].flags == {Flag.SPEECH}


def test_missing_frames_are_flagged_and_a_long_gap_starts_afresh():
    chips = list(film([(1.5, 1.65, 1.9)], 2.6))
    _, windows, _ = run(chips[:51] + chips[53:])
    assert windows[0].flags == {Flag.GAPPED}
    signals, windows, _ = run(chips[:51] + chips[70:])
    assert all(Flag.EDGE in window.flags for window in windows)
    assert not signals[51].armed


def test_a_turned_face_is_not_armed():
    signals, windows, _ = run(
        film([(1.5, 1.65, 1.9)], 2.4, flags=lambda t: frozenset({Flag.YAW} if t > 1.0 else ()))
    )
    assert windows == []
    assert [signal.armed for signal in signals[31:]] == [False] * len(signals[31:])


def test_a_face_that_stays_changed_becomes_the_new_rest():
    movements = [(1.0, 1.3, 60.0), (7.0, 7.15, 7.4)]
    _, windows, _ = run(film(movements, 8.0))
    (window,) = windows
    onset, _, offset = times_s(window)
    assert overlap((onset, offset), (7.0, 7.4)) > 0.5


@pytest.mark.parametrize("flag", [Flag.YAW, Flag.SMALL])
def test_a_face_that_turns_or_goes_away_while_it_moves_ends_the_movement(flag):
    _, windows, _ = run(
        film([(1.5, 1.65, 1.9)], 2.2, flags=lambda t: frozenset({flag} if 1.6 < t < 1.7 else ()))
    )
    assert windows == []


def test_a_movement_that_settles_ends_where_it_came_to_rest_and_is_said_later():
    settle_ns = SpotterConfig().settle_s * NS_PER_S
    _, (window,), _ = run(film([(1.5, 1.65, 1.9, 0.7), (1.5, 1.65, 60.0, 0.3)], 2.6))
    assert times_s(window)[2] == pytest.approx(1.9, abs=0.1)
    assert window.emitted_ns - window.chips[-1].t_ns == pytest.approx(settle_ns, abs=0.04 * NS_PER_S)


@pytest.mark.parametrize(("longer_ns", "kind"), [(0, Kind.MICRO), (1, Kind.MACRO)])
def test_half_a_second_is_still_micro(longer_ns, kind):
    chips = list(film([(1.5, 1.65, 1.9)], 2.6))
    _, (window,), _ = run(chips)
    onset, steps = window.chips[0].frame_index, window.offset
    timed = [
        replace(chip, t_ns=round((chip.frame_index - onset) * (NS_PER_S / 2 + longer_ns) / steps))
        for chip in chips
    ]
    _, (window,), _ = run(timed)
    assert window.chips[-1].t_ns - window.chips[0].t_ns == NS_PER_S // 2 + longer_ns
    assert window.kind is kind


def test_a_movement_that_began_within_the_last_one_starts_where_that_ended():
    chips, brow_moves, mouth_moves = [], bump(BROW, UP), bump(291, UP)
    for index in range(105):
        brow, mouth = (rise_and_fall(index / 30, *m) for m in ((1.5, 1.65, 1.9), (1.6, 2.6, 3.2)))
        moves = np.float32(brow) * brow_moves + np.float32(mouth) * mouth_moves
        chips.append(chip_of(moved(portrait(), moves, noise=1.5, seed=index % 7), index))
    _, (first, second), _ = run(chips)
    assert second.chips[0].t_ns == first.chips[-1].t_ns


@pytest.mark.parametrize(("closed", "blinks"), [(("lid_left", "lid_right"), True), (("lid_left",), False)])
def test_a_wink_is_no_blink(closed, blinks):
    regions_px = np.zeros((len(REGIONS), 2), np.float32)
    regions_px[[REGIONS.index(name) for name in closed], 1] = 2.0
    assert is_blink(regions_px) is blinks


def test_two_runs_agree_to_the_bit():
    first, second = (run(film([(1.2, 1.35, 1.6)], 2.0))[0] for _ in range(2))
    assert [signal.score for signal in first] == [signal.score for signal in second]


def test_rebaseline_takes_the_face_as_it_is():
    spotter = Spotter()
    run(film([], 1.0), spotter)
    spotter.rebaseline()
    chip = chip_of(picture(1.0), 30)
    signal, windows = spotter.step(chip)
    assert windows == ()
    assert signal.score < 1


def score_of_a_movement(spotter, index):
    """Of a still chip, then a moved one."""
    spotter.step(chip_of(picture(0.0), index))
    return spotter.step(chip_of(picture(1.0), index + 1))[0].score


def test_a_person_is_forgotten_by_rebaseline_and_known_after_an_absence():
    unknown = score_of_a_movement(Spotter(), 0)
    _, _, known = run(film([], 1.0))
    assert score_of_a_movement(known, 60) > 1.2 * unknown
    known.rebaseline()
    assert score_of_a_movement(known, 62) == pytest.approx(unknown)


def test_impossible_settings_are_refused():
    with pytest.raises(ConfigError, match="lasting_s"):
        SpotterConfig(lasting_s=0.3)
    with pytest.raises(ConfigError, match="settle_level must lie above 0 and up to 1, got 1.5"):
        SpotterConfig(settle_level=1.5)
