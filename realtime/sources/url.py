"""A network camera (rtsp, rtsps, http, https): reconnects with growing pauses, never tells a secret."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Protocol
from urllib.parse import urlsplit

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.errors import SourceError
from realtime.sources.base import SourceBase, SourceConfig
from realtime.sources.file import upright
from realtime.sources.paced import Wait
from realtime.types import Frame

SCHEMES = ("rtsp", "rtsps", "http", "https")
# What a playlist met at the address may open in turn: the network, never a local file.
_OPTIONS = {"protocol_whitelist": "http,https,httpproxy,tcp,tls,udp,rtp,rtsp,srtp,crypto"}
_OPTIONS |= {"fflags": "nobuffer", "analyzeduration": "500000", "rtsp_transport": "tcp"}

PAUSE_NS = 300_000_000  # of a stream that stood still; a slow camera may be as slow, but never in a hurry
AT_ONCE_NS = 2_000_000  # a packet that comes sooner was there already
WAITED, BAD_PACKETS, BAD_FRAMES = (
    f"{what}, left out" for what in ("frames that had waited", "damaged packets", "damaged frames")
)

Picture = tuple[int, NDArray[np.uint8]]  # arrival in ns, bgr


class Connection(Protocol):
    """One connection: pictures until it ends or breaks, which are the same to us."""

    notes: Counter[str]  # what was left out, and how often

    def pictures(self, clock: Clock) -> Iterator[Picture]: ...

    def close(self) -> None: ...


Connect = Callable[[str, SourceConfig], Connection]


class UrlSource(SourceBase):
    """Frames of a network stream, stamped on arrival by the monotonic clock.

    A first connection that fails is final (a wrong address should be said at once). Later ones are
    tried again after pauses of `url_backoff_s`, doubling up to `url_backoff_limit_s`, at most
    `url_attempts` in a row. The gap stays a gap: no frame is repeated or made up.

    Raises: SourceError in one line; user name, password and the values of the query never appear.
    """

    def __init__(
        self,
        url: str,
        config: SourceConfig,
        clock: Clock = now_ns,
        connect: Connect | None = None,
        wait: Wait | None = None,
    ) -> None:
        _check(url)
        super().__init__(without_secrets(url), clock, live=True)
        self._url = url
        self._config = config
        self._connect = connect or AvConnection
        self._wait = wait or self._closed.wait
        self._reconnections = 0
        self._failures = 0  # since the last picture
        self._notes: Counter[str] = Counter()
        self._connection: Connection | None = self._open()

    def _open(self) -> Connection:
        try:
            return self._connect(self._url, self._config)
        except av.FFmpegError as error:
            raise SourceError(f"{self.name}: no connection ({_reason(error)}); check the address") from None

    def _frames(self) -> Iterator[Frame]:
        last_ns: int | None = None
        while self._connection is not None:
            for t_ns, bgr in self._connection.pictures(self._clock):
                if self._closed.is_set():
                    return
                self._failures = 0
                last_ns = t_ns if last_ns is None else max(t_ns, last_ns + 1)
                yield self._frame(last_ns, bgr, t_ns)
            self._end()
            self._connection = self._again()

    def _end(self) -> None:
        if self._connection is not None:
            self._notes += self._connection.notes
            self._connection.close()
            self._connection = None

    def _again(self) -> Connection | None:
        """The next connection that opens; None: closed meanwhile. Only a picture clears the failures."""
        problem = "it sent nothing more"
        while self._failures < self._config.url_attempts:
            if self._closed.is_set() or self._wait(self._pause_s()):
                return None
            self._failures += 1
            try:
                connection = self._connect(self._url, self._config)
            except av.FFmpegError as error:
                problem = _reason(error)
                continue
            self._reconnections += 1
            return connection
        if self._closed.is_set():
            return None
        tried = f"{self._failures} attempts to reconnect"
        raise SourceError(
            f"{self.name}: lost after {self._delivery.frames} frames; {tried} failed ({problem})"
        )

    def _pause_s(self) -> float:
        return min(self._config.url_backoff_s * 2**self._failures, self._config.url_backoff_limit_s)

    def _release(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def describe(self) -> dict[str, object]:
        connection = self._connection
        notes = self._notes + (Counter() if connection is None else connection.notes)  # 0 is no note
        return {**super().describe(), "reconnections": self._reconnections, "notes": dict(notes)}


class Backlog:
    """Tells what lay waiting, while the network or this process stood still, from what has just come.

    A picture is stamped when it comes. After a pause those that were sent meanwhile come all at once, and
    would be a movement played far too fast.
    """

    def __init__(self, since_ns: int) -> None:
        self._last_ns = since_ns
        self._behind = False

    def holds(self, asked_ns: int, came_ns: int) -> bool:
        """Whether a packet that was asked for and came at these times had been waiting."""
        at_once = came_ns - asked_ns < AT_ONCE_NS
        paused = came_ns - self._last_ns > PAUSE_NS
        self._behind = paused or (self._behind and at_once)
        self._last_ns = came_ns
        return self._behind and at_once


class AvConnection:
    """One connection through PyAV; it also ends when nothing decodes for as long as it may be silent.

    Raises: av.FFmpegError; SourceError where there is no live video.
    """

    def __init__(self, url: str, config: SourceConfig) -> None:
        # All there from the beginning: whoever describes the source reads them meanwhile.
        self.notes: Counter[str] = Counter(dict.fromkeys((WAITED, BAD_PACKETS, BAD_FRAMES), 0))
        self._silence_ns = config.url_read_timeout_s * NS_PER_S
        timeouts = (config.url_open_timeout_s, config.url_read_timeout_s)
        self._input = av.open(url, options=_OPTIONS, timeout=timeouts)
        problem = None
        if not self._input.streams.video:
            problem = "there is no video at this address"
        elif self._input.duration is not None:
            problem = "this address is a recording, not a live stream; download it and give the file"
        if problem is not None:
            self._input.close()
            raise SourceError(f"{without_secrets(url)}: {problem}")
        self._backlog = Backlog(now_ns())

    def pictures(self, clock: Clock) -> Iterator[Picture]:
        reformatter = VideoReformatter()
        packets = self._input.demux(self._input.streams.video[0])
        good_ns = now_ns()
        while True:
            asked_ns = now_ns()
            try:
                packet = next(packets)
            except (StopIteration, av.FFmpegError):
                return
            t_ns, came_ns = clock(), now_ns()
            waited = self._backlog.holds(asked_ns, came_ns)
            for picture in self._decoded(packet):  # also of what waited: what follows may build on it
                good_ns = came_ns
                if waited:
                    self.notes[WAITED] += 1
                else:
                    yield t_ns, upright(picture, reformatter)
            if came_ns - good_ns > self._silence_ns:
                return

    def _decoded(self, packet: av.Packet) -> list[VideoFrame]:
        """Whole pictures; where one is missing, its time will show."""
        try:
            pictures = packet.decode()
        except av.FFmpegError:
            self.notes[BAD_PACKETS] += 1
            return []
        whole = [picture for picture in pictures if not picture.is_corrupt]
        self.notes[BAD_FRAMES] += len(pictures) - len(whole)
        return whole

    def close(self) -> None:
        self._input.close()


def without_secrets(url: str) -> str:
    """The address as it may be shown: no user, no password, no value of any `name=value` in it.

    Everything before the last `@` goes, even one in the path: a password with a slash in it would
    otherwise be taken for a path.
    """
    scheme, _, rest = url.partition("://")
    place = rest.rpartition("@")[2].partition("#")[0]
    return f"{scheme.lower()}://" + re.sub(r"=[^&/;?]*", "=***", place)


def _check(url: str) -> None:
    scheme = url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        raise SourceError(f"addresses beginning with {scheme}:// are not opened; use {', '.join(SCHEMES)}")
    try:
        parts = urlsplit(url)
        sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise SourceError("the address has no sound host and port; write special letters in passwords as %XX")


def _reason(error: av.FFmpegError) -> str:
    """The error's own words without the address, which its text would carry along."""
    words = (error.strerror or type(error).__name__).partition(":")[0]
    return "no answer in time" if isinstance(error, (av.error.ExitError, av.error.TimeoutError)) else words
