"""Two video files: lossless for a session's frames, H.264 that a browser plays for the annotated picture.

Measured with PyAV 18.1 on one of two shared cores at 640x480, milliseconds of processor time and KiB per
frame, on a webcam clip as decoded / with sensor noise of sd 1.5 added; all give back every bit of the BGR:

    libx264rgb, ultrafast, qp 0    1.8 /  5.2 ms     62 / 418 KiB
    FFV1 level 3, bgr0             9.4 / 23.6 ms     93 / 361 KiB
    libvpx-vp9, lossless, gbrp    11.0 / 33.6 ms     66 / 381 KiB

so libx264rgb it is: the only one that leaves the cores to the analysis at 30 frames per second and above.

Not thread-safe: everything that writes lives on the `record` thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from realtime.clock import NS_PER_S
from realtime.errors import OutputError
from realtime.output.files import output_error

BgrImage = NDArray[np.uint8]  # (height, width, 3)
BT601 = 6  # SMPTE 170M, which is what swscale makes of BGR: said, so that no player has to guess


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """How a video file is made: names and options as libav knows them."""

    container: str
    codec: str
    pixels: str
    encoder: dict[str, str]
    muxer: dict[str, str]
    time_base: Fraction
    threads: int


LOSSLESS = VideoFormat(
    container="matroska",
    codec="libx264rgb",
    pixels="bgr24",
    # zerolatency: a frame leaves the encoder when it enters, so none waits inside when a kill comes.
    encoder={"preset": "ultrafast", "qp": "0", "tune": "zerolatency", "g": "120"},
    # One cluster per frame, handed to the system at once: 20 bytes a frame, and a kill loses one at most.
    muxer={"cluster_time_limit": "1", "flush_packets": "1"},
    time_base=Fraction(1, 1000),
    threads=2,  # what 1920x1080 needs to keep up with 30 frames per second
)
BROWSER = VideoFormat(
    container="mp4",
    codec="libx264",
    pixels="yuv420p",
    # Measured as above: 3.1 ms, and a third of the size that ultrafast makes in 1.6 ms.
    encoder={"preset": "veryfast", "crf": "21", "bf": "0", "g": "60"},
    # In fragments it can be played at any time, up to the last half second.
    muxer={
        "movflags": "frag_keyframe+empty_moov+default_base_moof",
        "frag_duration": "500000",
        "flush_packets": "1",
    },
    time_base=Fraction(1, 90_000),
    threads=1,
)


@contextmanager
def _encoding(path: Path) -> Iterator[None]:
    """Turns what libav or the system say about `path` into an OutputError of one line."""
    try:
        yield
    except (OSError, av.FFmpegError) as error:
        raise output_error(path, error) from error


class Stamps:
    """A video file's own stamps of frames, in ticks from its first one.

    Containers refuse stamps that do not increase; a session's table keeps the exact times.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = time_base
        self._first_ns: int | None = None
        self._last = -1

    def next(self, t_ns: int) -> int:
        if self._first_ns is None:
            self._first_ns = t_ns
        ticks = round(Fraction(t_ns - self._first_ns, NS_PER_S) / self._time_base)
        self._last = max(ticks, self._last + 1)
        return self._last


class VideoWriter:
    """Frames of one size into one file with one stream; their distances in time are kept.

    Raises: OutputError from every method. After one nothing more is written, `close` is silent, and
    what the file holds until then can be read.
    """

    def __init__(self, path: Path, size: tuple[int, int], format: VideoFormat) -> None:
        """`size` is (width, height) in pixels."""
        self.path = path
        self.size = size
        self.frames = 0
        self._time_base = format.time_base
        self._stamps = Stamps(format.time_base)
        self._open = True
        with _encoding(path):
            self._file = av.open(str(path), "w", format=format.container, options=format.muxer)
            stream = self._file.add_stream(format.codec, options=format.encoder)
            self._stream = cast(av.VideoStream, stream)
            self._describe_stream(format)
            self._file.start_encoding()  # opens the file now, so that an error comes before any work

    def _describe_stream(self, format: VideoFormat) -> None:
        codec = self._stream.codec_context
        codec.width, codec.height = self.size
        codec.pix_fmt = format.pixels
        codec.time_base = format.time_base
        codec.thread_count = format.threads
        if format.pixels == "yuv420p":
            codec.colorspace = codec.color_primaries = codec.color_trc = BT601

    def write(self, bgr: BgrImage, t_ns: int) -> None:
        picture = av.VideoFrame.from_ndarray(bgr, format="bgr24")
        picture.pts = self._stamps.next(t_ns)
        picture.time_base = self._time_base
        self._encode(picture)
        self.frames += 1

    def _encode(self, picture: av.VideoFrame | None) -> None:
        """Hands one frame to the file, or with None whatever the encoder still holds."""
        try:
            with _encoding(self.path):
                for packet in self._stream.encode(picture):
                    self._file.mux(packet)
        except OutputError:
            self._give_up()
            raise

    def _give_up(self) -> None:
        self._open = False
        with suppress(OSError, av.FFmpegError):
            self._file.close()

    def close(self) -> None:
        """Finishes the file; idempotent."""
        if not self._open:
            return
        if self.frames:
            self._encode(None)
        self._open = False
        with _encoding(self.path):
            self._file.close()


class AnnotatedVideo:
    """annotated.mp4: opened by its first frame; later frames of another size are fitted into it.

    Playable while it grows; `close` turns it into an ordinary file whose index comes first, so that a
    browser can seek in it before all of it is there. Raises: OutputError, as `VideoWriter` does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer: VideoWriter | None = None

    def write(self, bgr: BgrImage, t_ns: int) -> None:
        if self._writer is None:
            height, width = bgr.shape[:2]
            # 4:2:0 wants even sides.
            self._writer = VideoWriter(self.path, (width + width % 2, height + height % 2), BROWSER)
        self._writer.write(fitted(bgr, self._writer.size), t_ns)

    def close(self) -> None:
        """Finishes the file; idempotent. Without a frame there is no file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            _index_first(self.path)


def fitted(bgr: BgrImage, size: tuple[int, int]) -> BgrImage:
    """The picture within `size` (width, height): kept where it fits, else shrunk or grown; black around."""
    height, width = bgr.shape[:2]
    if not (0 <= size[0] - width <= 1 and 0 <= size[1] - height <= 1):
        scale = min(size[0] / width, size[1] / height)
        inner = max(1, round(width * scale)), max(1, round(height * scale))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        bgr = cast(BgrImage, cv2.resize(bgr, inner, interpolation=method))
        height, width = bgr.shape[:2]
    right, below = size[0] - width, size[1] - height
    if right == below == 0:
        return bgr
    left, above = right // 2, below // 2
    framed = cv2.copyMakeBorder(bgr, above, below - above, left, right - left, cv2.BORDER_CONSTANT)
    return cast(BgrImage, framed)


def _index_first(path: Path) -> None:
    """Rewrites an mp4 without fragments and with its index at the front; on an error the old one stays."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with _encoding(path):
            _copy_stream(path, temporary)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _copy_stream(source: Path, target: Path) -> None:
    options = {"movflags": "+faststart"}
    with av.open(str(source)) as read, av.open(str(target), "w", format="mp4", options=options) as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is not None:  # the last, empty one
                packet.stream = stream
                written.mux(packet)
