"""A browser's pictures on their way to the pipeline."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

import numpy as np
from av import VideoFrame

from realtime.sources.webrtc import BEHIND, MOST_WAITING, WebRtcSource
from realtime.types import Frame
from tests.fakes import ManualClock


def picture(index: int, *, size: tuple[int, int] = (48, 64), fps: int = 30) -> VideoFrame:
    frame = VideoFrame.from_ndarray(np.full((*size, 3), index, np.uint8), format="bgr24")
    frame = frame.reformat(format="yuv420p")
    frame.pts, frame.time_base = index * 90_000 // fps, Fraction(1, 90_000)
    return frame


def read(source: WebRtcSource, count: int) -> list[Frame]:
    return list(islice(iter(source), count))


def reading(*pictures: VideoFrame, count: int) -> tuple[list[Frame], WebRtcSource]:
    """`pictures` pushed once somebody reads, and the first `count` frames."""
    source = WebRtcSource(clock=ManualClock(start_ns=7))
    frames = iter(source)
    source.push(picture(0))
    got = [next(frames)]
    for each in pictures:
        source.push(each)
    return got + list(islice(frames, count)), source


def test_every_picture_becomes_a_frame_on_the_senders_own_clock() -> None:
    frames, _ = reading(*map(picture, range(1, 6)), count=5)
    assert [frame.index for frame in frames] == list(range(6))
    assert [frame.t_ns for frame in frames] == [round(index * 1e9 / 30) for index in range(6)]
    assert all(frame.arrived_ns == 7 and frame.bgr.shape == (48, 64, 3) for frame in frames)


def test_the_size_may_change_at_any_picture() -> None:
    frames, source = reading(picture(1, size=(96, 128)), picture(2), count=2)
    assert [frame.bgr.shape[:2] for frame in frames] == [(48, 64), (96, 128), (48, 64)]
    assert source.describe()["size_px"] == "64x48 then 128x96 then 64x48"


def test_a_picture_that_comes_twice_is_left_out() -> None:
    frames, source = reading(picture(1), picture(1), picture(2), count=2)
    assert [frame.t_ns for frame in frames] == [round(index * 1e9 / 30) for index in range(3)]
    assert source.describe()["notes"] == {"frames with a repeated timestamp, left out": 1}


def test_when_the_reader_is_slow_the_oldest_are_lost_and_counted() -> None:
    frames, source = reading(*map(picture, range(1, MOST_WAITING + 4)), count=MOST_WAITING)
    assert source.dropped == {BEHIND: 3}
    assert frames[1].t_ns == round(4 * 1e9 / 30)


def test_what_came_before_anybody_read_is_no_loss() -> None:
    source = WebRtcSource()
    for index in range(MOST_WAITING * 2):
        source.push(picture(index))
    frame = read(source, 1)[0]
    assert not any(source.dropped.values())
    assert frame.t_ns == round((MOST_WAITING * 2 - 1) * 1e9 / 30)


def test_closing_ends_the_reader_and_forgets_what_waits() -> None:
    source = WebRtcSource()
    frames = iter(source)
    source.push(picture(0))
    next(frames)
    source.push(picture(1))
    source.close()
    source.push(picture(2))
    assert list(frames) == []
