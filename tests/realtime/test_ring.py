"""Bounds in seconds and bytes, losses counted, and no wait that a close does not end."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from realtime.errors import ConfigError
from realtime.ring import (
    BEHIND_BYTES,
    BEHIND_SECONDS,
    LOSSLESS_ROWS,
    RECORD_BEHIND,
    ChipRing,
    FrameRing,
    RecordRing,
    RingConfig,
    chip_bytes,
)
from realtime.sizes import MB
from tests.fakes import make_analysis, make_chip, make_frame

FRAME_MB = make_frame().bgr.nbytes / MB


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def taken(ring: FrameRing) -> list[int]:
    """Indices of everything that waits, in order."""
    indices = []
    while (frame := ring.take(0.0)) is not None:
        indices.append(frame.index)
    return indices


# Bounds


@pytest.mark.parametrize(
    "duration_s, max_mb", [(0.0, 1.0), (61.0, 1.0), (1.0, 0.0), (1.0, 1025.0), (-1.0, 1.0)]
)
def test_a_ring_over_the_stated_cap_is_refused(duration_s: float, max_mb: float) -> None:
    with pytest.raises(ConfigError, match="outside 0 to"):
        FrameRing(duration_s, max_mb)
    with pytest.raises(ConfigError, match="outside 0 to"):
        ChipRing(duration_s, int(max_mb * MB))
    with pytest.raises(ConfigError, match="outside 0 to"):
        RingConfig(seconds=duration_s, max_mb=max_mb)


def test_lateness_must_lie_within_the_ring() -> None:
    with pytest.raises(ConfigError, match="ring.late_s"):
        RingConfig(seconds=1.0, late_s=2.0)


def test_one_frame_larger_than_the_ring_says_what_to_do() -> None:
    ring = FrameRing(1.0, 0.001)
    with pytest.raises(ConfigError, match="fake.*ring.max_mb = 0.001.*smaller picture"):
        ring.push(make_frame())


# Live: overwrite the oldest, never wait


def test_live_frames_over_the_seconds_are_overwritten_oldest_first() -> None:
    ring = FrameRing(1.0, 100.0)
    for index in range(45):
        assert ring.push(make_frame(index, fps=30.0))
    assert taken(ring) == list(range(14, 45))
    assert ring.dropped == {BEHIND_SECONDS: 14}


def test_live_frames_over_the_bytes_are_overwritten_oldest_first() -> None:
    ring = FrameRing(10.0, FRAME_MB * 3.5)
    for index in range(10):
        ring.push(make_frame(index))
    assert taken(ring) == [7, 8, 9]
    assert ring.dropped == {BEHIND_BYTES: 7}


def test_the_bound_in_seconds_is_the_same_at_every_rate() -> None:
    for fps in (25.0, 60.0, 200.0):
        ring = FrameRing(0.5, 100.0)
        for index in range(round(fps)):
            ring.push(make_frame(index, fps=fps))
        assert ring.backlog_s == pytest.approx(0.5, abs=1.01 / fps)
        assert len(ring) == pytest.approx(0.5 * fps, abs=1.0)


def test_a_long_pause_leaves_only_what_came_after_it() -> None:
    ring = FrameRing(1.0, 100.0)
    ring.push(make_frame(0))
    ring.push(make_frame(300))
    assert taken(ring) == [300]


def test_taking_frees_the_bytes() -> None:
    ring = FrameRing(10.0, FRAME_MB * 2)
    for index in range(20):
        ring.push(make_frame(index))
        assert ring.take(0.0) is not None
    assert not ring.dropped


# The end, and closing


def test_what_waits_at_the_end_can_still_be_taken() -> None:
    ring = FrameRing(1.0, 1.0)
    ring.push(make_frame(0))
    ring.end()
    assert not ring.drained
    assert taken(ring) == [0]
    assert ring.drained


def test_an_empty_ring_that_has_not_ended_is_not_drained() -> None:
    ring = FrameRing(1.0, 1.0)
    assert ring.take(0.0) is None
    assert not ring.drained


def test_close_forgets_what_waits_and_refuses_more() -> None:
    ring = FrameRing(1.0, 1.0)
    ring.push(make_frame(0))
    ring.close()
    ring.close()
    assert ring.drained
    assert not ring.push(make_frame(1))
    assert ring.take(60.0) is None


@pytest.mark.parametrize("verb", ["end", "close"])
def test_a_waiting_reader_is_released(verb: str) -> None:
    ring = FrameRing(1.0, 1.0)
    reader = in_thread(lambda: ring.take(60.0))
    getattr(ring, verb)()
    reader.join(timeout=10.0)
    assert not reader.is_alive()


# Lossless: the producer waits


def test_a_lossless_ring_hands_over_every_frame_in_order() -> None:
    ring = FrameRing(0.1, 100.0, lossless=True)

    def produce() -> None:
        for index in range(200):
            ring.push(make_frame(index))
        ring.end()

    producer = in_thread(produce)
    got = []
    while not ring.drained:
        frame = ring.take(10.0)
        if frame is not None:
            got.append(frame.index)
            assert ring.backlog_s <= 0.1
    producer.join(timeout=10.0)
    assert got == list(range(200))
    assert not ring.dropped


@pytest.mark.parametrize("bound", ["seconds", "bytes"])
def test_closing_releases_a_producer_that_waits_in_a_full_lossless_ring(bound: str) -> None:
    ring = FrameRing(
        0.05 if bound == "seconds" else 10.0, 1.0 if bound == "seconds" else FRAME_MB, lossless=True
    )
    results: list[bool] = []

    def produce() -> None:
        results.extend(ring.push(make_frame(index)) for index in range(100))

    producer = in_thread(produce)
    assert ring.take(10.0) is not None  # it runs
    ring.close()
    producer.join(timeout=10.0)
    assert not producer.is_alive()
    assert results[-1] is False


# Rows and pictures on the way to `record`


def test_a_live_record_ring_loses_pictures_but_never_rows() -> None:
    ring = RecordRing(FRAME_MB * 2)
    for index in range(6):
        ring.push(make_analysis(index))
    records = [ring.take(0.0) for _ in range(6)]
    assert [record.analysis.frame.index for record in records if record] == list(range(6))
    assert [record.picture for record in records if record] == [True, True, False, False, False, False]
    assert records[5] is not None and records[5].analysis.frame.bgr.size == 0
    assert ring.dropped == {RECORD_BEHIND: 4}


def test_a_lossless_record_ring_keeps_every_picture() -> None:
    ring = RecordRing(FRAME_MB * 2, lossless=True)

    def produce() -> None:
        for index in range(50):
            ring.push(make_analysis(index))
        ring.end()

    producer = in_thread(produce)
    got = []
    while not ring.drained:
        record = ring.take(10.0)
        if record is not None:
            got.append((record.analysis.frame.index, record.picture))
    producer.join(timeout=10.0)
    assert got == [(index, True) for index in range(50)]
    assert not ring.dropped


def test_out_of_time_only_the_rows_are_left() -> None:
    ring = RecordRing(1.0)
    for index in range(5):
        ring.push(make_analysis(index), session=1)
    ring.leave_out_pictures()
    ring.end()
    records = [ring.take(0.0) for _ in range(5)]
    assert [(r.analysis.frame.index, r.picture, r.session) for r in records if r] == [
        (index, False, 1) for index in range(5)
    ]
    assert ring.dropped == {RECORD_BEHIND: 5}
    assert ring.drained


def test_a_lossless_writer_is_never_far_behind() -> None:
    ring = RecordRing(100.0, lossless=True)
    producer = in_thread(lambda: [ring.push(make_analysis(index)) for index in range(100)])
    assert ring.take(10.0) is not None
    assert len(ring) <= LOSSLESS_ROWS
    ring.close()
    producer.join(timeout=10.0)
    assert not producer.is_alive()


@pytest.mark.parametrize("lossless", [False, True])
def test_the_row_after_the_last_that_fits_waits(lossless: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = RecordRing(FRAME_MB * 10, max_rows=3, lossless=lossless)
    waited: list[bool] = []
    monkeypatch.setattr(ring._changed, "wait_for", lambda may_go: waited.append(not may_go()))
    for index in range(4):
        ring.push(make_analysis(index))
    assert waited == [False, False, False, True]


def test_rows_are_bounded_too_and_closing_releases_the_producer() -> None:
    ring = RecordRing(FRAME_MB, max_rows=3)
    producer = in_thread(lambda: [ring.push(make_analysis(index)) for index in range(10)])
    assert ring.take(10.0) is not None
    assert len(ring) <= 3
    ring.close()
    producer.join(timeout=10.0)
    assert not producer.is_alive()


# Chips of one face


def test_chips_fall_out_oldest_first_by_time() -> None:
    ring = ChipRing(1.0, MB * 100)
    fallen = [ring.push(make_chip(index, fps=10.0)) for index in range(15)]
    assert [chip.frame_index for chip in fallen if chip] == [0, 1, 2, 3]
    assert len(ring) == 11


def test_chips_fall_out_by_bytes() -> None:
    ring = ChipRing(60.0, chip_bytes(make_chip()) * 4)
    for index in range(10):
        ring.push(make_chip(index))
    assert len(ring) == 4


def test_after_a_gap_the_newest_of_the_fallen_is_told() -> None:
    ring = ChipRing(1.0, MB * 100)
    for index in range(5):
        ring.push(make_chip(index, fps=10.0))
    fallen = ring.push(make_chip(100, fps=10.0))
    assert fallen is not None and fallen.frame_index == 4
    assert len(ring) == 1


def test_a_span_holds_both_ends_or_is_none() -> None:
    ring = ChipRing(1.0, MB * 100)
    for index in range(20):
        ring.push(make_chip(index, fps=10.0))
    span = ring.span(12, 15)
    assert span is not None and [chip.frame_index for chip in span] == [12, 13, 14, 15]
    assert ring.span(8, 12) is None  # its first is already gone
    assert ring.span(15, 20) is None  # its last has not come
    assert ring.span(15, 14) is None


def test_a_span_over_lost_frames_holds_what_there_is() -> None:
    ring = ChipRing(10.0, MB * 100)
    for index in (0, 1, 4, 5):
        ring.push(make_chip(index))
    span = ring.span(1, 4)
    assert span is not None and [chip.frame_index for chip in span] == [1, 4]
    assert ring.span(2, 5) is None
