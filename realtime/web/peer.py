"""One browser's connection: pictures in, pictures out, words both ways, and an end in every case."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from realtime.clock import Clock, now_ns, seconds
from realtime.errors import FlinchError
from realtime.sources.webrtc import WebRtcSource
from realtime.web.answer import BitRates, with_rates
from realtime.web.feed import Message
from realtime.web.live import LiveSession
from realtime.web.state import LiveLimits

TICK_S = 0.1  # between two looks at what there is to tell
STATS_EVERY = 10  # ticks
MOST_TEXT = 4_000  # characters of one message of the page
MOST_BUFFERED = 1_000_000  # bytes waiting for a page that reads too slowly; more is not sent
FLUSH_S = 0.05  # for the last words to leave
JOIN_S = 1.0  # a place is free again after this long, even while a recording is still being closed
CLOSE_S = 2.0  # for the connection's own goodbye


@dataclass(frozen=True, slots=True)
class Offer:
    """What a page sends to begin. `camera`: it sends pictures; else the server's own source is shown."""

    sdp: str
    camera: bool
    rates: BitRates


class Peer:
    """A connection and its live session. Lives on the server's loop; `ended` is called once."""

    def __init__(
        self,
        session: LiveSession,
        limits: LiveLimits,
        ended: Callable[[], None],
        clock: Clock = now_ns,
    ) -> None:
        self.session = session
        self._limits = limits
        self._ended = ended
        self._clock = clock
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._channel: RTCDataChannel | None = None
        self._heard_ns: int | None = None
        self._made_ns = clock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None
        self._connection.on("track", self._on_track)
        self._connection.on("datachannel", self._on_channel)
        self._connection.on("connectionstatechange", self._on_state)

    async def answer(self, offer: Offer) -> str:
        """The answer's SDP; from here on the session runs. Raises whatever a bad offer leads to."""
        await self._connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        self._connection.addTrack(self.session.track)
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        self.session.start()
        self._begin(self._tell())
        return with_rates(self._connection.localDescription.sdp, offer.rates)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # what comes in

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "video" and isinstance(self.session.source, WebRtcSource):
            self._begin(drained(track, self.session.source))

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        channel.on("message", self._on_message)

    def _on_message(self, text: object) -> None:
        self._heard_ns = self._clock()
        message = understood(text)
        if message.get("kind") == "stop":
            self.close("")
        else:
            self.session.ask(message)

    def _on_state(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self.close("the connection was lost")

    # what goes out

    async def _tell(self) -> None:
        tick = 0
        while not self.session.ended:
            if self._silent():
                self.close("the page has not been heard of for too long")
                return
            for message in self.session.news() + ([self.session.stats()] if tick % STATS_EVERY == 0 else []):
                self._say(message)
            tick += 1
            await asyncio.sleep(TICK_S)
        self.close("the source has ended")

    def _say(self, message: Message) -> None:
        channel = self._channel
        if channel is not None and channel.readyState == "open" and channel.bufferedAmount < MOST_BUFFERED:
            channel.send(json.dumps(message, separators=(",", ":")))

    def _silent(self) -> bool:
        heard, limit_s = self._heard_ns, self._limits.silent_s
        if heard is None:
            heard, limit_s = self._made_ns, self._limits.connect_s
        return seconds(self._clock() - heard) > limit_s

    # the end

    def close(self, why: str) -> asyncio.Task[None]:
        """Ends everything, once; `why` is told to the page."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close(why))
        return self._closing

    async def _close(self, why: str) -> None:
        self.session.stop()
        joined = asyncio.ensure_future(asyncio.to_thread(fault_of, self.session))
        await asyncio.wait({joined}, timeout=JOIN_S)
        for message in self.session.news():
            self._say(message)
        self._say({"kind": "ended", "why": (joined.result() if joined.done() else "") or why})
        self._ended()
        await asyncio.sleep(FLUSH_S)
        for task in tuple(self._tasks):
            task.cancel()
        with suppress(Exception):  # whatever is wrong with it, we are done with it
            await asyncio.wait_for(self._connection.close(), CLOSE_S)
        await joined


def fault_of(session: LiveSession) -> str:
    """Waits for the end of the run; why it broke off, in one line, or nothing."""
    try:
        session.join()
    except FlinchError as error:
        return str(error)
    except Exception as error:
        traceback.print_exception(error)
        return "a fault ended this session; the server's terminal says which"
    return ""


async def drained(track: MediaStreamTrack, source: WebRtcSource) -> None:
    """Hands every picture on as soon as it is decoded: aiortc's own queue has no bound."""
    with suppress(MediaStreamError):
        while True:
            picture = await track.recv()
            if isinstance(picture, VideoFrame):
                source.push(picture)


def understood(text: object) -> Message:
    """A message of the page; empty when it is none."""
    if not isinstance(text, str) or len(text) > MOST_TEXT:
        return {}
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
