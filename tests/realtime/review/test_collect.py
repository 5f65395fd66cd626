"""Records in, sessions with their evidence out: live, recorded, cut short."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from realtime.review.codec import chips_of
from realtime.review.collect import Collector
from realtime.review.records import AROUND_NS, SLOWNESS, Query
from realtime.review.store import Store
from realtime.ring import Record, without_picture
from realtime.types import Analysis, Event, Recognition, SpotSignal
from tests.fakes import make_frame
from tests.realtime.made_up import EVENT, MS, face_chip
from tests.realtime.review.conftest import recognition_at

ONSET, APEX, OFFSET, EMITTED = 30, 35, 42, 48


def event_at(shift: int = 0) -> Event:
    def ns(frame: int) -> int:
        return make_frame(frame + shift).t_ns

    return replace(
        EVENT, onset_frame=ONSET + shift, apex_frame=APEX + shift, offset_frame=OFFSET + shift,
        onset_ns=ns(ONSET), apex_ns=ns(APEX), offset_ns=ns(OFFSET), emitted_ns=ns(EMITTED),
    )  # fmt: skip


def record(index: int, session: int = 0, found: tuple[Event, Recognition] | None = None) -> Record:
    """One frame with one face; its level is the frame's number."""
    frame = make_frame(index, size=(480, 640), level=index % 200)
    gray = np.full((128, 128), index % 250, np.uint8)
    chip = replace(face_chip(), frame_index=index, t_ns=frame.t_ns, gray_u8=gray)
    signal = SpotSignal(
        "fake", index, frame.t_ns, 0, 2.0 + (index == APEX), 6.0, 1.0, True, np.zeros(15, np.float32)
    )
    events, recognitions = ((found[0],), (found[1],)) if found else ((), ())
    return Record(Analysis(frame, (chip,), (signal,), events, recognitions), True, session)


def run(collector: Collector, frames: int, session_from: int = 0, start: int = 0) -> None:
    """Frames with the event above, emitted at EMITTED after `start`."""
    for index in range(start, start + frames):
        found = None
        if index == start + EMITTED:
            shift = start
            found = (
                replace(
                    event_at(shift), **{n: getattr(event_at(), n) + make_frame(start).t_ns for n in TIMES}
                ),
                recognition_at(ONSET + shift, APEX + shift, OFFSET + shift),
            )
        collector.write(record(index, int(session_from > 0 and index >= session_from), found))


TIMES = ("onset_ns", "apex_ns", "offset_ns", "emitted_ns")


def test_an_event_is_there_at_once_and_its_evidence_half_a_second_after_its_offset(store: Store) -> None:
    collector = Collector(store, "fake")
    run(collector, EMITTED + 1)
    (found,) = store.candidates()
    assert not found.evidence
    for index in range(EMITTED + 1, OFFSET + 15):
        collector.write(record(index))
    assert not store.candidates()[0].evidence
    for index in range(OFFSET + 15, OFFSET + 17):
        collector.write(record(index))
    assert store.candidates()[0].evidence
    collector.close()
    assert store.sessions()[0].finished


def test_evidence_reaches_half_a_second_to_both_sides(store: Store) -> None:
    collector = Collector(store, "fake")
    run(collector, 90)
    collector.close()
    (found,) = store.candidates()
    evidence = store.evidence(found.ref)
    assert evidence is not None
    assert evidence.frames.tolist() == list(range(ONSET - 15, OFFSET + 16))
    assert found.event.onset_ns - evidence.t_ns[0] <= AROUND_NS
    assert evidence.t_ns[15] == found.event.onset_ns
    assert evidence.scores[APEX - evidence.frames[0]] == 3.0
    assert [int(chip[0, 0]) for chip in chips_of(evidence)] == evidence.frames.tolist()


