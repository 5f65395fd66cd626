from __future__ import annotations

from math import nan

import pytest

from realtime.errors import ReviewError
from realtime.review.queries import sort_key
from realtime.review.records import Change, Origin, Query, Status, unit_of
from realtime.review.store import Store
from realtime.types import Kind
from tests.realtime.made_up import made_up
from tests.realtime.review.conftest import filled


def numbers(store: Store, query: Query) -> list[str]:
    """Which of the three events: `a0`, `a1` of the first session, `b0` of the second."""
    names = {session.id: "ab"[session.source == "bert.mp4"] for session in store.sessions()}
    return [f"{names[found.session]}{found.event.event}" for found in store.candidates(query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), "a0 a1 b0"),
        (Query(sources=("bert.mp4",)), "b0"),
        (Query(kinds=("micro",)), "a0 a1"),
        (Query(labels=("surprise", "unclear")), "a1 b0"),
        (Query(labels=("negative",)), "a0"),
        (Query(labels=("positive",)), ""),
        (Query(statuses=("accepted",)), "a0"),
        (Query(statuses=("pending", "rejected")), "a1 b0"),
        (Query(flags=("blink",)), "a0 b0"),
        (Query(without_flags=("blink",)), "a1"),
        (Query(without_flags=("speech",)), "a1 b0"),
        (Query(confidence=(0.5, 1.0)), "a0 b0"),
        (Query(confidence=(0.0, 0.5)), "a1"),
        (Query(text="anna"), "a0 a1"),
        (Query(text="bert mp4"), "b0"),
        (Query(text="smile"), "a0"),
        (Query(text="100%_"), ""),
        (Query(order="confidence"), "a1 a0 b0"),
        (Query(order="time", descending=True, limit=1), "b0"),
        (Query(kinds=("micro",), statuses=("pending",)), "a1"),
    ],
)
def test_what_is_asked_for_is_found(store: Store, query: Query, expected: str) -> None:
    one, _, _ = filled(store)
    store.decide(one, Change(status=Status.ACCEPTED, label="negative", note="a half smile"))
    assert sorted(numbers(store, query)) == sorted(expected.split())
    if query.order == "confidence":
        assert numbers(store, query)[0] == "a1"


def test_evidence_and_noise_are_never_compared(store: Store) -> None:
    """A micro of the learned spotter with the rules' long movements, and a micro that the rules found."""
    session = store.add_session("a", "demo", Origin.LIVE)
    scores = ((Kind.MICRO, 0.91), (Kind.MACRO, 7.5), (Kind.MICRO, 6.2), (Kind.MICRO, 0.47), (Kind.MACRO, nan))
    for number, (kind, score) in enumerate(scores):
        store.add_event(session.id, made_up(number, kind=kind, spot_score=score))
    order = Query(order="strength", descending=True)
    found = store.candidates(order)
    assert [one.event.event for one in found] == [0, 3, 1, 2, 4]
    assert [unit_of(one.event).value for one in found] == ["evidence"] * 2 + ["noise"] * 3
    assert sorted(found, key=lambda one: sort_key("strength", one, ""), reverse=True) == list(found)


def test_sessions_are_chosen_by_id(store: Store) -> None:
    _, _, other = filled(store)
    assert numbers(store, Query(sessions=(other.session,))) == ["b0"]


def test_values_are_never_taken_for_sql(store: Store) -> None:
    filled(store)
    hostile = "x'); DROP TABLE events; --"
    assert numbers(store, Query(text=hostile, sources=(hostile,), flags=(hostile,))) == []
    assert len(store.candidates()) == 3


def test_an_unknown_order_is_refused(store: Store) -> None:
    with pytest.raises(ReviewError, match="is no order; give one of time, confidence, strength, decided"):
        store.candidates(Query(order="1; DROP TABLE events"))
