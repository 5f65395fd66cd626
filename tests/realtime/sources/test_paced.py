"""Real time from a recording, without waiting in the test."""

from __future__ import annotations

from pathlib import Path

from realtime.sources import open_source, paced
from tests.realtime.sources.clips import write_clip

MS = 1_000_000


class Hourglass:
    """A clock that only moves when somebody waits on it, or works."""

    def __init__(self) -> None:
        self.now = 5_000 * MS
        self.waits_ms: list[float] = []

    def __call__(self) -> int:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits_ms.append(round(seconds * 1000, 6))
        self.now += round(seconds * 1e9)
        return False


def test_frames_are_released_at_their_own_distances(tmp_path: Path) -> None:
    glass = Hourglass()
    source = paced(open_source(str(write_clip(tmp_path / "clip.mp4", [100, 140, 200]))), glass, glass.wait)
    frames = list(source)
    assert source.live and glass.waits_ms == [40, 60]
    assert [frame.t_ns // MS for frame in frames] == [100, 140, 200]
    assert [frame.arrived_ns // MS for frame in frames] == [5000, 5040, 5100]


def test_nobody_waits_for_a_frame_beyond_the_limit(tmp_path: Path) -> None:
    glass = Hourglass()
    clip = open_source(str(write_clip(tmp_path / "clip.mp4", [0, 40, 80, 20_000])))
    assert len(list(paced(clip, glass, glass.wait, limit_s=0.1))) == 3
    assert glass.waits_ms == [40, 40]


def test_a_late_frame_comes_at_once_and_the_schedule_holds(tmp_path: Path) -> None:
    glass = Hourglass()
    source = paced(open_source(str(write_clip(tmp_path / "clip.mp4", [0, 40, 80, 120]))), glass, glass.wait)
    arrivals = []
    for frame in source:
        arrivals.append((frame.arrived_ns - 5_000 * MS) // MS)
        if frame.index == 0:
            glass.now += 90 * MS  # something took long
    assert arrivals == [0, 90, 90, 120]


def test_closing_wakes_a_waiting_source_and_closes_the_file(tmp_path: Path) -> None:
    inner = open_source(str(write_clip(tmp_path / "clip.mp4", [0, 400_000])))
    source = paced(inner)
    frames = iter(source)
    next(frames)
    source.close()  # what another thread would do while the second frame is waited for
    assert list(frames) == []
    assert inner._closed.is_set()


def test_describe_tells_of_the_file_and_that_it_is_live(tmp_path: Path) -> None:
    source = paced(open_source(str(write_clip(tmp_path / "clip.mp4", [0, 40]))), lambda: 0, lambda _: False)
    list(source)
    said = source.describe()
    assert (said["container"], said["live"], said["frames"]) == ("mov", True, 2)
