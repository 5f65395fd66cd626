"""A movement sent clearly is spotted and measured nearly as filmed; sent too thinly it is smeared."""

from __future__ import annotations

from train.known.codecs import vp8
from train.known.film import Known, Sensor
from train.known.sent import AS_FILMED, DENOISED, RATE, Way, see, ways
from train.known.windows import Watcher


def test_thin_compression_costs_what_a_clear_one_keeps(person, rng):
    over = (
        Way(AS_FILMED, 0.0),
        Way(DENOISED, 0.5, codec=vp8(4608, denoise=True)),
        Way(DENOISED, 0.01, codec=vp8(92, denoise=True)),
        Way(RATE, 15.0, 15.0),
    )
    watcher = Watcher("somebody")
    filmed, clear, thin, slow = see(person, Known((1, 2), 2, 1.2), Sensor(1.5, rng), watcher, over)
    watcher.close()
    assert filmed.bits_per_pixel == 0 and 0.05 < clear.bits_per_pixel < 0.7
    assert thin.bits_per_pixel < 0.5 * clear.bits_per_pixel
    assert filmed.flow_error_px < clear.flow_error_px + 0.02 < thin.flow_error_px
    assert filmed.spotted_u8 is not None and clear.spotted_u8 is not None
    assert slow.way.fps == 15.0 and slow.flow_error_px < 0.5 and slow.label == 2


def test_the_cameras_own_pictures_come_first():
    first, *others = ways((0.25,))
    assert (first.group, first.codec) == (AS_FILMED, None)
    assert {way.codec.bits_per_s for way in others if way.codec} == {2_304_000}
