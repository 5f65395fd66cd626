"""What counts as rest, and what floor it gives."""

from __future__ import annotations

import numpy as np
import pytest

from realtime.errors import CalibrationError
from realtime.profile.neutral import MOST_TAIL, NeutralMeter, noise_of
from realtime.spotting.regions import REGIONS
from realtime.types import Analysis, Flag, SpotSignal
from tests.fakes import make_chip, make_frame


def analysis(
    index: int,
    spread_px: float = 0.05,
    *,
    flags: frozenset[Flag] = frozenset(),
    faces: int = 1,
    first: int = 0,
    armed: bool = True,
) -> Analysis:
    rng = np.random.default_rng(index)
    chips = tuple(make_chip(index, face=face, flags=flags) for face in range(first, first + faces))
    lengths = np.linalg.norm(rng.normal(0, spread_px, (len(REGIONS), 2)), axis=1).astype(np.float32)
    signals = tuple(
        SpotSignal("fake", index, chip.t_ns, chip.face, 1.0, 6.0, 1.0, armed, lengths) for chip in chips
    )
    return Analysis(make_frame(index), chips, signals, (), ())


def metered(analyses: list[Analysis]) -> NeutralMeter:
    meter = NeutralMeter()
    for one in analyses:
        meter.add(one)
    return meter


def test_the_floor_is_the_spread_of_the_tremble() -> None:
    meter = metered([analysis(index, 0.05) for index in range(330)])
    neutral = meter.result()
    assert np.mean(neutral.noise_px) == pytest.approx(0.05, rel=0.15)
    assert len(neutral.noise_px) == len(REGIONS)
    assert (neutral.frames, neutral.iod_px) == (300, 60.0)  # the first second settles
    assert neutral.seconds == pytest.approx(10.0, abs=0.05)


def test_heavy_tails_raise_the_floor_but_not_without_end() -> None:
    rng = np.random.default_rng(1)
    lengths = np.linalg.norm(rng.normal(0, 0.05, (1000, 2, 2)), axis=2)
    lengths[:100, 0] *= 2.5  # one region pulses
    lengths[:40, 1] *= 50.0  # the other smiles
    pulses, smiles = noise_of(lengths.astype(np.float32))
    assert 0.06 < pulses < 0.11
    assert smiles == pytest.approx(MOST_TAIL * np.median(lengths[:, 1]) / np.sqrt(2 * np.log(2)), rel=1e-3)


def test_blinks_are_left_out_and_counted() -> None:
    blink = frozenset({Flag.BLINK})
    meter = metered([analysis(i, 5.0 if i % 10 == 0 else 0.05, flags=blink if i % 10 == 0 else frozenset())
                     for i in range(300)])  # fmt: skip
    assert max(meter.result().noise_px) < 0.12
    assert meter.causes["blinking"] == 27
    assert meter.share == pytest.approx(0.9)


@pytest.mark.parametrize(
    "changes, word",
    [
        ({"faces": 0}, "no face"),
        ({"faces": 2}, "several faces"),
        ({"flags": frozenset({Flag.SPEECH})}, "talking"),
        ({"flags": frozenset({Flag.HEAD_MOTION})}, "head moving"),
        ({"armed": False}, "not settled"),
    ],
)
def test_a_face_that_does_not_rest_is_refused_with_its_cause(changes: dict, word: str) -> None:
    meter = metered([analysis(index, **changes) for index in range(300)])
    with pytest.raises(CalibrationError, match=rf"only 0% of 10.0 s showed one face at rest \({word}\)"):
        meter.result()
    assert meter.cause == word


def test_a_face_that_moves_all_the_time_is_refused() -> None:
    with pytest.raises(CalibrationError, match="moved by .* px all the time"):
        metered([analysis(index, 1.0) for index in range(300)]).result()


def test_nothing_seen_is_refused_and_has_no_share() -> None:
    meter = NeutralMeter()
    assert (meter.seconds, meter.share) == (0.0, 0.0)
    with pytest.raises(CalibrationError, match="only 0%"):
        meter.result()


def test_a_face_that_comes_back_settles_anew() -> None:
    meter = metered([analysis(i, faces=0 if i == 100 else 1) for i in range(150)])
    assert meter.causes == {"settling": 60, "no face": 1}


def test_somebody_else_settles_anew() -> None:
    meter = metered([analysis(i, first=0 if i < 100 else 1) for i in range(150)])
    assert meter.causes == {"settling": 60}
