"""Every export, read back, is the same state; what was edited in between counts; damage is refused."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from realtime.errors import ReviewError
from realtime.review.codec import chips_of, event_record, review_record
from realtime.review.desk import Desk
from realtime.review.exports import FORMATS, export
from realtime.review.imports import MOST_BYTES, import_file, read_states
from realtime.review.records import Change, Origin, Ref, Status
from realtime.review.snapshot import SessionState, session_record, snapshot
from realtime.sizes import MB
from tests.realtime.made_up import made_up
from tests.realtime.review.conftest import VISITOR, filled, unpacked


@pytest.fixture
def refs(desk: Desk) -> tuple[Ref, Ref, Ref]:
    """Two sessions in the file, decided in every way, with names that every format stumbles over."""
    store = desk.store_of(VISITOR, kept=True)
    one, two, other = filled(store)
    store.describe_session(one.session, name='=HYPERLINK("x") --> <b>&', subject="Ännä\u2028, 'x'")
    store.decide(one, Change(status=Status.ACCEPTED, note='two\nlines, "quoted" --> and\r\n\u2028 more'))
    store.shift(one, "onset", -3)
    store.shift(one, "apex", 1)
    store.decide(two, Change(status=Status.REJECTED, label="surprise", note="-1"))
    return one, two, other


def state_text(state: SessionState) -> str:
    """Everything that an export must bring back, exactly."""
    events = [[event_record(one.event), review_record(one.review)] for one in state.events]
    return json.dumps([session_record(state.session), events])


def states(desk: Desk) -> list[str]:
    found = [
        state_text(snapshot(desk.owner(VISITOR, entry.session.id), entry.session.id))
        for entry in desk.entries(VISITOR)
    ]
    return sorted(found)


def ids(desk: Desk) -> list[str]:
    return [entry.session.id for entry in desk.entries(VISITOR)]


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_read_elsewhere_gives_the_same_state(desk: Desk, refs: object, format: str) -> None:
    made = export(desk, VISITOR, ids(desk), format)
    other = Desk(None)
    import_file(other, VISITOR, made.content, keep=False)
    assert states(other) == states(desk)
    other.close()


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_read_here_takes_later_decisions_back(
    desk: Desk, refs: tuple[Ref, Ref, Ref], format: str
) -> None:
    before, made = states(desk), export(desk, VISITOR, ids(desk), format)
    store = desk.store_of(VISITOR, kept=True)
    for ref in refs:
        store.decide(ref, Change(status=Status.REJECTED, label="negative", note="no"))
    assert states(desk) != before
    done = import_file(desk, VISITOR, made.content, keep=False)
    assert states(desk) == before
    assert (done.added_sessions, done.added_events, done.changed_reviews) == (0, 0, 3)
    assert store.evidence(refs[0]) is not None


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_review_gives_the_same_bytes(desk: Desk, refs: object, format: str) -> None:
    assert export(desk, VISITOR, ids(desk), format) == export(desk, VISITOR, ids(desk), format)


@pytest.mark.parametrize("format", ["eaf", "vtt"])
def test_one_session_comes_as_a_plain_document(desk: Desk, refs: tuple[Ref, Ref, Ref], format: str) -> None:
    made = export(desk, VISITOR, [refs[0].session], format)
    assert made.name.endswith(f".{format}")
    assert made.content.startswith(b"<?xml" if format == "eaf" else b"WEBVTT")


def test_captions_show_what_was_not_rejected(desk: Desk, refs: tuple[Ref, Ref, Ref]) -> None:
    text = export(desk, VISITOR, [refs[0].session], "vtt").content.decode()
    assert "accepted micro candidate, face 0: positive" in text
    assert "event 1\n" not in text
    assert "00:00:00.900 --> 00:00:01.400" in text  # onset three frames earlier


def test_elan_opens_the_document_and_what_is_moved_there_counts(
    desk: Desk, refs: tuple[Ref, Ref, Ref], tmp_path: Path
) -> None:
    pympi = pytest.importorskip("pympi")
    path = tmp_path / "review.eaf"
    path.write_bytes(export(desk, VISITOR, [refs[0].session], "eaf").content)
    document = pympi.Elan.Eaf(str(path))
    assert document.get_annotation_data_for_tier("accepted micro face 0")[0][:2] == (900, 1400)
    assert document.get_annotation_data_for_tier("rejected micro face 0")[0][2].startswith("surprise")
    text = (
        path.read_text()
        .replace('TIME_VALUE="1400"', 'TIME_VALUE="1500"')
        .replace("positive 0.81", "negative 0.81")
    )
    (state,) = read_states(text.encode())
    review = state.events[0].review
    assert (review.label, review.onset_frame, review.offset_frame) == ("negative", 27, 45)


def test_a_table_edited_in_a_spreadsheet_counts(desk: Desk, refs: tuple[Ref, Ref, Ref]) -> None:
    made = export(desk, VISITOR, [refs[2].session], "csv").content.decode()
    (row,) = csv.DictReader(io.StringIO(made))
    edited = io.StringIO()
    row |= {"status": "accepted", "label": "negative", "note": "by hand", "offset_frame": "44"}
    table = csv.DictWriter(edited, row)
    table.writeheader()
    table.writerow(row)
    (state,) = read_states("\ufeff".encode() + edited.getvalue().encode())
    review = state.events[0].review
    assert (review.status, review.label, review.note, review.offset_frame) == (
        Status.ACCEPTED,
        "negative",
        "by hand",
        44,
    )
    assert review.decided is not None
    assert review.offset_ns > made_up(0, 500, 900).offset_ns


def test_no_cell_is_a_formula(desk: Desk, refs: object) -> None:
    rows = list(
        csv.DictReader(io.StringIO(export(desk, VISITOR, ids(desk), "csv").content.decode(), newline=""))
    )
    assert all(row["name"][0] not in "=+-@" for row in rows)
    assert {row["note"] for row in rows} >= {"-1"}  # a number is none


def test_labelled_data_holds_what_was_accepted(
    desk: Desk, refs: tuple[Ref, Ref, Ref], tmp_path: Path
) -> None:
    store = desk.store_of(VISITOR, kept=True)
    store.decide(refs[2], Change(status=Status.ACCEPTED))  # has no evidence
    unpacked(desk, VISITOR, ids(desk), tmp_path / "labelled")
    with (tmp_path / "labelled" / "combined_3_class2_for_optical_flow.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["dataset"], row["label"], row["event"]) == ("reviewed", "1", "0")
    assert len(list((tmp_path / "labelled" / "STSNet_whole_norm_u_v_os").iterdir())) == 4
    notes = export(desk, VISITOR, ids(desk), "train").notes
    assert notes == ("1 without evidence, left out",)


@pytest.mark.parametrize("kept", [True, False])
def test_faces_are_written_only_of_what_was_kept(desk: Desk, tmp_path: Path, kept: bool) -> None:
    store = desk.store_of(VISITOR, kept=kept)
    ref, _, _ = filled(store)
    store.decide(ref, Change(status=Status.ACCEPTED, offset_frame=44))
    made = unpacked(desk, VISITOR, [ref.session], tmp_path / "labelled")
    strips = list((tmp_path / "labelled" / "samples").glob("*.npz"))
    assert len(strips) == int(kept)
    if kept:
        evidence = store.evidence(ref)
        assert evidence is not None
        with np.load(strips[0], allow_pickle=False) as strip:
            np.testing.assert_array_equal(strip["chips_u8"], chips_of(evidence))
            assert strip["numbers"][strip["keys"]].tolist() == [30, 35, 44]
    else:
        assert made.notes[-1] == "1 without faces: their session was not kept"


def test_labelled_data_needs_an_accepted_event(desk: Desk) -> None:
    filled(desk.store_of(VISITOR, kept=True))
    with pytest.raises(
        ReviewError, match="no labelled data: accept events of one of the three classes first"
    ):
        export(desk, VISITOR, ids(desk), "train")


def test_an_event_beyond_the_first_page_is_exported(desk: Desk) -> None:
    store = desk.store_of(VISITOR, kept=True)
    session = store.add_session("many", "demo", Origin.LIVE)
    for number in range(620):
        store.add_event(session.id, replace(made_up(number), onset_ns=10**9 * number))
    made = export(desk, VISITOR, [session.id], "jsonl")
    assert len(made.content.splitlines()) == 621


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/review.jsonl", bytes(MOST_BYTES + MB))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "this table was not exported from a review"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"a,b,c\n1,2,3\n", "this table was not exported from a review"),
        (b"WEBVTT\n\n1\n00:00.000 --> 00:01.000\nhello\n", "these captions were not exported from a review"),
        (b'{"type": "event"}\n', "an event lacks its `found`"),
        (b'{"type": "session", "format": "flinch-review", "version": 9}\n', "written by a later version"),
        (b"{nonsense\n", "line 1 is no JSON"),
        (b"[" * 100_000, "this table was not exported"),
        (b'{"a":' * 100_000, "line 1 is no JSON"),
        (b"<ANNOTATION_DOCUMENT/>", "this ELAN document was not exported from a review"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "its own entities"),
        (b"<x", "this ELAN document is damaged"),
        (b"PK\x03\x04 and so on", "this zip is damaged"),
        (bomb(), "this zip unpacks to 257 MB"),
        (bytes(MOST_BYTES + MB), "257 MB is too large"),
        (bytes(1_000_000), "this table is damaged"),
    ],
    ids=lambda value: value[:12].decode(errors="replace") if isinstance(value, bytes) else "",
)
def test_what_is_no_export_is_refused_in_one_line(desk: Desk, content: bytes, words: str) -> None:
    with pytest.raises(ReviewError, match=words) as told:
        import_file(desk, VISITOR, content, keep=True)
    assert "\n" not in str(told.value)
    assert desk.entries(VISITOR) == ()


def test_marks_out_of_order_in_a_file_are_refused(desk: Desk, refs: tuple[Ref, Ref, Ref]) -> None:
    lines = export(desk, VISITOR, [refs[0].session], "jsonl").content.decode().splitlines()
    record = json.loads(lines[1])
    record["review"]["apex_frame"] = 1
    with pytest.raises(ReviewError, match="each must come before the next"):
        read_states("\n".join([lines[0], json.dumps(record)]).encode())


def test_an_import_is_in_memory_unless_it_shall_be_kept(desk: Desk, refs: object) -> None:
    made = export(desk, VISITOR, ids(desk), "jsonl")
    kept = {entry.session.id for entry in desk.entries(VISITOR)}
    for session in kept:
        desk.delete(VISITOR, session)
    import_file(desk, VISITOR, made.content, keep=False)
    assert all(not entry.kept for entry in desk.entries(VISITOR))
    assert desk.entries("somebody else") == ()


def test_maps_of_moved_marks_are_computed_again(desk: Desk, refs: tuple[Ref, Ref, Ref]) -> None:
    from realtime.maps import direction_map
    from realtime.review.remade import heat_as_reviewed, maps_as_reviewed

    store = desk.store_of(VISITOR, kept=True)
    found, evidence = store.candidate(refs[0]), store.evidence(refs[0])
    assert evidence is not None
    maps = maps_as_reviewed(found.event, found.review, evidence)
    assert maps.shape == (4, 28, 28, 3)
    assert not np.array_equal(maps, evidence.maps_u8)
    np.testing.assert_array_equal(direction_map(maps[:2]), maps[2:])
    assert heat_as_reviewed(found.event, found.review, evidence).png != evidence.heat_png
