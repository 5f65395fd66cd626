from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from pympi.Elan import Eaf

from realtime.output.events import event_record
from realtime.output.views import Candidate, elan_document, vtt_document
from realtime.types import Event, Kind
from tests.realtime.made_up import made_up

CUE = re.compile(r"event \d+\n(\d\d+):(\d\d):(\d\d)\.(\d\d\d) --> (\d\d+):(\d\d):(\d\d)\.(\d\d\d)\n\S.*")


def candidates(*events: Event) -> list[Candidate]:
    return [Candidate.from_record(event_record(event)) for event in events]


def many() -> list[Candidate]:
    return candidates(
        *(made_up(i, 450 * i, 400 + 30 * i, face=i % 2, kind=list(Kind)[i % 3 == 0]) for i in range(40))
    )


def eaf(tmp_path: Path, found: list[Candidate], media: Path | None = None) -> Path:
    path = tmp_path / "events.eaf"
    path.write_text(elan_document(found, folder=tmp_path, media=media), encoding="utf-8")
    return path


def cues(document: str) -> list[tuple[int, int, str]]:
    blocks = document.rstrip("\n").split("\n\n")
    assert blocks[0] == "WEBVTT" and blocks[1].startswith("NOTE ")
    found = []
    for block in blocks[2:]:
        match = CUE.fullmatch(block)
        assert match, block
        times = [int(group) for group in match.groups()]
        assert all(times[i] < 60 for i in (1, 2, 5, 6))
        start, end = (((t[0] * 60 + t[1]) * 60 + t[2]) * 1000 + t[3] for t in (times[:4], times[4:]))
        found.append((start, end, block.splitlines()[2]))
    return found


def test_a_cue_says_what_was_seen() -> None:
    ((start, end, text),) = cues(vtt_document(candidates(made_up(0, 3_723_004, 350))))
    assert (start, end) == (3_723_004, 3_723_354)
    assert text == "micro candidate, face 0: positive 0.81 [blink, speech]"


def test_cues_are_in_order_and_never_empty() -> None:
    found = cues(vtt_document(candidates(made_up(0, 900), made_up(1, 100, 0), made_up(2, 500))))
    assert [start for start, _, _ in found] == [100, 500, 900]
    assert all(end > start for start, end, _ in found)


def test_no_event_still_makes_valid_documents(tmp_path: Path) -> None:
    assert cues(vtt_document([])) == []
    assert sorted(Eaf(str(eaf(tmp_path, []))).get_tier_names()) == ["macro face 0", "micro face 0"]


def test_an_event_without_confidence_shows_its_label_alone() -> None:
    (candidate,) = candidates(made_up(0, confidence=float("nan"), label="unclear", flags=frozenset()))
    assert candidate.text == "unclear"


def test_elan_opens_with_pympi(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    path = eaf(tmp_path, candidates(made_up(0, 1000), made_up(1, 3000, 800, kind=Kind.MACRO, face=2)))
    document = Eaf(str(path))
    assert document.get_annotation_data_for_tier("micro face 0") == [
        (1000, 1400, "positive 0.81 [blink, speech]")
    ]
    assert [a[:2] for a in document.get_annotation_data_for_tier("macro face 2")] == [(3000, 3800)]
    assert document.get_full_time_interval() == (1000, 3800)
    assert not [warning for warning in recwarn if "version" in str(warning.message)]


def test_pympi_finds_every_candidate_and_can_save_it_again(tmp_path: Path) -> None:
    document = Eaf(str(eaf(tmp_path, many())))
    tiers = document.get_tier_names()
    assert sum(len(document.get_annotation_data_for_tier(tier)) for tier in tiers) == 40
    document.to_file(str(tmp_path / "again.eaf"))
    assert sorted(Eaf(str(tmp_path / "again.eaf")).get_tier_names()) == sorted(tiers)


def test_the_rules_of_the_schema_hold(tmp_path: Path) -> None:
    root = ElementTree.parse(eaf(tmp_path, many(), tmp_path / "clip.mp4")).getroot()
    order = [child.tag for child in root]
    assert order == sorted(order, key=["HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE"].index)
    assert {"AUTHOR", "DATE", "FORMAT", "VERSION"} <= set(root.attrib)
    slots = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE", "")) for slot in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values())
    annotations = list(root.iter("ALIGNABLE_ANNOTATION"))
    used = [a.get(name) for a in annotations for name in ("TIME_SLOT_REF1", "TIME_SLOT_REF2")]
    assert sorted(map(str, used)) == sorted(map(str, slots))
    ids = [a.get("ANNOTATION_ID") for a in annotations]
    assert len(set(ids)) == len(ids) == 40 and not set(ids) & set(slots)
    types = {t.get("LINGUISTIC_TYPE_ID") for t in root.iter("LINGUISTIC_TYPE")}
    assert {tier.get("LINGUISTIC_TYPE_REF") for tier in root.iter("TIER")} == types
    names = [tier.get("TIER_ID") for tier in root.iter("TIER")]
    assert len(set(names)) == len(names)


def test_annotations_of_one_tier_never_overlap(tmp_path: Path) -> None:
    found = candidates(made_up(0, 0, 1000), made_up(1, 500, 1000), made_up(2, 900), made_up(3, 1000))
    document = Eaf(str(eaf(tmp_path, found)))
    for tier in document.get_tier_names():
        spans = sorted(document.get_annotation_data_for_tier(tier))
        assert all(first[1] <= second[0] for first, second in zip(spans, spans[1:], strict=False))
    # 0 and 3 touch at 1000 ms, which is allowed: they share the first tier.
    assert len(document.get_annotation_data_for_tier("micro face 0")) == 2
    assert {"micro face 0 (2)", "micro face 0 (3)"} <= set(document.get_tier_names())


def test_the_clip_is_named_relative_to_the_document(tmp_path: Path) -> None:
    clip = tmp_path / "clips" / "a & b é.mpg"
    (media,) = Eaf(str(eaf(tmp_path, [], clip))).media_descriptors
    assert media["RELATIVE_MEDIA_URL"] == "./clips/a & b é.mpg"
    assert media["MEDIA_URL"] == f"file://{clip.resolve()}"
    assert media["MIME_TYPE"] == "video/mpeg"


def test_a_clip_elsewhere_and_odd_characters_still_make_valid_xml(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    text = elan_document([], folder=folder, media=tmp_path / "bell\x07\udcff.xyz")
    (media,) = ElementTree.fromstring(text).iter("MEDIA_DESCRIPTOR")
    assert media.get("RELATIVE_MEDIA_URL") == "../bell??.xyz"
    assert media.get("MIME_TYPE") == "video/*"
