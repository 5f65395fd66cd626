"""Who sees what, what is kept, what may be deleted, and what recordings bring in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from realtime.clock import NS_PER_S
from realtime.errors import ReviewError
from realtime.output.events import EventWriter
from realtime.recording.session_format import FORMAT, FORMAT_VERSION, SESSION_NAME
from realtime.review.desk import Desk
from realtime.review.records import Change, Origin, Query, Status
from realtime.review.store import Store
from tests.realtime.made_up import EVENT, made_up
from tests.realtime.review.conftest import VISITOR, filled


def recording(desk_folder: Path, name: str, *, finished: bool = True, events: int = 2) -> Path:
    """A folder as `cam --record` leaves it, without its film."""
    folder = desk_folder / "sessions" / name
    with EventWriter(folder) as writer:
        for number in range(events):
            writer.write(made_up(number))
    about = {"format": FORMAT, "version": FORMAT_VERSION, "source": "camera:0", "finished": finished}
    (folder / SESSION_NAME).write_text(json.dumps({**about, "started": "2026-01-02T03:04:05+00:00"}))
    return folder


def test_unrecorded_events_are_the_visitors_own_and_never_on_disk(tmp_path: Path) -> None:
    desk = Desk(None)
    filled(desk.store_of("me", kept=False))
    assert len(desk.entries("me")) == 2
    assert desk.entries("you") == ()
    session = desk.entries("me")[0].session.id
    with pytest.raises(ReviewError, match="is not there any more"):
        desk.owner("you", session)
    with pytest.raises(ReviewError, match="nothing is kept here"):
        desk.store_of("me", kept=True)
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_everybodys(desk: Desk) -> None:
    filled(desk.store_of("me", kept=True))
    assert [entry.kept for entry in desk.entries("you")] == [True, True]
    assert len(desk.candidates("you", Query(kinds=("micro",)))) == 2


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", ["confidence", "strength", "time", "decided"])
def test_what_is_kept_and_what_is_not_come_in_one_order(desk: Desk, order: str, descending: bool) -> None:
    for number, kept in enumerate((True, False, True, False)):
        store = desk.store_of("me", kept=kept)
        session = store.add_session(str(number), "demo", Origin.LIVE)
        value = (3, 1, 2, 0)[number] / 10
        store.add_event(session.id, made_up(0, 1000 + number, confidence=value, spot_score=value))
    found = desk.candidates("me", Query(order=order, descending=descending))
    assert len(found) == 4
    if order in ("confidence", "strength"):
        assert [one.event.confidence for one in found] == sorted((0.3, 0.1, 0.2, 0.0), reverse=descending)


def test_the_visitor_unseen_longest_is_forgotten() -> None:
    desk = Desk(None, visitors=2)
    for visitor in ("a", "b", "a", "c"):
        filled(desk.store_of(visitor, kept=False))
    assert [len(desk.entries(visitor)) for visitor in ("a", "c")] == [4, 2]
    assert desk.entries("b") == ()


def test_what_another_process_found_is_adopted_whole(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "child.sqlite"
    with Store(other) as store:
        one, _, _ = filled(store)
        store.decide(one, Change(status=Status.ACCEPTED, note="seen"))
        evidence = store.evidence(one)
    ids = desk.adopt(other, VISITOR, kept=False)
    assert {entry.session.id for entry in desk.entries(VISITOR)} == set(ids)
    mine = desk.store_of(VISITOR, kept=False)
    assert mine.candidate(one).review.note == "seen"
    adopted = mine.evidence(one)
    assert evidence is not None and adopted is not None
    assert adopted.chips_png == evidence.chips_png
    assert desk.adopt(other, VISITOR, kept=False) == ids
    assert len(desk.entries(VISITOR)) == 2


def test_deleting_takes_the_recording_along(desk: Desk, tmp_path: Path) -> None:
    folder = recording(tmp_path, "session-1")
    desk.index_recordings()
    (entry,) = desk.entries(VISITOR)
    desk.delete(VISITOR, entry.session.id)
    assert not folder.exists()
    assert (desk.entries(VISITOR), desk.index_recordings()) == ((), 0)


@pytest.mark.parametrize("name", ["..", "../outside", "/etc", "", "a/b", "link"])
def test_only_a_folder_of_recordings_is_ever_deleted(desk: Desk, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "dear").write_text("letter")
    (tmp_path / "sessions").mkdir()
    (tmp_path / "sessions" / "link").symlink_to(outside)
    session = desk.store_of(VISITOR, kept=True).add_session("x", "demo", Origin.LIVE, folder=name)
    with pytest.raises(ReviewError, match="nothing was deleted"):
        desk.delete(VISITOR, session.id)
    assert (outside / "dear").exists()
    assert len(desk.entries(VISITOR)) == 1


def test_a_session_that_is_being_recorded_stays(desk: Desk, tmp_path: Path) -> None:
    folder = recording(tmp_path, "session-1")
    session = desk.store_of(VISITOR, kept=True).add_session("now", "demo", Origin.LIVE, folder=folder.name)
    desk._note_open(session.id, True)
    with pytest.raises(ReviewError, match="now is still being recorded; stop it, and wait"):
        desk.delete(VISITOR, session.id)
    desk._note_open(session.id, False)
    desk.delete(VISITOR, session.id)
    assert not folder.exists()


def test_recordings_come_in_with_their_events(desk: Desk, tmp_path: Path) -> None:
    recording(tmp_path, "session-1")
    assert desk.index_recordings() == 1
    assert desk.index_recordings() == 0
    (entry,) = desk.entries(VISITOR)
    assert (entry.session.origin, entry.session.source, entry.tally.events) == (
        Origin.RECORDED,
        "camera:0",
        2,
    )
    event = desk.candidates(VISITOR)[0].event
    assert event.flags == EVENT.flags
    assert abs(event.onset_ns - NS_PER_S) < 1000
    assert event.regions_px["chin"] == 0.3333


def test_a_recording_of_our_own_takes_over_what_was_found_too_early(desk: Desk, tmp_path: Path) -> None:
    folder = recording(tmp_path, "session-1", finished=False, events=0)
    desk.index_recordings()
    store = desk.store_of(VISITOR, kept=True)
    own = store.add_session("live", "camera:0", Origin.LIVE, folder=folder.name)
    assert [entry.session.id for entry in desk.entries(VISITOR)] == [own.id]
    assert desk.index_recordings() == 0


def test_a_recording_that_goes_on_grows(desk: Desk, tmp_path: Path) -> None:
    folder = recording(tmp_path, "session-1", finished=False, events=1)
    desk.index_recordings()
    desk.store_of(VISITOR, kept=True).decide(desk.candidates(VISITOR)[0].ref, Change(status=Status.ACCEPTED))
    for path in folder.iterdir():
        path.unlink()
    recording(tmp_path, "session-1", events=3)
    desk.index_recordings()
    (entry,) = desk.entries(VISITOR)
    assert (entry.tally.events, entry.tally.accepted, entry.session.finished) == (3, 1, True)


def test_a_damaged_recording_is_left_out_and_left_alone(desk: Desk, tmp_path: Path) -> None:
    folder = recording(tmp_path, "session-1")
    (folder / "events.jsonl").write_text('{"event": 0}\n')
    other = recording(tmp_path, "session-2")
    (other / SESSION_NAME).write_text("{")
    assert desk.index_recordings() == 0
    assert (folder / "events.jsonl").read_text() == '{"event": 0}\n'
