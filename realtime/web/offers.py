"""The door to live sessions: offers are read, judged and answered here, and places given and taken back.

A place is taken only after a whole, well-formed offer has been read, and is given back whatever happens
to the connection afterwards: a bad or slow offer never holds one.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiortc.sdp import SessionDescription
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from realtime.app.run import LOW_FPS
from realtime.errors import FlinchError
from realtime.sources import Source, open_source, paced
from realtime.sources.webrtc import WebRtcSource
from realtime.web.answer import THIN_BITS_PER_PIXEL, wanted_rates
from realtime.web.live import LiveSession
from realtime.web.peer import Offer, Peer
from realtime.web.slots import Rate, Slots
from realtime.web.state import WebState
from realtime.web.visitor import known_visitor

ANSWER_S = 10.0  # an answer that takes longer is given up
MOST_SIDE, MOST_FPS = 8192, 1000


class Refused(FlinchError):
    """Why an offer is not taken, as the page shows it."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code

    def reply(self) -> JSONResponse:
        return JSONResponse({"error": str(self)}, self.code)


class Reception:
    """All live sessions of this server. Lives on its loop."""

    def __init__(self, state: WebState) -> None:
        self._state = state
        self._slots = Slots(state.limits.sessions)
        self._rate = Rate(state.limits.offers, state.limits.offers_per_s)
        self._peers: dict[str, Peer] = {}

    def routes(self) -> APIRouter:
        router = APIRouter()
        router.add_api_route("/rtc/offer", self.offered, methods=["POST"])
        router.add_api_route("/rtc/bye", self.said_bye, methods=["POST"])
        router.add_api_route("/rtc/places", self.places, methods=["GET"])
        return router

    async def offered(self, request: Request) -> JSONResponse:
        try:
            visitor = known_visitor(request.cookies)
            if visitor is None:
                raise Refused(403, "This page needs its cookie. Allow cookies and reload the page.")
            self._knock(request, visitor)
            offer = offer_of(await self._body(request))
            return JSONResponse(await self._seat(visitor, offer))
        except Refused as refusal:
            return refusal.reply()

    def _knock(self, request: Request, visitor: str) -> None:
        address = request.client.host if request.client is not None else ""
        if not (self._rate.allows(visitor) and self._rate.allows(address)):
            raise Refused(429, "Too many attempts in a short time. Wait a minute and try again.")

    async def _body(self, request: Request) -> bytes:
        try:
            return await asyncio.wait_for(request.body(), self._state.limits.offer_s)
        except asyncio.TimeoutError:
            raise Refused(408, "The request took too long to arrive.") from None

    async def _seat(self, visitor: str, offer: Offer) -> dict[str, object]:
        """A place, a session and the answer. Raises: Refused; then no place is held."""
        name = secrets.token_urlsafe(16)
        if not self._slots.take(name):
            count = self._slots.count
            raise Refused(503, f"All {count} live places are taken. Try again when somebody has stopped.")
        try:
            source = WebRtcSource() if offer.camera else await asyncio.to_thread(self._own_source)
            session = LiveSession(self._state, visitor, source, asyncio.get_running_loop())
        except FlinchError as error:
            self._slots.free(name)
            raise Refused(500, str(error)) from error
        except BaseException:
            self._slots.free(name)
            raise
        peer = self._peers[name] = Peer(session, self._state.limits, lambda: self._leave(name))
        try:
            return {
                "sdp": await asyncio.wait_for(peer.answer(offer), ANSWER_S),
                "type": "answer",
                "session": name,
                "most_kbps": offer.rates.most,
                "layers": sorted(self._state.layers),
                "limits": {"thin_bits": THIN_BITS_PER_PIXEL, "low_fps": LOW_FPS},
            }
        except Exception as error:
            await peer.close("the offer could not be answered")
            raise Refused(400, "This browser's offer could not be answered.") from error

    def _own_source(self) -> Source:
        """What plays where there is no camera, in real time."""
        source = open_source(self._state.default_source, config=self._state.config.sources)
        return source if source.live else paced(source)

    def _leave(self, name: str) -> None:
        self._slots.free(name)
        self._peers.pop(name, None)

    async def said_bye(self, request: Request) -> JSONResponse:
        """A page that is being closed says so; only its own visitor can end a session."""
        try:
            name = (await self._body(request)).decode("ascii", "replace").strip()
        except Refused as refusal:
            return refusal.reply()
        peer = self._peers.get(name)
        if peer is not None and peer.session.visitor == known_visitor(request.cookies):
            peer.close("")
        return JSONResponse({})

    async def places(self) -> JSONResponse:
        """How many can be live, and how many are."""
        return JSONResponse({"count": self._slots.count, "taken": self._slots.taken})

    async def close(self) -> None:
        """Ends every session; for the end of the server."""
        await asyncio.gather(*(peer.close("the server is ending") for peer in tuple(self._peers.values())))


@dataclass(frozen=True, slots=True)
class Camera:
    """What the page says of its camera."""

    width: int
    height: int
    fps: float


def offer_of(body: bytes) -> Offer:
    """The offer in a request's body. Raises: Refused in a line that says what is wrong."""
    try:
        said = json.loads(body)
    except ValueError:
        raise Refused(400, "The offer is not JSON.") from None
    if not isinstance(said, Mapping) or not isinstance(said.get("sdp"), str):
        raise Refused(400, "The offer holds no session description.")
    if said.get("consent") is not True:
        raise Refused(403, "Nobody has agreed to be watched yet.")
    check_description(said["sdp"])
    camera = camera_of(said.get("camera"))
    rates = wanted_rates(camera.width, camera.height, camera.fps) if camera else wanted_rates(640, 480, 30)
    return Offer(said["sdp"], camera is not None, rates)


def check_description(sdp: str) -> None:
    """Raises: Refused unless this describes one video and one data channel, and nothing else."""
    try:
        kinds = sorted(media.kind for media in SessionDescription.parse(sdp).media)
    except Exception as error:  # the parser raises whatever the text makes it stumble over
        raise Refused(400, "The offer's session description cannot be read.") from error
    if kinds != ["application", "video"]:
        raise Refused(400, "The offer must hold one video and one data channel.")


def camera_of(said: Any) -> Camera | None:
    """What is sent, or None without a camera. Raises: Refused for figures that no camera has."""
    if said is None:
        return None
    try:
        camera = Camera(int(said["width"]), int(said["height"]), float(said["fps"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Refused(400, "The offer says its camera's width, height and fps.") from None
    if not (0 < camera.width <= MOST_SIDE and 0 < camera.height <= MOST_SIDE and 0 < camera.fps <= MOST_FPS):
        raise Refused(400, "No camera gives such pictures.")
    return camera
