"""A reception with a made-up analysis, and a browser made of aiortc that talks to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from aioice import ice
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import VideoFrame
from fastapi import FastAPI

from realtime.config import Config
from realtime.review.desk import Desk
from realtime.web.offers import Reception
from realtime.web.state import LiveLimits, WebState
from realtime.web.visitor import COOKIE, new_visitor
from tests.fakes import FakeAnalyser

LONG_S = 20.0
CAMERA = {"width": 64, "height": 48, "fps": 30}
ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


def state_of(data: Path, **limits: Any) -> WebState:
    return WebState(
        config=Config(),
        data=data,
        desk=Desk(None),
        limits=LiveLimits(**limits),
        rooms=lambda config, times: FakeAnalyser(),  # type: ignore[return-value, arg-type]
    )


@asynccontextmanager
async def reception_of(state: WebState) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who knocks at the reception, with a cookie."""
    reception, app = Reception(state), FastAPI()
    app.include_router(reception.routes())
    transport = httpx.ASGITransport(app)
    cookies = {COOKIE: new_visitor()}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", cookies=cookies) as client:
        try:
            yield client
        finally:
            await reception.close()


async def until(true: Callable[[], Any], limit_s: float = LONG_S) -> None:
    """Waits until `true()` is; fails after so long."""

    async def look() -> None:
        while not true():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(look(), limit_s)


async def taken(client: httpx.AsyncClient) -> int:
    return int((await client.get("/rtc/places")).json()["taken"])


async def until_free(client: httpx.AsyncClient, limit_s: float = LONG_S) -> None:
    async def look() -> None:
        while await taken(client):
            await asyncio.sleep(0.01)

    await asyncio.wait_for(look(), limit_s)


class FakeCamera(MediaStreamTrack):
    """Small flat pictures, 30 a second."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._index = 0

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(1 / 30)
        bgr = np.full((CAMERA["height"], CAMERA["width"], 3), self._index % 200, np.uint8)
        picture = VideoFrame.from_ndarray(bgr, format="bgr24")
        picture.pts, picture.time_base = self._index * 3000, Fraction(1, 90_000)
        self._index += 1
        return picture


class FakeBrowser:
    """The page's side of a connection."""

    def __init__(self, *, camera: bool = True) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel = self.connection.createDataChannel("flinch")
        self.messages: list[dict[str, Any]] = []
        self.pictures: list[tuple[int, int]] = []
        self.camera = camera
        self.channel.on("message", lambda text: self.messages.append(json.loads(text)))
        self.channel.on("open", lambda: self.say(kind="here"))
        self.connection.on("track", lambda track: asyncio.ensure_future(self._watch(track)))

    async def offer(self) -> dict[str, Any]:
        if self.camera:
            self.connection.addTrack(FakeCamera())
        else:
            self.connection.addTransceiver("video", direction="recvonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        camera = CAMERA if self.camera else None
        return {"sdp": self.connection.localDescription.sdp, "camera": camera, "consent": True}

    async def connect(self, client: httpx.AsyncClient) -> str:
        """Sends the offer and takes the answer; the session's name."""
        reply = await client.post("/rtc/offer", json=await self.offer())
        assert reply.status_code == 200, reply.text
        answer = reply.json()
        await self.connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
        return str(answer["session"])

    async def _watch(self, track: MediaStreamTrack) -> None:
        while True:
            picture = await track.recv()
            assert isinstance(picture, VideoFrame)
            self.pictures.append((picture.width, picture.height))

    def say(self, **message: Any) -> None:
        self.channel.send(json.dumps(message))

    def heard(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["kind"] == kind]

    async def close(self) -> None:
        await self.connection.close()
