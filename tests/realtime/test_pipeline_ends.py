"""An end to every run however it fails, in stop order, and nothing that was analysed is lost."""

from __future__ import annotations

import threading

import pytest

from realtime import pipeline as pipeline_module
from realtime.errors import FlinchError, ModelFileError, OutputError, SourceError
from realtime.pipeline import Pipeline
from realtime.ring import RECORD_BEHIND, Record
from realtime.types import Frame
from tests.fakes import FakeAnalyser, ListSource, MemorySink
from tests.realtime.pipeline_runs import LONG_S, endless, frames, run


def test_a_stopped_endless_run_ends_in_stop_order() -> None:
    log: list[str] = []
    analyser, sink = FakeAnalyser(log=log), MemorySink(log=log)
    source = ListSource(endless())
    with Pipeline(source, analyser, [sink], lossless=True) as pipeline:
        while pipeline.display.take(LONG_S) is None:
            pass
    assert source.closed.is_set()
    assert log == ["open", "finish", "close", "sink closed"]
    assert sink.frames == analyser.seen == list(range(len(analyser.seen)))


def test_a_failing_source_is_raised_after_its_frames_are_written() -> None:
    def unplugged(index: int) -> None:
        if index == 20:
            raise SourceError("camera:0 stopped delivering; check the cable")

    sink = MemorySink()
    with pytest.raises(SourceError, match="check the cable"):
        run(Pipeline(ListSource(endless(), before=unplugged), FakeAnalyser(every=7), [sink], lossless=True))
    assert sink.frames == list(range(20))
    assert sink.records[-1].rest
    assert sink.closed == 1


def test_what_a_source_says_when_it_is_closed_is_no_error() -> None:
    stopped = threading.Event()

    def closed(index: int) -> None:
        stopped.wait(LONG_S)
        raise SourceError("fake is closed")

    pipeline = Pipeline(ListSource(frames(3), before=closed), FakeAnalyser(), lossless=True)
    pipeline.start()
    pipeline.stop()
    stopped.set()
    pipeline.join()


def test_a_fault_in_analysis_is_raised_and_what_came_before_is_written() -> None:
    def fault(frame: Frame) -> None:
        if frame.index == 20:
            raise ZeroDivisionError("a fault")

    sink = MemorySink()
    with pytest.raises(ZeroDivisionError, match="a fault"):
        run(Pipeline(ListSource(endless()), FakeAnalyser(before=fault), [sink], lossless=True))
    assert sink.frames == list(range(20))
    assert sink.closed == 1


def test_an_analyser_that_cannot_open_is_raised_and_nothing_is_read() -> None:
    class Broken(FakeAnalyser):
        def open(self) -> None:
            raise ModelFileError("model file causalnet.onnx: No such file")

    read: list[int] = []
    sink = MemorySink()
    source = ListSource(frames(3), before=read.append)
    with pytest.raises(ModelFileError, match="causalnet.onnx"):
        run(Pipeline(source, Broken(), [sink], lossless=True))
    assert sink.closed == 1
    assert read in ([], [0])  # the ring it would go into is closed


@pytest.mark.parametrize("lossless", [True, False])
def test_a_full_disk_stops_the_run_and_closes_every_sink(lossless: bool) -> None:
    bad = MemorySink(fails_at=5, error=OutputError("cannot write events.csv: No space left on device"))
    good = MemorySink()
    with pytest.raises(OutputError, match="No space left"):
        run(Pipeline(ListSource(endless()), FakeAnalyser(), [good, bad], lossless=lossless))
    assert len(good.records) == 6
    assert (good.closed, bad.closed) == (1, 1)


def test_a_source_that_hangs_is_left_behind_and_the_tables_are_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(pipeline_module.JOIN_S, "capture", 0.01)
    freed = threading.Event()
    sink = MemorySink()
    source = ListSource(frames(10), before=lambda index: index == 5 and freed.wait(LONG_S))
    pipeline = Pipeline(source, FakeAnalyser(), [sink], lossless=False)
    pipeline.start()
    while pipeline.progress().frames < 5:
        pipeline.display.take(LONG_S)
    pipeline.stop()
    with pytest.raises(FlinchError, match="fake: capture did not end in time"):
        pipeline.join()
    freed.set()
    assert sink.frames == list(range(5))
    assert sink.closed == 1


def test_in_a_hurry_what_hangs_is_left_behind_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pipeline_module.HURRIED_S, "analyse", 0.01)
    freed = threading.Event()

    class Loading(FakeAnalyser):
        def open(self) -> None:
            freed.wait(LONG_S)

    sink = MemorySink()
    pipeline = Pipeline(ListSource(frames(3)), Loading(), [sink], lossless=True)
    pipeline.start()
    pipeline.stop(hurry=True)
    pipeline.join()
    assert not pipeline.ready
    assert sink.closed == 1
    freed.set()


def test_in_a_hurry_rows_are_written_without_their_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pipeline_module.HURRIED_S, "record", 0.01)
    monkeypatch.setitem(pipeline_module.HURRIED_S, "rows", LONG_S)
    analysed = threading.Event()
    out_of_time = threading.Event()

    class Slow(MemorySink):
        def write(self, record: Record) -> None:
            if record.picture:
                out_of_time.wait(LONG_S)
            super().write(record)

    sink = Slow()
    analyser = FakeAnalyser(before=lambda frame: frame.index == 9 and analysed.set())
    pipeline = Pipeline(ListSource(frames(10), live=True), analyser, [sink], lossless=False)
    really = pipeline._records.leave_out_pictures
    monkeypatch.setattr(pipeline._records, "leave_out_pictures", lambda: (really(), out_of_time.set()))
    pipeline.start()
    analysed.wait(LONG_S)
    pipeline.stop(hurry=True)
    pipeline.join()
    assert sink.frames == list(range(10))
    assert pipeline.progress().dropped[RECORD_BEHIND] == 9
    assert sink.closed == 1


def test_what_the_caller_raises_is_not_hidden_by_what_a_thread_raises() -> None:
    def fault(frame: Frame) -> None:
        raise ZeroDivisionError

    sink = MemorySink()
    with (
        pytest.raises(KeyboardInterrupt),
        Pipeline(ListSource(frames(3)), FakeAnalyser(before=fault), [sink]),
    ):
        raise KeyboardInterrupt
    assert sink.closed == 1
