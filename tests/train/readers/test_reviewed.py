"""From decisions in the desk to what training reads."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime.review.desk import Desk
from realtime.review.records import Change, Origin, Status
from realtime.types import Kind
from tests.realtime.made_up import made_up
from tests.realtime.review.conftest import made_up_evidence, unpacked
from train import loso
from train.errors import DatasetError
from train.features import FOLDER_NAME, LIST_NAME, read_features
from train.preparing.layout import join
from train.preparing.strip import motion_maps
from train.preparing.task import load_strip
from train.readers.reviewed import read
from train.splits import leave_one_subject_out

TINY = "epochs = 1\nbatch = 8\n[model]\ndim = 24\nattention_heads = 4\n[prior]\nsteps = 0\n"
LABELS = ("negative", "positive", "surprise", "unclear", "negative")


def reviewed(folder: Path, subject: str = "Anna", kept: Path | None = None) -> Path:
    """Five events: four accepted, one of them unclear, one a macro movement; one rejected."""
    desk = Desk(kept)
    store = desk.store_of("me", kept=kept is not None)
    session = store.add_session("s", "demo", Origin.LIVE, subject=subject)
    for number, label in enumerate(LABELS):
        length_ms = 900 if number == 2 else 400
        kind = Kind.MACRO if number == 2 else Kind.MICRO
        event = made_up(number, 1000, length_ms, kind=kind)
        ref = store.add_event(session.id, event, made_up_evidence())
        store.decide(ref, Change(status=Status.REJECTED if number == 4 else Status.ACCEPTED, label=label))
    unpacked(desk, "me", [session.id], folder)
    desk.close()
    return folder


def joined(folders: list[Path], out: Path) -> Path:
    """Several exports as one data set."""
    join(folders, out)
    return out


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


def test_leaving_one_person_out_runs_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = joined([reviewed(tmp_path / name, name) for name in ("Anna", "Bert")], tmp_path / "all")
    (tmp_path / "tiny.toml").write_text(TINY)
    command = ["--protocol", "honest", "--jobs", "1", "--config", str(tmp_path / "tiny.toml")]
    assert loso.main([*command, "--data", str(data), "--out", str(tmp_path / "out")]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["samples"], report["folds"]) == (6, 2)
    assert (tmp_path / "out" / "features.png").exists()
    alone = ["--data", str(tmp_path / "Anna"), "--out", str(tmp_path / "alone")]
    assert loso.main([*command, *alone]) == 2
    assert "only reviewed/Anna: leaving one out needs two people" in capsys.readouterr().err


def test_a_kept_session_brings_strips_as_prepared_ones(tmp_path: Path) -> None:
    folder = reviewed(tmp_path / "a", kept=tmp_path / "flinch.sqlite")
    strips = sorted((folder / "samples").glob("*.npz"))
    assert len(strips) == len(read_features(folder)) == 3
    strip, keys = load_strip(strips[0])
    assert strip.numbers[list(keys)].tolist() == [30, 35, 42]
    maps = motion_maps(strip, keys).maps_u8
    np.testing.assert_array_equal(maps, motion_maps(*load_strip(strips[0])).maps_u8)


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
        (lambda folder: edit(folder, ",1,35,", ",7,35,"), "line 3: label '7' is none of 0, 1, 2"),
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
