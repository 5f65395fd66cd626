from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime.errors import OutputError
from realtime.output.events import CSV_NAME, EAF_NAME, HEADER, JSONL_NAME, VTT_NAME, EventWriter, read_records
from realtime.types import Event, Flag, Kind
from tests.realtime.made_up import EVENT, made_up, small_disk

CONTRACT = (
    "event,source,face,onset_frame,apex_frame,offset_frame,onset_s,apex_s,offset_s,kind,label,confidence,"
    "p_negative,p_positive,p_surprise,flags,spot_score,emitted_s"
)


def written(folder: Path, *events: Event) -> Path:
    with EventWriter(folder) as writer:
        for event in events:
            writer.write(event)
    return folder


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / CSV_NAME).open(newline="") as file:
        return list(csv.DictReader(file))


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / JSONL_NAME).read_text().splitlines()]


def test_the_columns_are_those_agreed_upon(tmp_path: Path) -> None:
    written(tmp_path)
    assert ",".join(HEADER) == CONTRACT
    assert (tmp_path / CSV_NAME).read_text() == CONTRACT + "\n"


def test_one_event_is_one_exact_line(tmp_path: Path) -> None:
    lines = (written(tmp_path, EVENT) / CSV_NAME).read_text().splitlines()
    assert lines[1] == (
        "0,clip.mp4,0,30,35,42,1.000001,1.166000,1.400000,micro,positive,0.8123,"
        "0.1000,0.8123,0.0877,blink;speech,6.5432,1.433000"
    )


def test_json_lines_carry_the_columns_and_the_regions(tmp_path: Path) -> None:
    (record,) = records(written(tmp_path, EVENT))
    assert tuple(record) == (*HEADER, "regions_px")
    assert record["regions_px"] == {"left_mouth_corner": 1.25, "chin": 0.3333}
    assert (record["event"], record["onset_s"], record["flags"]) == (0, 1.000001, "blink;speech")


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    written(tmp_path, made_up(0), made_up(1, 2500, kind=Kind.MACRO, label="unclear", flags=frozenset()))
    for row, record in zip(rows(tmp_path), records(tmp_path), strict=True):
        for name, text in row.items():
            value = record[name]
            assert float(text) == value if isinstance(value, float) else text == str(value)


def test_flags_stand_in_the_order_of_their_declaration(tmp_path: Path) -> None:
    event = made_up(0, flags=frozenset(reversed(list(Flag))))
    assert rows(written(tmp_path, event))[0]["flags"].split(";") == [flag.value for flag in Flag]


def test_numpy_numbers_and_nan_are_written_like_plain_ones(tmp_path: Path) -> None:
    event = made_up(
        *(0,),
        confidence=np.float32(0.5),
        spot_score=float("inf"),
        probabilities=(np.float32(0.5), np.float64(0.25), float("nan")),
        regions_px={"chin": np.float32(0.1)},
    )
    written(tmp_path, event)
    (row,), (record,) = rows(tmp_path), records(tmp_path)
    assert (row["confidence"], row["p_surprise"], row["spot_score"]) == ("0.5000", "", "inf")
    assert (record["confidence"], record["p_surprise"], record["spot_score"]) == (0.5, None, None)
    assert record["regions_px"] == {"chin": 0.1}


def test_names_with_commas_quotes_and_line_ends_survive(tmp_path: Path) -> None:
    name = 'a "strange",\nname é.mp4'
    written(tmp_path, made_up(0, source=name))
    assert rows(tmp_path)[0]["source"] == records(tmp_path)[0]["source"] == name


def test_two_runs_are_byte_for_byte_the_same(tmp_path: Path) -> None:
    events = [made_up(i, 700 * i, face=i % 3) for i in range(20)]
    first, second = written(tmp_path / "a", *events), written(tmp_path / "b", *events)
    for name in (CSV_NAME, JSONL_NAME, VTT_NAME, EAF_NAME):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_an_event_is_on_disk_before_close(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path)
    writer.write(made_up(0))
    assert len(rows(tmp_path)) == len(records(tmp_path)) == 1
    assert "event 0" in (tmp_path / VTT_NAME).read_text()
    assert "a1" in (tmp_path / EAF_NAME).read_text()
    writer.close()


def test_views_are_replaced_rarely_yet_complete_on_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import realtime.output.events as room

    calls: list[Path] = []
    whole = room.write_views

    def counted(folder: Path, *, media: Path | None = None) -> None:
        calls.append(folder)
        whole(folder, media=media)

    monkeypatch.setattr(room, "write_views", counted)
    written(tmp_path, *(made_up(i, 600 * i) for i in range(200)))
    assert len(calls) < 50
    assert (tmp_path / VTT_NAME).read_text().count("-->") == 200


def test_the_views_name_the_clip_with_every_event(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path, media=tmp_path / "clip.mp4")
    writer.write(made_up(0))
    assert 'RELATIVE_MEDIA_URL="./clip.mp4"' in (tmp_path / EAF_NAME).read_text()
    writer.close()


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path)
    writer.write(made_up(0))
    writer.close()
    writer.close()


def test_a_line_cut_short_by_a_kill_is_left_out(tmp_path: Path) -> None:
    written(tmp_path, made_up(0), made_up(1, 2000))
    with (tmp_path / JSONL_NAME).open("ab") as file:
        file.write(b'{"event": 2, "sou')
    assert [record["event"] for record in read_records(tmp_path)] == [0, 1]


def test_a_full_disk_keeps_the_events_before_it(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path)
    with small_disk(2000):
        with pytest.raises(OutputError, match="cannot write") as caught:
            for i in range(100):
                writer.write(made_up(i, 600 * i))
        with pytest.raises(OutputError):
            writer.close()
    assert "\n" not in str(caught.value)
    assert rows(tmp_path) and records(tmp_path)
    assert all(row["emitted_s"] for row in rows(tmp_path))
    assert (tmp_path / EAF_NAME).read_text().endswith("</ANNOTATION_DOCUMENT>\n")


def test_the_first_error_is_the_one_reported(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="earlier"), EventWriter(tmp_path) as writer:
        writer.write(made_up(0))
        writer._viewed = 0
        (tmp_path / JSONL_NAME).unlink()
        raise ValueError("earlier")


def test_a_folder_that_is_a_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        EventWriter(tmp_path / "out")
