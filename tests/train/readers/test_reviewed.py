"""From decisions in the desk to what training reads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime.review.desk import Desk
from realtime.review.exports import write_folder
from realtime.review.records import Change, Origin, Status
from realtime.types import Kind
from tests.realtime.made_up import made_up
from tests.realtime.review.conftest import made_up_evidence
from train.errors import DatasetError
from train.features import FOLDER_NAME, LIST_NAME, read_features
from train.readers.reviewed import read
from train.splits import leave_one_subject_out

LABELS = ("negative", "positive", "surprise", "unclear", "negative")


def reviewed(folder: Path, subject: str = "Anna") -> Path:
    """Five events: four accepted, one of them unclear, one a macro movement; one rejected."""
    desk = Desk(None)
    store = desk.store_of("me", kept=False)
    session = store.add_session("s", "demo", Origin.LIVE, subject=subject)
    for number, label in enumerate(LABELS):
        length_ms = 900 if number == 2 else 400
        kind = Kind.MACRO if number == 2 else Kind.MICRO
        event = made_up(number, 1000, length_ms, kind=kind)
        ref = store.add_event(session.id, event, made_up_evidence())
        store.decide(ref, Change(status=Status.REJECTED if number == 4 else Status.ACCEPTED, label=label))
    write_folder(desk, "me", [session.id], folder)
    desk.close()
    return folder


def test_what_was_accepted_is_read_as_labelled(tmp_path: Path) -> None:
    data = read([reviewed(tmp_path / "a")], kinds=("micro", "macro"))
    assert data.labels.tolist() == [0, 1, 2]
    assert set(data.subjects) == {"reviewed/Anna"}
    np.testing.assert_array_equal(data.maps_u8[0], made_up_evidence().maps_u8)


def test_only_micro_expressions_unless_more_is_wanted(tmp_path: Path) -> None:
    assert read([reviewed(tmp_path / "a")]).labels.tolist() == [0, 1]


def test_the_published_reader_takes_the_folder_too(tmp_path: Path) -> None:
    assert len(read_features(reviewed(tmp_path / "a"))) == 3


def test_people_are_left_out_one_at_a_time(tmp_path: Path) -> None:
    data = read([reviewed(tmp_path / "a"), reviewed(tmp_path / "b", "Bert")])
    assert [fold.name for fold in leave_one_subject_out(data.subjects)] == ["reviewed-Anna", "reviewed-Bert"]


def test_the_same_event_counts_once(tmp_path: Path) -> None:
    folder = reviewed(tmp_path / "a")
    assert len(read([folder, folder])) == 2


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / LIST_NAME
    path.write_text(path.read_text().replace(old, new))


def spoil(folder: Path) -> None:
    path = next((folder / FOLDER_NAME).glob("*_2 .png"))
    cv2.imwrite(str(path), np.full((28, 28, 3), 7, np.uint8))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: edit(folder, "reviewed,Anna", "casme2,Anna"), "was not exported from a review"),
        (lambda folder: edit(folder, ",kind,", ",sort,"), "was not exported from a review"),
        (lambda folder: edit(folder, ",1,35,", ",7,35,"), "is none of 0 .. 2"),
        (spoil, "do not belong together"),
        (lambda folder: (folder / LIST_NAME).unlink(), "no sample list"),
    ],
)
def test_a_harmed_folder_is_named_in_one_line(tmp_path: Path, harm, words: str) -> None:  # type: ignore[no-untyped-def]
    folder = reviewed(tmp_path / "a")
    harm(folder)
    with pytest.raises(DatasetError, match=words) as told:
        read([folder])
    assert str(folder) in str(told.value)


def test_nothing_of_the_wanted_kind_is_said() -> None:
    with pytest.raises(DatasetError, match="no accepted event of the kinds micro in no folder at all"):
        read([])


def test_a_packed_export_must_be_unpacked(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is still packed"):
        read([tmp_path / "labelled.zip"])
