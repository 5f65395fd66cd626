"""As many pictures come out as went in, in order, near what went in, and nearer at a higher rate."""

from __future__ import annotations

import numpy as np
import pytest

from train.known.codecs import h264, vp8
from train.known.film import Sensor, rest


@pytest.mark.parametrize("codec", [h264, vp8])
def test_pictures_come_back_worse_at_a_lower_rate(codec, person, rng):
    sent = rest(person, Sensor(3.0, rng), 12)
    sent[5] = np.full_like(sent[5], 40)
    errors = []
    for rate in (100, 4000):
        back = codec(rate).through(sent)
        assert len(back) == len(sent) and back[0].shape == sent[0].shape
        assert back[5].mean() < 60 < back[4].mean(), "in order"
        errors.append(np.mean([np.abs(a.astype(int) - b).mean() for a, b in zip(back, sent, strict=True)]))
    assert errors[1] < errors[0] < 30


def test_names_say_the_rate():
    assert h264(500).name == "H.264 500 kbit/s" and vp8(2000).bits_per_s == 2_000_000
