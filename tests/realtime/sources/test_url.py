"""Network streams: a real local server, scripted losses, and secrets that stay secret."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace

import av
import numpy as np
import pytest

from realtime.clock import Clock
from realtime.errors import SourceError
from realtime.sources import open_source
from realtime.sources.base import SourceConfig
from realtime.sources.url import AvConnection, Backlog, Picture, UrlSource, without_secrets
from tests.fakes import ManualClock
from tests.realtime.sources.clips import number_of
from tests.realtime.sources.mjpeg_server import MjpegServer

MS = 1_000_000
QUICK = SourceConfig(url_backoff_s=0.001, url_backoff_limit_s=0.004, url_attempts=2)


class FakeConnection:
    def __init__(self, pictures: int) -> None:
        self.notes = Counter({"damaged packets, left out": pictures})
        self.closed = False
        self._left = pictures

    def pictures(self, clock: Clock) -> Iterator[Picture]:
        for _ in range(self._left):
            yield clock(), np.zeros((48, 64, 3), np.uint8)

    def close(self) -> None:
        self.closed = True
        self._left = 0


class ScriptedNetwork:
    """Each attempt takes the next line: a number of pictures, or None for a refusal."""

    def __init__(self, lines: list[int | None]) -> None:
        self.lines = lines
        self.pauses_s: list[float] = []
        self.connections: list[FakeConnection] = []

    def connect(self, url: str, config: SourceConfig) -> FakeConnection:
        line = self.lines.pop(0) if self.lines else None
        if line is None:
            raise av.error.ConnectionRefusedError(111, "Connection refused", url)
        self.connections.append(FakeConnection(line))
        return self.connections[-1]

    def wait(self, seconds: float) -> bool:
        self.pauses_s.append(seconds)
        return False


def source_on(network: ScriptedNetwork, config: SourceConfig, url: str = "rtsp://u:pw@cam/1") -> UrlSource:
    return UrlSource(url, config, ManualClock(step_ns=10 * MS), network.connect, network.wait)


def read(source: UrlSource) -> tuple[list[int], str]:
    times: list[int] = []
    with pytest.raises(SourceError) as ended:
        for frame in source:
            times.append(frame.t_ns // MS)
    return times, str(ended.value)


def test_pauses_double_up_to_their_limit_and_begin_anew_after_success() -> None:
    network = ScriptedNetwork([2, None, None, 1, None, None, None])
    config = SourceConfig(url_backoff_s=1, url_backoff_limit_s=3, url_attempts=3)
    source = source_on(network, config)
    times, line = read(source)
    assert times == [10, 20, 30]
    assert network.pauses_s == [1, 2, 3, 1, 2, 3]
    assert line == "rtsp://cam/1: lost after 3 frames; 3 attempts to reconnect failed (Connection refused)"
    assert source.describe()["reconnections"] == 1


def test_an_open_connection_without_pictures_uses_up_attempts_too() -> None:
    network = ScriptedNetwork([1] + [0] * 20)
    _, line = read(source_on(network, SourceConfig(url_attempts=3)))
    assert "lost after 1 frames" in line and len(network.pauses_s) <= 4


def test_a_first_connection_that_fails_is_final() -> None:
    network = ScriptedNetwork([None, 5])
    with pytest.raises(SourceError, match=r"^rtsp://cam/1: no connection \(Connection refused\)"):
        source_on(network, QUICK)
    assert network.pauses_s == []


def test_closing_while_reconnecting_ends_without_an_error() -> None:
    network = ScriptedNetwork([1])
    source = source_on(network, QUICK)
    network.wait = lambda seconds: True
    source._wait = network.wait
    assert len(list(source)) == 1


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://me:secret@cam:554/live", "rtsp://cam:554/live"),
        ("HTTP://cam/video?token=secret&x=secret#secret", "http://cam/video?token=***&x=***"),
        ("http://me:se/cr@et@cam/v", "http://cam/v"),
        ("rtsp://cam/user=me&password=secret&channel=1/", "rtsp://cam/user=***&password=***&channel=***/"),
        ("http://cam/plain", "http://cam/plain"),
    ],
)
def test_no_secret_is_shown(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://me:secret@x/y", "concat://a", "http://me:secret@", "http://x:secret/"],
)
def test_strange_addresses_are_refused_without_repeating_them(url: str) -> None:
    with pytest.raises(SourceError) as refused:
        open_source(url)
    line = str(refused.value)
    assert "secret" not in line and "passwd" not in line and "\n" not in line


def test_a_refused_connection_is_one_line_without_the_password() -> None:
    with MjpegServer(0, 0) as server:
        host = server.host
    with pytest.raises(SourceError) as refused:
        open_source(f"http://me:secret@{host}/video?token=secret")
    line = str(refused.value)
    assert line == f"http://{host}/video?token=***: no connection (Connection refused); check the address"


def test_a_server_that_hangs_up_is_called_again() -> None:
    with MjpegServer(connections=3, per_connection=6) as server:
        source = open_source(f"http://me:secret@{server.host}/video?token=secret", config=QUICK)
        numbers: list[int] = []
        with pytest.raises(SourceError) as ended:
            for frame in source:
                numbers.append(number_of(frame.bgr))
                assert frame.source == f"http://{server.host}/video?token=***"
    assert numbers == sorted(set(numbers)) and {0, 1, 2, 3} & set(numbers) and max(numbers) >= 16
    assert source.describe()["reconnections"] == 2
    assert "secret" not in str(ended.value) and "503" not in str(ended.value)
    assert set(server.paths) == {"/video?token=secret"}


def test_a_page_is_no_video() -> None:
    with MjpegServer(connections=1, per_connection=0) as server, pytest.raises(SourceError):
        open_source(f"http://{server.host}/", config=QUICK)


def test_closing_frees_an_unread_connection() -> None:
    with MjpegServer(connections=1, per_connection=4) as server:
        source = open_source(f"http://{server.host}/", config=QUICK)
        source.close()
        assert isinstance(source._connection, AvConnection)
        with pytest.raises(SourceError):
            iter(source)


# What has waited, and what does not decode


@pytest.mark.parametrize(
    ("came_ms", "waited"),
    [
        ([(0, 33), (35, 66), (67, 100)], "..."),  # a healthy camera
        ([(0, 33), (1000, 1000), (1001, 1001), (1002, 1030), (1031, 1031)], ".xx.."),  # we stood still
        ([(0, 33), (34, 1200), (1200, 1200), (1201, 1201), (1202, 1240)], "..xx."),  # the network did
        ([(2000, 2000), (2001, 2001), (2002, 2033)], "xx."),  # nothing was read since the connection opened
        ([(0, 0), (1, 1), (2, 2)], "..."),  # all at once, but no pause before
    ],
)
def test_what_lay_waiting_is_told_from_what_has_just_come(
    came_ms: list[tuple[int, int]], waited: str
) -> None:
    backlog = Backlog(0)
    held = [backlog.holds(asked * MS, came * MS) for asked, came in came_ms]
    assert held == [letter == "x" for letter in waited]


def test_pictures_that_waited_while_everything_was_loaded_are_left_out() -> None:
    with MjpegServer(connections=1, per_connection=20) as server:
        with open_source(f"http://{server.host}/", config=QUICK) as source:
            time.sleep(0.5)
            with pytest.raises(SourceError, match="lost after"):
                assert not list(source)
        notes = source.describe()["notes"]
    assert isinstance(notes, dict) and notes["frames that had waited, left out"] >= 15


def test_a_stream_that_no_longer_decodes_is_a_lost_one() -> None:
    config = SourceConfig(url_read_timeout_s=0.3, url_backoff_s=0.001, url_attempts=1)
    with (
        MjpegServer(connections=2, per_connection=400, spoiled_from=5, pause_s=0.01) as server,
        open_source(f"http://{server.host}/", config=config) as source,
        pytest.raises(SourceError, match="lost after [1-5] frames"),
    ):
        list(source)
    notes = source.describe()["notes"]
    assert isinstance(notes, dict) and notes["damaged packets, left out"] > 10


def test_a_damaged_picture_of_a_stream_is_left_out_and_counted() -> None:
    pictures = [SimpleNamespace(is_corrupt=corrupt) for corrupt in (False, True, False)]
    connection = AvConnection.__new__(AvConnection)  # without a network
    connection.notes = Counter()
    assert connection._decoded(SimpleNamespace(decode=lambda: pictures)) == [pictures[0], pictures[2]]
    assert connection.notes == {"damaged frames, left out": 1}


def test_times_rise_where_two_pictures_come_at_once() -> None:
    network = ScriptedNetwork([2, 1])
    source = UrlSource("rtsp://cam/1", QUICK, ManualClock(start_ns=5), network.connect, network.wait)
    frames = iter(source)
    assert [next(frames).t_ns for _ in range(3)] == [5, 6, 7]


def test_a_lost_connection_is_closed() -> None:
    network = ScriptedNetwork([2, 3])
    read(source_on(network, QUICK))
    assert [connection.closed for connection in network.connections] == [True, True]


def test_notes_of_every_connection_are_counted() -> None:
    source = source_on(ScriptedNetwork([2, 3]), QUICK)
    read(source)
    assert source.describe()["notes"] == {"damaged packets, left out": 5}
