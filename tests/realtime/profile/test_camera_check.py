"""Known cameras: steady, dropping, repeating, flickering, drifting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from realtime.errors import CalibrationError
from realtime.profile.camera_check import CameraMeter, CameraReport
from realtime.types import Frame
from tests.fakes import make_frame
from tests.realtime.profile.made import CAMERA, at


def frame(index: int, t_ns: int, gray: np.ndarray) -> Frame:
    bgr = np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    return Frame("fake", index, t_ns, t_ns, bgr)


def noisy(seed: int, level: float = 120.0) -> np.ndarray:
    return level + np.random.default_rng(seed).normal(0, 2, (48, 64))


def reported(frames: list[Frame]) -> CameraReport:
    meter = CameraMeter()
    for one in frames:
        meter.add(one)
    return meter.report()


def steady(count: int = 121, fps: float = 30.0) -> list[Frame]:
    return [frame(index, at(index, fps), noisy(index)) for index in range(count)]


def test_a_steady_camera_has_nothing_to_mend() -> None:
    report = reported(steady())
    assert (report.width, report.height, report.frames, report.lost) == (64, 48, 121, 0)
    assert report.fps == pytest.approx(30.0, abs=0.001)
    assert report.jitter_ms < 0.01 and report.repeated == 0.0
    assert report.brightness == pytest.approx(120, abs=1.0)
    assert report.advice() == ()


def test_200_frames_a_second_are_not_folded() -> None:
    assert reported(steady(601, 200.0)).fps == pytest.approx(200.0, abs=0.01)


def test_frames_that_are_missing_are_counted() -> None:
    come = [one for index, one in enumerate(steady()) if index not in (20, 50, 51)]
    report = reported([replace(one, index=number) for number, one in enumerate(come)])
    assert report.lost == 3
    assert report.longest_gap_ms == pytest.approx(100.0, abs=0.1)
    assert report.fps == pytest.approx(117 / 4.0)
    assert any("3 frames are missing" in line for line in report.advice())


def test_frames_that_the_computer_skipped_are_not_the_cameras_fault() -> None:
    report = reported([one for one in steady() if one.index % 3 == 0])
    assert (report.skipped, report.lost, report.frames) == (80, 0, 41)
    assert report.fps == pytest.approx(30.0) and report.jitter_ms < 0.01
    assert any("this computer skipped 80 frames" in line for line in report.advice())


def test_jitter_is_how_far_the_intervals_stray() -> None:
    rng = np.random.default_rng(5)
    late_ns = rng.uniform(0, 20e6, 300).astype(int)
    report = reported([frame(i, at(i) + int(late_ns[i]), noisy(i)) for i in range(300)])
    assert 10 < report.jitter_ms < 20
    assert any("irregularly" in line for line in report.advice())


def test_repeated_frames_are_seen_also_after_compression() -> None:
    pictures = [noisy(index) for index in range(120)]
    for index in range(10, 120, 10):
        pictures[index] = pictures[index - 1] + (np.arange(64) % 32 == 0)  # hardly anything changed
    report = reported([frame(index, at(index), picture) for index, picture in enumerate(pictures)])
    assert report.repeated == pytest.approx(11 / 119, abs=0.001)


def test_a_lamp_flickers_at_its_rate_and_size() -> None:
    wave = 3.0 * np.sin(2 * np.pi * 10.0 * np.arange(300) / 30.0 + 0.3)
    report = reported([frame(i, at(i), noisy(i) + wave[i]) for i in range(300)])
    assert report.flicker_hz == pytest.approx(10.0, abs=0.2)
    assert report.flicker == pytest.approx(3.0 / 120, rel=0.15)
    assert any("flickers" in line for line in report.advice())


def test_exposure_is_judged_by_drift_and_clipping() -> None:
    drifting = reported([frame(i, at(i), noisy(i) + 0.2 * i) for i in range(151)])
    assert drifting.drift == pytest.approx(0.2 * 120 / 135, rel=0.1)  # from the first second to the last
    assert drifting.flicker < 0.002
    clipped = noisy(0)
    clipped[:24] = 255
    burnt = reported([frame(i, at(i), clipped) for i in range(60)])
    assert burnt.bright == pytest.approx(0.5) and burnt.repeated == 1.0
    assert any("50% of the picture is burnt out" in line for line in burnt.advice())


def test_too_little_is_refused_and_another_size_too() -> None:
    with pytest.raises(CalibrationError, match="only 10 frames in 0.3 s"):
        reported(steady(10))
    with pytest.raises(CalibrationError, match="only 0 frames"):
        CameraMeter().report()
    with pytest.raises(CalibrationError, match="changed its size"):
        reported([*steady(), make_frame(121, size=(60, 80))])


@pytest.mark.parametrize(
    "changes, word",
    [({"fps": 15.0}, "15.0 frames a second"), ({"brightness": 20.0}, "too dark"), ({"dark": 0.7}, "black")],
)
def test_advice_names_what_to_mend(changes: dict[str, float], word: str) -> None:
    [line] = replace(CAMERA, **changes).advice()
    assert word in line
