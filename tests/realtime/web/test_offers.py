"""Offers that are not taken; none of them ever holds a place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from realtime.web.offers import Refused, camera_of, check_description, offer_of
from tests.realtime.web.peers import CAMERA, FakeBrowser, reception_of, state_of, taken

SDP = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"


def replies(data: Path, *bodies: bytes, cookie: bool = True, **limits: float) -> list[httpx.Response]:
    """The answers to these bodies, sent one after the other; no place is taken by any of them."""

    async def knock() -> list[httpx.Response]:
        async with reception_of(state_of(data, **limits)) as client:
            if not cookie:
                client.cookies.clear()
            answers = [await client.post("/rtc/offer", content=body) for body in bodies]
            assert await taken(client) == 0
            return answers

    return asyncio.run(knock())


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"", 400, "not JSON"),
        (b"[1, 2]", 400, "no session description"),
        (b'{"sdp": 3}', 400, "no session description"),
        (b'{"sdp": "v=0"}', 403, "agreed"),
        (b'{"sdp": "nonsense", "consent": true}', 400, "cannot be read|one video"),
        (b'{"sdp": "v=0\\r\\nm=video x\\r\\n", "consent": true}', 400, "cannot be read|one video"),
    ],
)
def test_a_bad_offer_is_refused_in_a_sentence(tmp_path: Path, body: bytes, code: int, words: str) -> None:
    (reply,) = replies(tmp_path, body)
    assert reply.status_code == code
    with pytest.raises(Refused, match=words):
        offer_of(body)


def test_a_visitor_without_a_cookie_is_told_so(tmp_path: Path) -> None:
    (reply,) = replies(tmp_path, b"{}", cookie=False)
    assert reply.status_code == 403
    assert "cookie" in reply.json()["error"]


def test_who_knocks_too_often_waits(tmp_path: Path) -> None:
    codes = [reply.status_code for reply in replies(tmp_path, *[b"{}"] * 4, offers=3)]
    assert codes == [400, 400, 400, 429]


@pytest.mark.parametrize("path", ["/rtc/offer", "/rtc/bye"])
def test_a_request_that_does_not_arrive_is_given_up(tmp_path: Path, path: str) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async def knock() -> httpx.Response:
        async with reception_of(state_of(tmp_path, offer_s=0.05)) as client:
            reply = await client.post(path, content=slow())
            assert await taken(client) == 0
            return reply

    assert asyncio.run(knock()).status_code == 408


def test_an_offer_that_cannot_be_answered_gives_its_place_back(tmp_path: Path) -> None:
    async def knock() -> None:
        async with reception_of(state_of(tmp_path)) as client:
            offer = await FakeBrowser().offer()
            offer["sdp"] = offer["sdp"].replace("a=setup:actpass", "a=setup:nonsense")
            reply = await client.post("/rtc/offer", json=offer)
            assert reply.status_code == 400
            assert await taken(client) == 0

    asyncio.run(knock())


def test_when_all_places_are_taken_the_next_one_is_told(tmp_path: Path) -> None:
    async def knock() -> None:
        async with reception_of(state_of(tmp_path, sessions=1)) as client:
            first = FakeBrowser()
            await first.connect(client)
            reply = await client.post("/rtc/offer", json=await FakeBrowser().offer())
            assert reply.status_code == 503
            assert "All 1 live places are taken" in reply.json()["error"]
            await first.close()

    asyncio.run(knock())


@pytest.mark.parametrize(
    "said", [{}, {**CAMERA, "fps": 0}, {**CAMERA, "width": 1e9}, {**CAMERA, "height": "tall"}, [1], 7]
)
def test_a_camera_that_cannot_be_is_refused(said: Any) -> None:
    with pytest.raises(Refused):
        camera_of(said)


def test_a_description_must_hold_video_and_data_only() -> None:
    with pytest.raises(Refused, match="one video"):
        check_description(SDP)
