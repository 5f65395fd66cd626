"""The first bytes decide, whatever the name says; bad input is refused in one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime.errors import ClipRejected
from realtime.sources.container import container_of, cut_short
from tests.realtime.sources.clips import write_clip

BAD = Path(__file__).resolve().parents[2] / "data" / "bad"
CLIPS = [
    ("mp4", "mpeg4", "mov"),
    ("mkv", "ffv1", "matroska"),
    ("avi", "mjpeg", "avi"),
    ("mjpeg", "mjpeg", "mjpeg"),
]


@pytest.mark.parametrize(("suffix", "codec", "container"), CLIPS)
def test_the_bytes_decide_not_the_name(tmp_path: Path, suffix: str, codec: str, container: str) -> None:
    clip = write_clip(tmp_path / f"clip.{suffix}", [0, 40, 80], codec=codec)
    renamed = clip.rename(tmp_path / "picture.txt")
    assert container_of(renamed) == container


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\x00\x00\x00\x14ftypqt  ", "mov"),
        (b"\x00\x00\x01\xba\x21", "mpeg"),
        (b"GIF89a", "gif"),
        ((b"\x47" + bytes(187)) * 3, "mpegts"),
        ((bytes(4) + b"\x47" + bytes(187)) * 4, "mpegts"),
    ],
)
def test_known_beginnings(tmp_path: Path, head: bytes, container: str) -> None:
    path = tmp_path / "clip"
    path.write_bytes(head)
    assert container_of(path) == container


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing_here.mp4", "no such file"),
        ("empty.mp4", "empty (0 bytes)"),
        ("text.mp4", "text, not a video"),
        ("noise.mp4", "no video of a known kind"),
        ("playlist_m3u8.mp4", "playlist"),
        ("playlist_concat.mp4", "playlist"),
        ("playlist_sdp.mp4", "playlist"),
        (".", "folder without session.json"),
    ],
)
def test_refused_in_one_line_naming_the_file(name: str, words: str) -> None:
    with pytest.raises(ClipRejected) as refused:
        container_of(BAD / name)
    line = str(refused.value)
    assert words in line and line.startswith(str(BAD / name)) and "\n" not in line


def test_a_playlist_behind_a_byte_order_mark_and_blank_lines_is_one(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\xef\xbb\xbf\r\n#EXTM3U\n")
    with pytest.raises(ClipRejected, match="playlist"):
        container_of(path)


@pytest.mark.parametrize(("suffix", "codec", "container"), CLIPS[:3])
def test_a_cut_file_is_noticed_and_a_whole_one_is_not(
    tmp_path: Path, suffix: str, codec: str, container: str
) -> None:
    clip = write_clip(tmp_path / f"clip.{suffix}", range(0, 400, 40), codec=codec)
    assert cut_short(clip, container) == ""
    clip.write_bytes(clip.read_bytes()[:-40])
    assert "cut short" in cut_short(clip, container)


def test_a_gif_without_its_end_mark_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "clip.gif"
    path.write_bytes(b"GIF89a....;")
    assert cut_short(path, "gif") == ""
    path.write_bytes(b"GIF89a....")
    assert "end mark" in cut_short(path, "gif")
