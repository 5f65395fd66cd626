"""The loop of one event: its face, cut out and held still, as a short H.264 film in memory.

Every picture is a key picture, so that a page can go through them one by one, and they lie SLOWNESS
times further apart than they were taken, so that any player shows the loop slowly.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import cast

import av
import cv2
import numpy as np

from realtime.clock import NS_PER_S
from realtime.recording.video import BT601, BgrImage
from realtime.review.records import SLOWNESS
from realtime.types import CHIP_SIZE, Affine, FaceChip

LOOP_WIDTH, LOOP_HEIGHT = 264, 348  # the aspect of a face: chips are squeezed to squares
MARGIN = 16  # chip pixels shown around the chip
CHIP_INSET = MARGIN / (CHIP_SIZE + 2 * MARGIN)  # where the chip begins in the loop, share of its sides
TIME_BASE = Fraction(1, 90_000)
ENCODER = {"preset": "veryfast", "crf": "20", "bf": "0", "g": "1"}
JPEG_QUALITY = 88


def cut_view(bgr: BgrImage, chip: FaceChip) -> bytes:
    """The face of one frame with a margin, upright, in colour, as JPEG."""
    to_view = view_of(chip.to_chip)
    picture = cv2.warpAffine(bgr, to_view, (LOOP_WIDTH, LOOP_HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return _jpeg(cast(BgrImage, picture))


def gray_view(chip: FaceChip) -> bytes:
    """The same from the chip alone, where the frame's picture was not kept."""
    wide = cv2.copyMakeBorder(chip.gray_u8, *(MARGIN,) * 4, cv2.BORDER_REPLICATE)
    large = cv2.resize(wide, (LOOP_WIDTH, LOOP_HEIGHT), interpolation=cv2.INTER_LINEAR)
    return _jpeg(cast(BgrImage, cv2.cvtColor(large, cv2.COLOR_GRAY2BGR)))


def view_of(to_chip: Affine) -> Affine:
    """Frame pixels -> loop pixels."""
    side = CHIP_SIZE + 2 * MARGIN
    scale = np.diag([LOOP_WIDTH / side, LOOP_HEIGHT / side])
    shifted = to_chip.copy()
    shifted[:, 2] += MARGIN
    return scale @ shifted


def encode_loop(pictures: Sequence[bytes], t_ns: Sequence[int]) -> bytes:
    """JPEGs of LOOP_WIDTH x LOOP_HEIGHT and their times as one MP4 film."""
    film = io.BytesIO()
    with av.open(film, "w", format="mp4") as file:
        stream = file.add_stream("libx264", options=ENCODER)
        codec = stream.codec_context
        codec.width, codec.height, codec.pix_fmt = LOOP_WIDTH, LOOP_HEIGHT, "yuv420p"
        codec.time_base, codec.thread_count = TIME_BASE, 1
        codec.colorspace = codec.color_primaries = codec.color_trc = BT601
        for jpeg, pts in zip(pictures, loop_pts(t_ns), strict=True):
            picture = av.VideoFrame.from_ndarray(decoded(jpeg), format="bgr24")
            picture.pts, picture.time_base = pts, TIME_BASE
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    return film.getvalue()


def loop_pts(t_ns: Sequence[int]) -> list[int]:
    """When each picture is shown, in ticks of TIME_BASE from the loop's beginning; strictly increasing."""
    pts: list[int] = []
    for time_ns in t_ns:
        tick = round(Fraction(int(time_ns - t_ns[0]) * SLOWNESS, NS_PER_S) / TIME_BASE)
        pts.append(max(tick, pts[-1] + 1) if pts else tick)
    return pts


def decoded(jpeg: bytes) -> BgrImage:
    return cast(BgrImage, cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))


def _jpeg(bgr: BgrImage) -> bytes:
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
