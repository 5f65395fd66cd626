"""Nothing lost that must not be, every loss counted, and what a running pipeline may be asked."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from realtime.analyse import LATE
from realtime.pipeline import Pipeline
from realtime.ring import BEHIND_SECONDS, RECORD_BEHIND, RingConfig
from realtime.types import Frame
from tests.fakes import FakeAnalyser, ListSource, MemorySink
from tests.realtime.pipeline_runs import LONG_S, endless, frames, run

# The way through


def test_a_recording_passes_whole_and_in_order() -> None:
    analyser, sink = FakeAnalyser(), MemorySink()
    pipeline = Pipeline(ListSource(frames(300)), analyser, [sink], lossless=True)
    run(pipeline)
    assert analyser.seen == sink.frames == list(range(300))
    assert all(record.picture for record in sink.records if not record.rest)
    progress = pipeline.progress()
    assert (progress.captured, progress.frames, progress.dropped) == (300, 300, {})
    assert progress.source_fps == pytest.approx(30.0, rel=0.01)


def test_each_room_runs_on_its_own_thread() -> None:
    names = []
    analyser, sink = FakeAnalyser(), MemorySink()
    source = ListSource(frames(3), before=lambda _: names.append(threading.current_thread().name))
    run(Pipeline(source, analyser, [sink], lossless=True))
    assert (names[0], analyser.thread, sink.thread) == ("capture", "analyse", "record")


def test_events_and_what_was_open_at_the_end_are_recorded() -> None:
    sink = MemorySink()
    pipeline = Pipeline(ListSource(frames(25)), FakeAnalyser(every=10), [sink], lossless=True)
    run(pipeline)
    events = [event.event for record in sink.records for event in record.analysis.events]
    assert events == [0, 1, 2]
    assert pipeline.progress().events == 3
    assert sink.records[-1].rest and not sink.records[-1].picture
    assert sink.records[-1].analysis.frame.index == 24


def test_a_source_without_a_frame_ends_without_a_record() -> None:
    analyser, sink = FakeAnalyser(), MemorySink()
    run(Pipeline(ListSource([]), analyser, [sink], lossless=True))
    assert not sink.records
    assert analyser.log == ["open", "close"]
    assert sink.closed == 1


def test_the_limit_is_in_the_sources_own_time() -> None:
    for fps in (25.0, 200.0):
        analyser = FakeAnalyser()
        run(Pipeline(ListSource(endless(fps)), analyser, lossless=True, limit_s=0.5))
        assert len(analyser.seen) == round(0.5 * fps + 0.25)


def test_the_display_gets_the_newest_only() -> None:
    pipeline = Pipeline(ListSource(frames(10)), FakeAnalyser(), lossless=True)
    run(pipeline)
    newest = pipeline.display.take()
    assert newest is not None and newest.frame.index == 9
    assert pipeline.display.replaced == 9


def test_stage_times_hold_the_step_the_age_and_the_writing() -> None:
    pipeline = Pipeline(ListSource(frames(10)), FakeAnalyser(), [MemorySink()], lossless=True)
    run(pipeline)
    assert {name: times["count"] for name, times in pipeline.times.summary().items()} == {
        "frame": 10,
        "age": 10,
        "record": 11,
    }


def test_the_source_is_not_read_before_everything_is_ready() -> None:
    log: list[str] = []
    source = ListSource(frames(2), before=lambda index: log.append("frame"))
    pipeline = Pipeline(source, FakeAnalyser(log=log), lossless=True)
    assert not pipeline.ready
    run(pipeline)
    assert pipeline.ready
    assert log[:2] == ["open", "frame"]


# A live source never waits


def test_a_live_source_is_never_held_up_and_its_losses_are_counted() -> None:
    source_done = threading.Event()

    def all_frames() -> Iterator[Frame]:
        yield from frames(100)
        source_done.set()

    analyser = FakeAnalyser(before=lambda frame: source_done.wait(LONG_S))
    sink = MemorySink()
    pipeline = Pipeline(
        ListSource(all_frames(), live=True), analyser, [sink], config=RingConfig(seconds=1.0, late_s=0.3)
    )
    run(pipeline)
    progress = pipeline.progress()
    assert progress.captured == 100
    assert progress.dropped == {BEHIND_SECONDS: 100 - len(analyser.seen)}
    assert analyser.seen[-31:] == list(range(69, 100))
    assert sink.frames == analyser.seen
    # What waited longer than `late_s` behind the newest frame was stepped as late, the rest was not.
    assert set(range(70, 88)) <= set(analyser.late)
    assert not set(range(92, 100)) & set(analyser.late)
    assert [record.analysis.frame.index for record in sink.records if record.late] == analyser.late


def test_a_recording_is_never_late() -> None:
    analyser = FakeAnalyser()
    config = RingConfig(seconds=5.0, ahead_s=5.0, late_s=0.01)
    run(Pipeline(ListSource(frames(60)), analyser, lossless=True, config=config))
    assert not analyser.late


def test_windows_the_analyser_lost_are_counted_with_the_rest() -> None:
    analyser = FakeAnalyser()
    analyser.drops[LATE] = 2
    pipeline = Pipeline(ListSource(frames(5)), analyser, lossless=True)
    run(pipeline)
    assert pipeline.progress().dropped == {LATE: 2}


def test_slow_writing_of_a_live_run_loses_pictures_and_no_rows() -> None:
    analysed = threading.Event()
    analyser = FakeAnalyser(every=10, before=lambda frame: frame.index == 99 and analysed.set())

    class SlowSink(MemorySink):
        def write(self, record: object) -> None:
            analysed.wait(LONG_S)
            super().write(record)  # type: ignore[arg-type]

    sink = SlowSink()
    config = RingConfig(seconds=60.0, record_mb=0.05)
    pipeline = Pipeline(ListSource(frames(100), live=True), analyser, [sink], config=config)
    run(pipeline)
    assert sink.frames == list(range(100))
    assert sum(len(record.analysis.events) for record in sink.records) == 11
    without = sum(not record.picture for record in sink.records if not record.rest)
    assert without == pipeline.progress().dropped[RECORD_BEHIND] > 50


# Requests


def test_a_session_starts_and_ends_with_a_fresh_analyser() -> None:
    log: list[str] = []
    analyser, sink = FakeAnalyser(every=100, log=log), MemorySink()

    def at(index: int) -> None:
        # The ring holds one frame here, so a request is served within two frames.
        if index in (10, 20):
            pipeline.session.put(index == 10)

    source = ListSource(frames(30), before=at)
    pipeline = Pipeline(source, analyser, [sink], lossless=True, config=RingConfig(ahead_s=0.001))
    run(pipeline)
    assert log == ["open", "finish", "restart", "finish", "restart", "finish", "close"]
    sessions = [session for session, _ in itertools.groupby(record.session for record in sink.records)]
    assert sessions == [0, 1, 0]
    last_of_session = [record for record in sink.records if record.session == 1][-1]
    assert last_of_session.rest


def test_a_session_asked_for_before_the_start_holds_the_first_frame() -> None:
    analyser, sink = FakeAnalyser(), MemorySink()
    pipeline = Pipeline(ListSource(frames(5)), analyser, [sink], lossless=True)
    pipeline.session.put(True)
    run(pipeline)
    assert {record.session for record in sink.records} == {1}
    assert sink.frames == list(range(5))


def test_a_second_request_for_the_running_session_changes_nothing() -> None:
    analyser, sink = FakeAnalyser(), MemorySink()
    source = ListSource(frames(30), before=lambda index: pipeline.session.put(True))
    pipeline = Pipeline(source, analyser, [sink], lossless=True)
    run(pipeline)
    assert analyser.log.count("restart") == 1


def test_the_neutral_face_is_measured_on_the_analyse_thread() -> None:
    analyser = FakeAnalyser()
    pipeline = Pipeline(ListSource(frames(5)), analyser, lossless=True)
    pipeline.neutral.put(True)
    run(pipeline)
    assert analyser.log == ["open", "rebaseline", "finish", "close"]
