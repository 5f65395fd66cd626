"""What all sources share: numbering, measured delivery, closing; and the fake one that follows a list."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from realtime.errors import ClipRejected, ConfigError, SourceError
from realtime.sources import SourceConfig, open_source
from realtime.sources.base import Delivery, SourceBase
from realtime.types import Frame
from tests.fakes import ManualClock, ScriptedSource, make_frame

MS = 1_000_000


class Endless(SourceBase):
    """Frames for ever; counts how often what it holds is freed."""

    def __init__(self) -> None:
        super().__init__("endless", ManualClock(), live=True)
        self.freed = 0

    def _frames(self) -> Iterator[Frame]:
        while True:
            yield self._frame(self._delivery.frames * 10 * MS, np.zeros((4, 4, 3), np.uint8))

    def _release(self) -> None:
        self.freed += 1


def test_frames_are_numbered_and_counted() -> None:
    source = Endless()
    frames = iter(source)
    assert [next(frames).index for _ in range(4)] == [0, 1, 2, 3]
    said = source.describe()
    assert (said["frames"], said["fps"], said["size_px"]) == (4, 100.0, "4x4")


def test_n_stamps_make_n_minus_1_gaps() -> None:
    delivery = Delivery()
    delivery.push(make_frame(0))
    assert delivery.fps is None
    delivery.push(make_frame(1))
    assert delivery.fps == pytest.approx(30, rel=1e-6)


def test_close_from_another_thread_ends_the_iteration_and_frees_once() -> None:
    source = Endless()
    frames = iter(source)
    next(frames)
    closer = threading.Thread(target=source.close)
    closer.start()
    assert sum(1 for _ in frames) < 10**6
    closer.join(5)
    source.close()
    assert source.freed == 1


def test_a_consumer_that_walks_away_frees_the_source() -> None:
    source = Endless()
    for frame in source:
        if frame.index == 2:
            break
    assert source.freed == 1


def test_an_unread_source_is_freed_by_close() -> None:
    with Endless() as source:
        pass
    assert source.freed == 1
    with pytest.raises(SourceError, match="only once"):
        iter(source)


@pytest.mark.parametrize(
    "wrong",
    [
        {"camera_width": 0},
        {"camera_fourcc": "MJP"},
        {"url_attempts": -1},
        {"url_backoff_s": 9.0},
        {"demo_fps": 2000.0},
        {"demo_width": 10},
        {"demo_seed": -1},
    ],
)
def test_a_wrong_wish_is_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError):
        SourceConfig(**wrong)


def test_what_is_no_address_camera_or_demo_is_a_path(tmp_path: Path) -> None:
    for spec in ("12345", "concat:a.mp4|b.mp4", str(tmp_path / "demo")):
        with pytest.raises(ClipRejected, match="no such file"):
            open_source(spec)


def test_the_scripted_source_drops_stalls_and_unplugs_by_its_list() -> None:
    clock = ManualClock(start_ns=100 * MS)
    source = ScriptedSource("frame*2 drop frame stall:0.5 frame unplug", fps=100, clock=clock)
    times = []
    with pytest.raises(SourceError, match="after 4 frames"):
        for frame in source:
            times.append(frame.t_ns // MS)
    assert times == [100, 110, 130, 640]
    assert clock.now_ns == 640 * MS


def test_a_hanging_scripted_source_ends_when_closed() -> None:
    source = ScriptedSource("frame hang frame")
    frames = iter(source)
    next(frames)
    threading.Thread(target=source.close).start()
    assert list(frames) == []
