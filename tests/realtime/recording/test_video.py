from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from realtime.errors import OutputError
from realtime.recording.video import BROWSER, LOSSLESS, AnnotatedVideo, VideoWriter, fitted
from tests.realtime.made_up import MS, decoded, pictures, small_disk


def stamps_ms(path: Path) -> list[float]:
    with av.open(str(path)) as file:
        return [round(float(frame.pts * frame.time_base) * 1000, 1) for frame in file.decode(video=0)]


@pytest.mark.parametrize("size", [(64, 48), (65, 49), (320, 240), (2, 2)])
def test_lossless_gives_back_every_bit(tmp_path: Path, size: tuple[int, int]) -> None:
    frames = pictures(12, size)
    writer = VideoWriter(tmp_path / "a.mkv", size, LOSSLESS)
    for i, bgr in enumerate(frames):
        writer.write(bgr, i * 33 * MS)
    writer.close()
    writer.close()
    back = decoded(tmp_path / "a.mkv")
    assert len(back) == writer.frames == 12
    assert all(np.array_equal(a, b) for a, b in zip(frames, back, strict=True))


def test_lossless_on_extreme_pictures(tmp_path: Path) -> None:
    frames = [np.full((48, 64, 3), value, np.uint8) for value in (0, 255, 1, 254)]
    frames += [np.random.default_rng(1).integers(0, 256, (48, 64, 3)).astype(np.uint8)]
    writer = VideoWriter(tmp_path / "a.mkv", (64, 48), LOSSLESS)
    for i, bgr in enumerate(frames):
        writer.write(bgr, i * 33 * MS)
    writer.close()
    assert all(np.array_equal(a, b) for a, b in zip(frames, decoded(tmp_path / "a.mkv"), strict=True))


def test_lossless_on_a_real_clip(tmp_path: Path, data_dir: Path) -> None:
    frames = decoded(data_dir / "faces" / "clips" / "grid_bbaf2n.mpg")[:20]
    height, width = frames[0].shape[:2]
    writer = VideoWriter(tmp_path / "a.mkv", (width, height), LOSSLESS)
    for i, bgr in enumerate(frames):
        writer.write(bgr, i * 40 * MS)
    writer.close()
    assert all(np.array_equal(a, b) for a, b in zip(frames, decoded(tmp_path / "a.mkv"), strict=True))


def test_every_frame_is_on_disk_before_close(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mkv", (64, 48), LOSSLESS)
    for i, bgr in enumerate(pictures(20)):
        writer.write(bgr, i * 33 * MS)
        assert len(decoded(tmp_path / "a.mkv")) >= i
    writer.close()


def test_uneven_distances_in_time_are_kept(tmp_path: Path) -> None:
    times_ms = [1000, 1013, 1055, 1056, 1300]
    video = AnnotatedVideo(tmp_path / "a.mp4")
    for t_ms, bgr in zip(times_ms, pictures(5), strict=True):
        video.write(bgr, t_ms * MS)
    video.close()
    assert stamps_ms(tmp_path / "a.mp4") == [0, 13, 55, 56, 300]


def test_stamps_that_do_not_increase_are_pushed_on(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mkv", (64, 48), LOSSLESS)
    for t_ms, bgr in zip([0, 10, 10, 5, 20], pictures(5), strict=True):
        writer.write(bgr, t_ms * MS)
    writer.close()
    assert stamps_ms(tmp_path / "a.mkv") == [0, 10, 11, 12, 20]


def top_boxes(path: Path) -> list[bytes]:
    """The names of an mp4's outermost boxes, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        names.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big")
    return names


def test_the_annotated_video_is_what_browsers_play(tmp_path: Path) -> None:
    video = AnnotatedVideo(tmp_path / "a.mp4")
    for i, bgr in enumerate(pictures(40, (63, 49))):
        video.write(bgr, i * 33 * MS)
    video.close()
    names = top_boxes(tmp_path / "a.mp4")
    assert names.index(b"moov") < names.index(b"mdat") and b"moof" not in names
    with av.open(str(tmp_path / "a.mp4")) as file:
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.frames) == (64, 50, 40)
        assert stream.duration * stream.time_base == pytest.approx(Fraction(40 * 33, 1000), abs=0.04)
    assert [child.name for child in tmp_path.iterdir()] == ["a.mp4"]


def test_the_annotated_video_looks_like_what_was_drawn(tmp_path: Path) -> None:
    bgr = np.zeros((48, 64, 3), np.uint8)
    bgr[:, :32] = (0, 0, 200)
    bgr[:, 32:] = (0, 180, 0)
    video = AnnotatedVideo(tmp_path / "a.mp4")
    for i in range(10):
        video.write(bgr, i * 33 * MS)
    video.close()
    back = decoded(tmp_path / "a.mp4")[-1].astype(int)
    assert np.abs(back[10:40, 5:25] - (0, 0, 200)).mean() < 4
    assert np.abs(back[10:40, 38:60] - (0, 180, 0)).mean() < 4


def test_the_annotated_video_can_be_read_while_it_grows(tmp_path: Path) -> None:
    video = AnnotatedVideo(tmp_path / "a.mp4")
    for i, bgr in enumerate(pictures(300)):
        video.write(bgr, i * 33 * MS)
    assert len(decoded(tmp_path / "a.mp4")) >= 200
    video.close()
    assert len(decoded(tmp_path / "a.mp4")) == 300


def test_a_frame_of_another_size_is_fitted_in(tmp_path: Path) -> None:
    video = AnnotatedVideo(tmp_path / "a.mp4")
    for i, bgr in enumerate([*pictures(3), *pictures(3, (640, 480)), *pictures(3, (20, 80))]):
        video.write(bgr, i * 33 * MS)
    video.close()
    assert {frame.shape for frame in decoded(tmp_path / "a.mp4")} == {(48, 64, 3)}


@pytest.mark.parametrize("shape", [(48, 64), (47, 63), (480, 640), (10, 400), (400, 10), (24, 32)])
def test_fitting_keeps_the_proportions(shape: tuple[int, int]) -> None:
    white = np.full((*shape, 3), 255, np.uint8)
    result = fitted(white, (64, 48))
    lit = cv2.boundingRect((result[:, :, 0] > 128).astype(np.uint8))
    assert result.shape == (48, 64, 3)
    assert lit[2] / lit[3] == pytest.approx(shape[1] / shape[0], rel=0.3)
    assert lit[2] >= 63 or lit[3] >= 47


def test_without_a_frame_there_is_no_annotated_video(tmp_path: Path) -> None:
    AnnotatedVideo(tmp_path / "a.mp4").close()
    assert not list(tmp_path.iterdir())


def test_a_writer_without_frames_closes(tmp_path: Path) -> None:
    VideoWriter(tmp_path / "a.mkv", (64, 48), LOSSLESS).close()


@pytest.mark.parametrize(("name", "kind"), [("a.mkv", LOSSLESS), ("a.mp4", BROWSER)])
def test_a_full_disk_keeps_what_was_written(tmp_path: Path, name: str, kind: object) -> None:
    writer = VideoWriter(tmp_path / name, (320, 240), kind)  # type: ignore[arg-type]
    with small_disk(700_000), pytest.raises(OutputError, match="cannot write") as caught:
        for i, bgr in enumerate(pictures(200, (320, 240))):
            writer.write(bgr, i * 33 * MS)
    writer.close()
    assert "\n" not in str(caught.value)
    assert len(decoded(tmp_path / name)) >= 2


def test_a_file_that_cannot_be_opened_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*a\.mkv"):
        VideoWriter(tmp_path / "missing" / "a.mkv", (64, 48), LOSSLESS)
