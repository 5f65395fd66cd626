"""Tasks, composite rules, errata."""

from __future__ import annotations

from dataclasses import replace

import pytest

from realtime.types import Kind
from tests.train.readers.conftest import reasons
from train.features import read_features
from train.readers.emotions import SEVEN, classes, composite, emotion, label, labelled
from train.readers.errata import EDITIONS, corrected
from train.readers.sample import Reading, Sample
from train.readers.workbook import Row, RowError

SAMPLE = Sample("casme2", "sub01", "EP", Kind.MICRO, 1, 2, 3, "disgust", "4", 200.0, None, 2)


def reading(*samples: Sample) -> Reading:
    return Reading(samples[0].dataset, "labels", samples, ())


@pytest.mark.parametrize(
    ("word", "found"), [("Happy", "happiness"), (" Other", "others"), ("SAD", "sadness"), ("sur", "surprise")]
)
def test_spellings(word, found):
    assert emotion(word) == found


def test_an_unknown_word_is_refused():
    with pytest.raises(RowError, match="'bliss' is none of"):
        emotion("bliss")


@pytest.mark.parametrize(
    ("word", "three", "five", "seven"),
    [("disgust", 0, 1, 1), ("repression", 0, 2, 6), ("happiness", 1, 0, 0), ("surprise", 2, 3, 5)],
)
def test_tasks_of_casme2(word, three, five, seven):
    sample = replace(SAMPLE, emotion=word)
    assert [label(sample, task) for task in (3, 5, 7)] == [three, five, seven]


def test_what_has_no_class_is_said():
    assert label(replace(SAMPLE, emotion="others"), 3) == "others is no class of the 3-class task"
    assert label(replace(SAMPLE, dataset="smic-hs"), 5) == "smic-hs has no 5-class task"
    assert label(replace(SAMPLE, emotion=""), 7) == "the workbook names no emotion"
    assert label(replace(SAMPLE, emotion="negative"), 7) == "negative is no class of the 7-class task"
    kept, refused = labelled([SAMPLE, replace(SAMPLE, emotion="others")], 3)
    assert [at for _, at in kept] == [0] and len(refused) == 1
    assert classes("casme3-a", 7) == SEVEN


def test_composite_rules():
    named = ("disgust", "repression", "happiness", "surprise", "fear", "sadness", "others")
    words = [replace(SAMPLE, emotion=word, row=row) for row, word in enumerate(named, 2)]
    listed = replace(SAMPLE, subject="sub24", clip="EP02_07", row=9)
    found = composite(reading(*words, listed))
    assert [sample.row for sample in found.samples] == [2, 3, 4, 5]
    assert "fear of CASME II" in reasons(found)[6] and "not on the list" in reasons(found)[9]
    samm = composite(reading(*(replace(sample, dataset="samm") for sample in words)))
    assert [sample.emotion for sample in samm.samples][-1] == "sadness"
    assert reasons(samm) == {8: "others is no class of the 3-class task"}
    assert not composite(reading(replace(SAMPLE, dataset="mmew"))).samples


def test_composite_rules_leave_out_none_of_the_published_list(data_dir):
    features = read_features(data_dir / "causalnet-cde")
    words = {0: "repression", 1: "happiness", 2: "surprise"}
    rows = [replace(SAMPLE, subject=subject.split("/")[1], clip=clip, emotion=words[int(label)])
            for dataset, subject, clip, label in
            zip(features.datasets, features.subjects, features.clips, features.labels, strict=True)
            if dataset == "casme2"]  # fmt: skip
    found = composite(reading(*rows))
    assert len(found.samples) == 145 and "keep 145; its list has 145" in found.notes[-1]


def flawed_rows(count: int) -> list[Row]:
    cells = {"subject": "01", "onset": 1, "apex": "/", "offset": 10_000}
    return [Row(place + 2, dict(cells)) for place in range(count)]


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.dataset)
def test_errata_are_applied_as_a_whole_and_named(edition):
    places = {erratum.place for erratum in edition.errata}
    rows = flawed_rows(max(places) + 1)
    right, done, said = corrected(edition.dataset, rows)
    for erratum in edition.errata:
        assert right[erratum.place].frame(erratum.column) == erratum.value
        assert erratum.column in done[erratum.place + 2] and "tvaranka/meb" in done[erratum.place + 2]
    assert len(done) == len(places) and "applied to" in said


def test_errata_of_another_edition_leave_the_workbook_alone():
    sound = [Row(place + 2, {"subject": "01", "onset": 1, "apex": 5, "offset": 9}) for place in range(239)]
    elsewhere = [Row(place + 2, {"onset": 500, "apex": "/", "offset": 600}) for place in range(239)]
    for rows in (sound, elsewhere, flawed_rows(200)):
        right, done, said = corrected("casme2", rows)
        assert right == rows and not done and "not applied" in said
    rows = flawed_rows(3)
    assert corrected("smic-hs", rows) == (rows, {}, "")
