"""The painted picture's way out: the newest only, with stamps that go forward."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from realtime.web.outgoing import MOST_HEIGHT, MOST_WIDTH, Annotated, picture_of
from tests.fakes import ManualClock


def picture() -> VideoFrame:
    return picture_of(np.zeros((48, 64, 3), np.uint8))


def test_the_newest_picture_is_sent_and_the_one_it_overtook_is_counted() -> None:
    async def sent() -> tuple[VideoFrame, Annotated, VideoFrame]:
        track, newest = Annotated(ManualClock()), picture()
        track.put(picture(), 0)
        track.put(newest, 0)
        return await track.recv(), track, newest

    got, track, newest = asyncio.run(sent())
    assert got is newest
    assert track.replaced == 1


def test_stamps_follow_the_clock_and_never_repeat() -> None:
    clock = ManualClock(start_ns=500)

    async def sent() -> list[int | None]:
        track = Annotated(clock)
        stamps = []
        for step_s in (0.0, 0.5, 0.0):
            clock.advance(step_s)
            track.put(picture(), clock.now_ns)
            stamps.append((await track.recv()).pts)
        return stamps

    assert asyncio.run(sent()) == [0, 45_000, 45_001]


def test_age_and_encoding_time_are_measured() -> None:
    clock = ManualClock()

    async def sent() -> Annotated:
        track = Annotated(clock)
        for _ in range(2):
            track.put(picture(), clock.now_ns - 20_000_000)
            await track.recv()
            clock.advance(0.004)
        return track

    track = asyncio.run(sent())
    assert track.age_ms == pytest.approx(20)
    assert track.encode_ms == pytest.approx(4)


def test_a_stopped_track_ends_whoever_waits() -> None:
    async def stopped() -> None:
        track = Annotated()
        waiting = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0)
        track.stop()
        await waiting

    with pytest.raises(MediaStreamError):
        asyncio.run(stopped())


@pytest.mark.parametrize("size", [(47, 63), (48, 64)])
def test_pictures_go_out_in_even_sizes(size: tuple[int, int]) -> None:
    made = picture_of(np.zeros((*size, 3), np.uint8))
    assert (made.height, made.width, made.format.name) == (size[0] // 2 * 2, size[1] // 2 * 2, "yuv420p")


def test_a_large_picture_is_shrunk_for_the_way_back() -> None:
    made = picture_of(np.zeros((2160, 3840, 3), np.uint8))
    assert (made.width, made.height) == (MOST_WIDTH, MOST_HEIGHT)
