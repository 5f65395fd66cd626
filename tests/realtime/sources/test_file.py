"""Files: own timestamps, exact pictures, and clear refusals."""

from __future__ import annotations

import csv
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.container import InputContainer
from av.video.stream import VideoStream

from realtime.errors import ClipRejected, SourceError
from realtime.sources import open_source
from tests.realtime.sources.clips import number_of, numbered, write_clip

BAD = Path(__file__).resolve().parents[2] / "data" / "bad"
MS = 1_000_000


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp4", "mpeg4"), ("mov", "h264"), ("mkv", "ffv1"), ("webm", "libvpx")]
)
def test_frames_come_in_order_at_the_containers_own_times(tmp_path: Path, suffix: str, codec: str) -> None:
    stamps = [0, 13, 40, 90, 91, 200, 240]
    clip = write_clip(tmp_path / f"clip.{suffix}", stamps, codec=codec)
    with open_source(str(clip), clock=lambda: 77) as source:
        frames = list(source)
    assert [frame.t_ns for frame in frames] == [stamp * MS for stamp in stamps]
    assert [number_of(frame.bgr) for frame in frames] == list(range(7))
    assert [frame.index for frame in frames] == list(range(7))
    assert {(frame.source, frame.arrived_ns) for frame in frames} == {(clip.name, 77)}


def test_pictures_are_read_only_bgr_bytes(tmp_path: Path) -> None:
    with open_source(str(write_clip(tmp_path / "clip.mkv", [0, 40], codec="ffv1"))) as source:
        frame = next(iter(source))
    assert frame.bgr.shape == (48, 64, 3) and frame.bgr.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        frame.bgr[0, 0, 0] = 1


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_the_display_matrix_is_honoured(tmp_path: Path, rotation: int, turns: int) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [0, 40], rotation=rotation)
    with open_source(str(clip)) as source:
        bgr = next(iter(source)).bgr
    expected = np.rot90(numbered(0), turns)
    assert bgr.shape == expected.shape
    assert np.abs(bgr.astype(int) - expected).mean() < 6


@pytest.mark.parametrize(
    ("matrix", "seen"),
    [
        ((-1, 0, 0, 1), lambda bgr: bgr[:, ::-1]),
        ((1, 0, 0, -1), lambda bgr: bgr[::-1]),
        ((0, 1, 1, 0), lambda bgr: bgr.transpose(1, 0, 2)),
        ((0, -1, -1, 0), lambda bgr: bgr.transpose(1, 0, 2)[::-1, ::-1]),
    ],
)
def test_a_mirrored_picture_is_mirrored_back(tmp_path: Path, matrix: tuple[int, ...], seen: Any) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [0, 40])
    content = bytearray(clip.read_bytes())
    a, b, c, d = (value * 65536 for value in matrix)
    at = content.index(b"tkhd") + 44  # after version, times, layer and volume
    struct.pack_into(">5i", content, at, a, b, 0, c, d)
    clip.write_bytes(content)
    with open_source(str(clip)) as source:
        bgr = next(iter(source)).bgr
    expected = seen(numbered(0))
    assert bgr.shape == expected.shape
    assert np.abs(bgr.astype(int) - expected).mean() < 6


def test_a_change_of_size_is_delivered_and_noted(tmp_path: Path) -> None:
    parts = [
        write_clip(tmp_path / f"{w}.mjpeg", [0, 40], codec="mjpeg", sizes=[(w, 48)] * 2) for w in (64, 96)
    ]
    joined = tmp_path / "joined.mjpeg"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    with open_source(str(joined)) as source:
        widths = [frame.bgr.shape[1] for frame in source]
    assert widths == [64, 64, 96, 96]
    assert source.describe()["size_px"] == "64x48 then 96x48"
    assert "timestamps" in source.describe()["notes"]


def test_measured_delivery_not_the_declared_rate(tmp_path: Path) -> None:
    with open_source(str(write_clip(tmp_path / "clip.mkv", range(0, 1001, 50)))) as source:
        list(source)
    said = source.describe()
    assert (said["fps"], said["frames"], said["container"]) == (20.0, 21, "matroska")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("audio_only.mp4", "only sound"),
        ("one_frame.mp4", "at least 2"),
        ("truncated_no_index.mp4", "cut short"),
        ("text.mp4", "text"),
    ],
)
def test_useless_clips_are_refused_when_opened(name: str, words: str) -> None:
    with pytest.raises(ClipRejected) as refused:
        open_source(str(BAD / name))
    line = str(refused.value)
    assert words in line and name in line and "\n" not in line


