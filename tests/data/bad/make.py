"""Makes the bad inputs beside this file again: `python tests/data/bad/make.py`. They are committed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

HERE = Path(__file__).resolve().parent
PLAYLISTS = {
    "playlist_m3u8.mp4": "#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
    "playlist_concat.mp4": "ffconcat version 1.0\nfile '/etc/hostname'\n",
    "playlist_sdp.mp4": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
}


def write_clip(path: Path, frames: int, *, codec: str = "mpeg4", movflags: str = "faststart") -> None:
    """A 64x48 clip of a soft moving pattern at 25 fps."""
    y, x = np.mgrid[0:48, 0 : 64 + frames]
    waves = [128 + 60 * np.sin(x / a) + 60 * np.cos(y / b) for a, b in ((3, 5), (4, 4), (6, 3))]
    texture = np.stack(waves, axis=2).astype(np.uint8)
    options = {"movflags": movflags} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = Fraction(1, 25)
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(texture[:, index : index + 64]), "bgr24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def write_sound(path: Path) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        out.mux(stream.encode(sound))
        out.mux(stream.encode(None))


def cut(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def main() -> None:
    (HERE / "empty.mp4").write_bytes(b"")
    (HERE / "text.mp4").write_text("This is a letter, not a video.\n" * 20)
    (HERE / "noise.mp4").write_bytes(np.random.default_rng(2).bytes(600))
    for name, text in PLAYLISTS.items():
        (HERE / name).write_text(text)
    write_sound(HERE / "audio_only.mp4")
    write_clip(HERE / "one_frame.mp4", 1)
    write_clip(HERE / "truncated.mp4", 24)  # the index stands first: what is there decodes
    cut(HERE / "truncated.mp4", 0.8)
    write_clip(HERE / "truncated.mkv", 24)
    cut(HERE / "truncated.mkv", 0.6)
    write_clip(HERE / "truncated_no_index.mp4", 12, movflags="0")  # the index stood at the end
    cut(HERE / "truncated_no_index.mp4", 0.6)


if __name__ == "__main__":
    main()
