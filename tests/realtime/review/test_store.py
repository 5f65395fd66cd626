"""Sessions, events and evidence come back as they went in; a store in memory keeps its bounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from realtime.review.codec import chips_of, event_record
from realtime.review.records import Change, Origin, Query, Status, Tally
from realtime.review.store import Limits, Store
from tests.realtime.made_up import EVENT, made_up
from tests.realtime.review.conftest import filled, made_up_evidence


def test_an_event_comes_back_as_it_was_found(store: Store) -> None:
    session = store.add_session("one", "clip.mp4", Origin.REPLAY)
    ref = store.add_event(session.id, EVENT)
    found = store.candidate(ref)
    assert event_record(found.event) == event_record(EVENT)
    assert found.review.status is Status.PENDING
    assert (found.review.onset_frame, found.review.label, found.review.decided) == (30, "positive", None)
    assert not found.evidence


def test_evidence_comes_back_bit_for_bit(store: Store) -> None:
    evidence = made_up_evidence()
    ref, _, _ = filled(store)
    kept = store.evidence(ref)
    assert kept is not None
    np.testing.assert_array_equal(kept.frames, evidence.frames)
    np.testing.assert_array_equal(kept.t_ns, evidence.t_ns)
    np.testing.assert_array_equal(kept.scores, evidence.scores)
    np.testing.assert_array_equal(kept.maps_u8, evidence.maps_u8)
    np.testing.assert_array_equal(chips_of(kept), chips_of(evidence))
    assert (kept.loop_mp4, kept.heat_png) == (evidence.loop_mp4, evidence.heat_png)
    assert store.candidate(ref).evidence


def test_odd_bytes_are_written_as_escapes(store: Store) -> None:
    session = store.add_session("a\udcff", "b\udcff.mp4", Origin.REPLAY, subject="c\udcff")
    ref = store.add_event(session.id, replace(EVENT, source="b\udcff.mp4"))
    assert store.decide(ref, Change(note="d\ud800")).review.note == "d\\ud800"
    store.describe_session(session.id, name="e\udcff")
    assert store.sessions()[0].name == "e\\udcff"
    assert store.candidate(ref).event.source == "b\udcff.mp4"


def test_tallies_count_what_was_decided(store: Store) -> None:
    one, two, other = filled(store)
    store.decide(one, Change(status=Status.ACCEPTED))
    store.decide(two, Change(status=Status.REJECTED))
    tallies = store.tallies()
    assert tallies[one.session] == Tally(events=2, accepted=1, rejected=1)
    assert tallies[other.session].pending == 1


def test_a_store_in_memory_drops_the_oldest_session_first() -> None:
    with Store(limits=Limits(sessions=2)) as store:
        ids = [store.add_session(str(i), "demo", Origin.LIVE).id for i in range(3)]
        assert {session.id for session in store.sessions()} == set(ids[1:])


def test_a_store_in_memory_stays_within_its_bytes() -> None:
    evidence = made_up_evidence()
    limit_mb = 3 * evidence.nbytes / 1e6
    with Store(limits=Limits(max_mb=limit_mb)) as store:
        session = store.add_session("long", "demo", Origin.LIVE)
        for number in range(8):
            store.add_event(session.id, made_up(number), evidence)
        numbers = [found.event.event for found in store.candidates()]
        assert store.used_bytes <= limit_mb * 1e6
        assert numbers[-1] == 7
        assert 1 <= len(numbers) < 4


def test_nothing_in_memory_touches_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    with Store() as store:
        filled(store)
        store.candidates(Query(order="confidence"))
        assert list(tmp_path.iterdir()) == []


def test_reserving_takes_the_room_once() -> None:
    with Store(limits=Limits(max_mb=2.0)) as store:
        store.reserve()
        pages = _pages(store)
        store.reserve()
        filled(store)
        assert _pages(store) == pages and store.used_bytes < pages * 4096


def _pages(store: Store) -> int:
    with store._database.reading() as sql:
        return int(sql.execute("PRAGMA page_count").fetchone()[0])
