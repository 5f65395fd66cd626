"""Decisions: kept, undone, refused; never lost."""

from __future__ import annotations

import pytest

from realtime.errors import ReviewError
from realtime.review.records import Change, Ref, Status
from realtime.review.store import Store
from tests.realtime.made_up import EVENT
from tests.realtime.review.conftest import filled


def test_decisions_are_kept_one_after_another_and_undone_one_by_one(store: Store) -> None:
    ref, _, _ = filled(store)
    store.decide(ref, Change(status=Status.ACCEPTED))
    store.decide(ref, Change(label="negative"))
    now = store.shift(ref, "onset", -2).review
    assert (now.status, now.label, now.onset_frame) == (Status.ACCEPTED, "negative", 28)
    assert now.onset_ns == round(28e9 / 30)
    assert store.undo(ref).review.onset_frame == 30
    assert store.undo(ref).review.label == "positive"
    undone = store.undo(ref).review
    assert (undone.status, undone.decided) == (Status.PENDING, None)
    assert store.undo(ref).review == undone
    assert [review.label for review in store.history(ref)] == ["positive", "negative", "negative"]


def test_a_decision_that_changes_nothing_is_not_written(store: Store) -> None:
    ref, _, _ = filled(store)
    store.decide(ref, Change(status=Status.REJECTED))
    store.decide(ref, Change(status=Status.REJECTED))
    assert len(store.history(ref)) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(onset_frame=35), "onset 35, apex 35, offset 42: each must come before the next"),
        (Change(apex_frame=42), "onset 30, apex 42, offset 42: each must come before the next"),
        (Change(offset_frame=9999), "frame 9999 is not among the frames kept with this event"),
        (Change(label="angry"), "'angry' is no label; give one of negative, positive, surprise, unclear"),
        (Change(note="x" * 3000), "a note of 3000 characters is too long; 2000 are kept"),
    ],
)
def test_a_refused_decision_leaves_everything_as_it_was(store: Store, change: Change, words: str) -> None:
    ref, _, _ = filled(store)
    with pytest.raises(ReviewError, match=words.replace("?", r"\?")):
        store.decide(ref, change)
    assert store.history(ref) == ()


def test_marks_stop_where_the_evidence_ends(store: Store) -> None:
    ref, without, _ = filled(store)
    with pytest.raises(ReviewError, match="nothing was kept before this frame"):
        store.shift(ref, "onset", -16)
    assert store.shift(ref, "offset", 15).review.offset_frame == 57
    assert store.shift(without, "offset", 3).review.offset_frame == EVENT.offset_frame + 3


def test_an_event_that_is_gone_is_said_in_one_line(store: Store) -> None:
    with pytest.raises(ReviewError, match="event 00/3 is not there any more"):
        store.decide(Ref("00", 3), Change(status=Status.ACCEPTED))