@pytest.mark.parametrize(("name", "frames"), [("truncated.mp4", 12), ("truncated.mkv", 3)])
def test_what_decodes_of_a_truncated_clip_is_used_and_said(name: str, frames: int) -> None:
    with open_source(str(BAD / name)) as source:
        assert len(list(source)) == frames
    note = source.describe()["notes"]["truncated"]
    assert "cut short" in note and f"{frames} frames" in note


def test_a_damaged_picture_is_left_out_and_said(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", range(0, 800, 40))
    content = bytearray(clip.read_bytes())
    middle = slice(len(content) // 2, len(content) // 2 + 40)
    content[middle] = bytes(byte ^ 0x5A for byte in content[middle])
    clip.write_bytes(content)
    with open_source(str(clip)) as source:
        count = len(list(source))
    notes = source.describe()["notes"]
    assert isinstance(notes, dict) and notes["damaged frames, left out"] >= 1
    assert count == 20 - sum(notes.values())  # each is left out, or its packet is


def test_a_clip_is_opened_for_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []
    open_really = av.open
    clip = write_clip(tmp_path / "clip.mp4", [0, 40])
    monkeypatch.setattr(
        av, "open", lambda *args, **kw: asked.append(kw["options"]) or open_really(*args, **kw)
    )
    open_source(str(clip)).close()
    assert asked == [{"protocol_whitelist": "file"}]


class Torn:
    """An open clip whose last packet is followed by a damaged place instead of its end."""

    def __init__(self, container: InputContainer) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def demux(self, stream: VideoStream) -> Iterator[av.Packet]:
        yield from (packet for packet in self._container.demux(stream) if packet.size)
        raise av.error.InvalidDataError(0, "damaged")


def test_what_the_decoder_holds_at_a_damaged_place_still_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", range(0, 480, 40), codec="h264", b_frames=2)
    open_really = av.open
    monkeypatch.setattr(av, "open", lambda *args, **options: Torn(open_really(*args, **options)))
    with open_source(str(clip)) as source:
        assert [number_of(frame.bgr) for frame in source] == list(range(12))
    assert source.describe()["notes"] == {"reading stopped early at a damaged place": 1}


def test_a_playlist_with_the_head_of_a_video_opens_nothing_else(tmp_path: Path) -> None:
    secret = write_clip(tmp_path / "secret.mp4", [0, 40])
    trap = tmp_path / "trap.mp4"
    trap.write_bytes(f"#EXTM3U\n#EXTINF:1,\n{secret}\n".encode())
    with pytest.raises(ClipRejected, match="playlist"):
        open_source(str(trap))
    trap.write_bytes(b"\x00\x00\x00\x14ftypisom" + f"\n#EXTM3U\n#EXTINF:1,\n{secret}\n".encode())
    with pytest.raises(ClipRejected):
        open_source(str(trap))


def test_a_source_is_read_once_and_closing_ends_it(tmp_path: Path) -> None:
    source = open_source(str(write_clip(tmp_path / "clip.mp4", range(0, 400, 40))))
    frames = iter(source)
    next(frames)
    source.close()
    source.close()
    assert list(frames) == []
    with pytest.raises(SourceError, match="only once"):
        iter(source)


def test_an_unread_source_frees_its_file(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [0, 40])
    with open_source(str(clip)) as source:
        assert source.describe()["size_px"] == "64x48"
    with pytest.raises(SourceError):
        iter(source)


@pytest.mark.data
def test_every_real_clip_reads_whole(data_dir: Path) -> None:
    with (data_dir / "faces" / "MANIFEST.csv").open() as manifest:
        rows = [row for row in csv.DictReader(manifest) if row["file"].startswith("clips/")]
    for row in rows:
        with open_source(str(data_dir / "faces" / row["file"])) as source:
            times = [frame.t_ns for frame in source]
        assert len(times) == int(row["frames"]), row["file"]
        assert source.describe()["size_px"] == row["size_px"] and source.describe()["notes"] == {}
        assert all(before < after for before, after in zip(times, times[1:], strict=False))
    assert len(rows) == 21
