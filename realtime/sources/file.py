"""A video file, read with its own timestamps and nothing but its own bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.errors import ClipRejected
from realtime.sources.base import SourceBase
from realtime.sources.container import container_of, cut_short
from realtime.sources.timeline import TimeLine
from realtime.types import Frame

DECODER_THREADS = 2
UNTIMED = ("mjpeg", "mpegvideo")  # bare streams of pictures
Picture = tuple[int, NDArray[np.uint8]]  # t_ns, bgr


class FileSource(SourceBase):
    """Every frame of a clip that decodes, at the container's own times (variable rates kept).

    The first `least_frames` are decoded when it is opened, so a clip that cannot be used is refused
    before anything starts.

    Raises: ClipRejected in one line, naming the file.
    """

    def __init__(self, path: Path, clock: Clock = now_ns, *, least_frames: int = 2) -> None:
        super().__init__(path.name, clock, live=False)
        self.path = path
        self.container = container_of(path)
        self._cut = cut_short(path, self.container)
        self._notes: Counter[str] = Counter()
        self._input = self._open()
        try:
            self._stream = self._video_stream()
            self._time_line = TimeLine(*_time_base(self._stream))
            self._decoded = self._pictures()
            self._ahead = self._first(least_frames)
        except BaseException:
            self._input.close()
            raise

    def describe(self) -> dict[str, object]:
        said = super().describe()
        if said["size_px"] is None:
            height, width = self._ahead[0][1].shape[:2]
            said["size_px"] = f"{width}x{height}"
        said.update(container=self.container, codec=self._codec, declared_frames=self._declared)
        notes: dict[str, object] = dict(self._notes + self._time_line.notes)
        if len(self._delivery.sizes) > 1:
            notes["frame sizes"] = len(self._delivery.sizes)
        if self.container in UNTIMED:
            notes["timestamps"] = f"none in this kind of file; {self._rate} per second taken"
        if self._cut:
            notes["truncated"] = f"{self._cut}; {self._delivery.frames} frames read"
        said["notes"] = notes
        return said

    def _reject(self, why: str) -> ClipRejected:
        return ClipRejected(f"{self.path}: {why}, {self._cut}" if self._cut else f"{self.path}: {why}")

    def _open(self) -> InputContainer:
        address, only_files = f"file:{self.path.resolve()}", {"protocol_whitelist": "file"}
        try:
            return av.open(address, format=self.container, options=only_files)
        except (av.FFmpegError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise self._reject(f"nothing in it decodes ({self.container}: {reason})") from None

    def _video_stream(self) -> VideoStream:
        opened = self._input.streams
        streams = [s for s in opened.video if not s.disposition & Disposition.attached_pic]
        if not streams:
            raise self._reject("only sound, no video in it" if opened.audio else "no video in it")
        if streams[0].codec_context is None:
            raise self._reject("its video codec is not known here; convert it to H.264")
        streams[0].thread_type = "AUTO"
        streams[0].codec_context.thread_count = DECODER_THREADS
        return streams[0]

    def _first(self, count: int) -> tuple[Picture, ...]:
        self._codec = self._stream.codec_context.name
        self._declared = self._stream.frames or None
        self._rate = self._stream.average_rate
        ahead = tuple(islice(self._decoded, count))
        if not ahead:
            raise self._reject(f"no picture in it decodes ({self.container}, {self._codec})")
        if len(ahead) < count:
            raise self._reject("a single frame in it decodes; motion needs at least 2")
        return ahead

    def _frames(self) -> Iterator[Frame]:
        for t_ns, bgr in chain(self._ahead, self._decoded):
            yield self._frame(t_ns, bgr)

    def _pictures(self) -> Iterator[Picture]:
        reformatter = VideoReformatter()
        for picture in self._decode():
            if self._closed.is_set():
                return
            if picture.is_corrupt:  # its missing parts were made up by the decoder
                self._notes["damaged frames, left out"] += 1
                continue
            t_ns = self._time_line.place(picture.pts)
            if t_ns is not None:
                yield t_ns, upright(picture, reformatter)

    def _decode(self) -> Iterator[VideoFrame]:
        packets = self._input.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self._notes["reading stopped early at a damaged place"] += 1
                break
            yield from self._pictures_of(packet)
        yield from self._pictures_of(None)  # what the decoder still holds

    def _pictures_of(self, packet: av.Packet | None) -> list[VideoFrame]:
        try:
            return list(self._stream.codec_context.decode(packet))
        except EOFError:
            return []
        except av.FFmpegError:
            self._notes["damaged packets, left out"] += 1
            return []

    def _release(self) -> None:
        self._input.close()


def upright(picture: VideoFrame, reformatter: VideoReformatter) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 BGR, turned and mirrored as the container's display matrix says."""
    bgr = cast(NDArray[np.uint8], reformatter.reformat(picture, format="bgr24").to_ndarray())
    matrix = cast(Any, picture.side_data.get("DISPLAYMATRIX"))
    if matrix is None:
        return bgr
    # A pixel at (x, y) is shown at (a x + c y, b x + d y), but for a shift; sides are right angles.
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
    if abs(b) > abs(a):
        bgr, a, d = bgr.transpose(1, 0, 2), c, b
    return np.ascontiguousarray(bgr[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])


def _time_base(stream: VideoStream) -> tuple[Fraction, int]:
    rate = stream.average_rate or 25  # only for frames that carry no time at all
    return stream.time_base or 1 / Fraction(rate), int(NS_PER_S / rate)
