"""A camera made of a list: pictures, hiccups, and the cable pulled out."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from realtime.errors import SourceError
from realtime.sources.base import SourceConfig
from realtime.sources.camera import CameraSource, list_cameras, open_capture
from realtime.types import Frame
from tests.fakes import ManualClock

MS = 1_000_000
NO_WAIT = SourceConfig(camera_retry_s=0.0)


class FakeCapture:
    """Follows `script`: True a picture, False a failed read; after its end every read fails."""

    def __init__(self, script: list[bool], *, opened: bool = True) -> None:
        self.script = script
        self.opened = opened
        self.wishes: list[tuple[int, float]] = []
        self.released = 0

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def set(self, prop: int, value: float) -> bool:
        self.wishes.append((prop, value))
        return False  # as most drivers do for what they do not have

    def get(self, prop: int) -> float:
        return float(cv2.VideoWriter.fourcc(*"YUYV")) if prop == cv2.CAP_PROP_FOURCC else 0.0

    def grab(self) -> bool:
        return bool(self.script) and self.script.pop(0)

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        return True, np.zeros((48, 64, 3), np.uint8)

    def release(self) -> None:
        self.released += 1


def camera(capture: FakeCapture, config: SourceConfig = NO_WAIT, step_ms: float = 10) -> CameraSource:
    return CameraSource(0, config, ManualClock(step_ns=int(step_ms * MS)), lambda index: capture)


def frames_until_failure(source: CameraSource) -> tuple[list[Frame], str]:
    frames: list[Frame] = []
    with pytest.raises(SourceError) as ended:
        for frame in source:  # a list() would lose them with the error
            frames.append(frame)
    return frames, str(ended.value)


def test_format_is_asked_before_size_and_rate() -> None:
    capture = FakeCapture([])
    camera(capture, SourceConfig(camera_width=320, camera_height=240, camera_fps=200))
    assert [value for _, value in capture.wishes[1:]] == [320, 240, 200]
    assert capture.wishes[0] == (cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*"MJPG")))


def test_an_empty_format_leaves_the_drivers_own() -> None:
    capture = FakeCapture([])
    camera(capture, SourceConfig(camera_fourcc=""))
    assert cv2.CAP_PROP_FOURCC not in dict(capture.wishes)


def test_frames_carry_the_time_of_their_arrival() -> None:
    capture = FakeCapture([True] * 5)
    source = camera(capture)  # the clock moves 10 ms per look, two looks per frame
    frames, _ = frames_until_failure(source)
    assert [frame.t_ns // MS for frame in frames] == [20, 40, 60, 80, 100]
    assert all(frame.arrived_ns == frame.t_ns and frame.source == "camera:0" for frame in frames)
    said = source.describe()
    assert (said["fps"], said["size_px"], said["fourcc"]) == (50.0, "64x48", "YUYV")


def test_the_time_is_that_of_the_picture_not_of_its_decoding() -> None:
    clock = ManualClock()

    class SlowDecoding(FakeCapture):
        def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
            clock.advance(0.008)
            return super().retrieve()

    source = CameraSource(0, NO_WAIT, clock, lambda index: SlowDecoding([True] * 3))
    frames, _ = frames_until_failure(source)
    assert [frame.t_ns // MS for frame in frames] == [0, 8, 16]


def test_an_unplugged_camera_ends_in_one_line_and_is_let_go() -> None:
    capture = FakeCapture([True, True])
    frames, line = frames_until_failure(camera(capture))
    assert line == "camera:0 stopped after 2 frames; was it unplugged?"
    assert len(frames) == 2 and capture.released == 1


def test_one_failed_read_is_tried_again_and_invents_nothing() -> None:
    capture = FakeCapture([True, False, True])
    frames, _ = frames_until_failure(camera(capture, SourceConfig(camera_retry_s=0.03)))
    assert len(frames) == 2


def test_a_camera_without_pictures_says_so() -> None:
    with pytest.raises(SourceError, match="gives no picture"):
        list(camera(FakeCapture([])))


def test_a_clock_too_coarse_still_gives_rising_times() -> None:
    frames, _ = frames_until_failure(camera(FakeCapture([True] * 3), step_ms=0))
    assert [frame.t_ns for frame in frames] == [0, 1, 2]


def test_closing_ends_the_frames_without_an_error() -> None:
    capture = FakeCapture([True] * 5)
    source = camera(capture)
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == [] and capture.released == 1


def test_a_camera_that_does_not_open_is_refused() -> None:
    with pytest.raises(SourceError, match="camera 0 cannot be opened"):
        camera(FakeCapture([], opened=False))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the Linux device list")
def test_cameras_are_listed_with_their_names_and_only_those_that_open(tmp_path: Path) -> None:
    for name in ("video0", "video1", "video10", "videoX"):
        (tmp_path / name).touch()
    (tmp_path / "sys" / "video10").mkdir(parents=True)
    (tmp_path / "sys" / "video10" / "name").write_text("Fast camera\n")
    found = list_cameras(tmp_path, tmp_path / "sys", lambda index: FakeCapture([], opened=index != 1))
    assert [(info.index, info.name) for info in found] == [(0, "camera 0"), (10, "Fast camera")]


def test_elsewhere_a_few_numbers_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    found = list_cameras(opener=lambda index: FakeCapture([], opened=index == 2))
    assert [info.index for info in found] == [2]


def test_a_missing_camera_is_missed_quietly(capfd: pytest.CaptureFixture[str]) -> None:
    assert not open_capture(63).isOpened()
    assert capfd.readouterr().err == ""