def test_the_loop_has_a_key_picture_per_frame_four_times_slower(store: Store, tmp_path: Path) -> None:
    collector = Collector(store, "fake")
    run(collector, 90)
    collector.close()
    evidence = store.evidence(store.candidates()[0].ref)
    assert evidence is not None
    path = tmp_path / "loop.mp4"
    path.write_bytes(evidence.loop_mp4)
    with av.open(str(path)) as film:
        pictures = list(film.decode(video=0))
    assert len(pictures) == len(evidence.frames)
    assert all(picture.key_frame for picture in pictures)
    assert float(pictures[-1].time) == pytest.approx(
        SLOWNESS * (evidence.t_ns[-1] - evidence.t_ns[0]) / 1e9, abs=1e-3
    )
    levels = [picture.to_ndarray(format="gray").mean() for picture in pictures]
    assert all(later > earlier for earlier, later in zip(levels, levels[3:], strict=False))


def test_a_run_cut_short_keeps_the_evidence_there_is(store: Store) -> None:
    collector = Collector(store, "fake")
    run(collector, EMITTED + 1)
    collector.close()
    evidence = store.evidence(store.candidates()[0].ref)
    assert evidence is not None
    assert evidence.frames[-1] == EMITTED


def test_without_pictures_the_chips_of_the_window_are_shown(store: Store) -> None:
    collector = Collector(store, "fake")
    for index in range(70):
        one = record(
            index, found=(event_at(), recognition_at(ONSET, APEX, OFFSET)) if index == EMITTED else None
        )
        collector.write(replace(one, analysis=without_picture(one.analysis), picture=False))
    collector.close()
    evidence = store.evidence(store.candidates()[0].ref)
    assert evidence is not None
    assert evidence.frames.tolist() == list(range(ONSET, OFFSET + 1))


def test_without_an_event_there_is_no_session(store: Store) -> None:
    collector = Collector(store, "fake")
    for index in range(40):
        collector.write(record(index))
    collector.close()
    assert store.sessions() == ()


def test_a_recording_is_a_session_of_its_own_counted_from_its_first_frame(tmp_path: Path) -> None:
    with Store() as memory, Store(tmp_path / "flinch.sqlite") as kept:
        collector = Collector(memory, "fake", kept=kept, folder=lambda: tmp_path / "session-1")
        run(collector, 90)
        run(collector, 90, session_from=90, start=90)
        for index in range(180, 190):
            collector.write(record(index))
        (recorded,) = kept.sessions()
        assert (recorded.folder, recorded.finished) == ("session-1", True)
        (found,) = kept.candidates()
        assert (found.event.event, found.event.onset_frame, found.event.offset_frame) == (0, ONSET, OFFSET)
        assert found.event.onset_ns == make_frame(ONSET).t_ns
        evidence = kept.evidence(found.ref)
        assert evidence is not None
        assert evidence.frames.tolist() == list(range(ONSET - 15, OFFSET + 16))
        assert abs(int(evidence.t_ns[15]) - found.event.onset_ns) <= 1
        assert len(memory.candidates()) == 1
        collector.close()


def test_a_recording_without_an_event_is_listed_too(tmp_path: Path) -> None:
    with Store() as memory, Store(tmp_path / "flinch.sqlite") as kept:
        collector = Collector(memory, "fake", kept=kept, folder=lambda: tmp_path / "session-1")
        collector.write(record(0, session=1))
        assert [session.folder for session in kept.sessions()] == ["session-1"]
        collector.close()


def test_a_session_deleted_under_a_run_begins_anew(store: Store) -> None:
    collector = Collector(store, "fake")
    run(collector, EMITTED + 1)
    store.delete_session(store.sessions()[0].id)
    run(collector, 90, start=90)
    collector.close()
    assert len(store.candidates(Query())) == 1
    assert store.candidates()[0].evidence


def test_two_faces_do_not_share_their_pictures(store: Store) -> None:
    collector = Collector(store, "fake")
    for index in range(80):
        one = record(
            index, found=(event_at(), recognition_at(ONSET, APEX, OFFSET)) if index == EMITTED else None
        )
        other = replace(one.analysis.chips[0], face=1, gray_u8=np.full((128, 128), 255, np.uint8))
        chips = (other, *one.analysis.chips)
        collector.write(replace(one, analysis=replace(one.analysis, chips=chips)))
    collector.close()
    evidence = store.evidence(store.candidates()[0].ref)
    assert evidence is not None
    assert chips_of(evidence).max() < 255
    assert abs(EVENT.onset_ns - 1000 * MS) < MS
