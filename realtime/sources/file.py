"""A video file, read with its own timestamps and nothing but its own bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from realtime.clock import NS_PER_S, Clock, now_ns
from realtime.errors import ClipRejected
from realtime.sources.base import SourceBase
from realtime.sources.container import container_of, promised_bytes
from realtime.sources.timeline import TimeLine
from realtime.types import Frame

DECODER_THREADS = 2
Picture = tuple[int, NDArray[np.uint8]]  # t_ns, bgr


class FileSource(SourceBase):
    """Every frame of a clip that decodes, at the container's own times (variable rates kept).

    The first two frames are decoded when it is opened, so a clip that cannot be used is refused
    before anything starts.

    Raises: ClipRejected in one line, naming the file.
    """

    def __init__(self, path: Path, clock: Clock = now_ns) -> None:
        super().__init__(path.name, clock, live=False)
        self.path = path
        self.container = container_of(path)
        self._promised = promised_bytes(path, self.container) or 0
        self._size = path.stat().st_size
        self._notes: Counter[str] = Counter()
        self._input = _open(path, self.container)
        try:
            self._stream = _video_stream(path, self._input)
            self._time_line = TimeLine(*_time_base(self._stream))
            self._decoded = self._pictures()
            self._ahead = self._first_two()
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
        said["notes"] = self._cut_note() | notes
        return said

    def _cut_note(self) -> dict[str, object]:
        if self._promised <= self._size:
            return {}
        what = f"the file is cut short ({self._size} of at least {self._promised} bytes)"
        return {"truncated": f"{what}; {self._delivery.frames} frames read"}

    def _first_two(self) -> tuple[Picture, ...]:
        self._codec = self._stream.codec_context.name
        self._declared = self._stream.frames or None
        ahead = tuple(islice(self._decoded, 2))
        if not ahead:
            raise ClipRejected(f"{self.path}: no picture in it decodes ({self.container}, {self._codec})")
        if len(ahead) == 1:
            raise ClipRejected(f"{self.path} has a single frame; motion needs at least 2")
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
    """(height, width, 3) uint8 BGR, turned as the container's display matrix says."""
    bgr = cast(NDArray[np.uint8], reformatter.reformat(picture, format="bgr24").to_ndarray())
    quarter_turns = round(picture.rotation / 90) % 4  # counterclockwise
    return np.ascontiguousarray(np.rot90(bgr, quarter_turns)) if quarter_turns else bgr


def _open(path: Path, container: str) -> InputContainer:
    try:
        return av.open(f"file:{path.resolve()}", format=container, options={"protocol_whitelist": "file"})
    except (av.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ClipRejected(
            f"{path}: nothing in it decodes ({container}: {reason}); is it cut short?"
        ) from None


def _video_stream(path: Path, opened: InputContainer) -> VideoStream:
    streams = [s for s in opened.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not streams:
        only = "only sound" if opened.streams.audio else "no pictures"
        raise ClipRejected(f"{path} has no video stream, {only}; give a video file")
    if streams[0].codec_context is None:
        raise ClipRejected(f"{path}: its video codec is unknown to this decoder; convert it to H.264")
    streams[0].thread_type = "AUTO"
    streams[0].codec_context.thread_count = DECODER_THREADS
    return streams[0]


def _time_base(stream: VideoStream) -> tuple[Fraction, int]:
    rate = stream.average_rate or 25  # only for frames that carry no time at all
    return stream.time_base or 1 / Fraction(rate), int(NS_PER_S / rate)
