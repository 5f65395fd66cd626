"""The command on a synthetic video of a real face, and its report."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from tests.train.readers.conftest import write_xlsx
from train import robustness, robustness_shown
from train.metrics import Scores
from train.preparing.fast_synth import FastSynthConfig, fast_synth
from train.preparing.task import prepare
from train.readers import reader
from train.robustness import GROUPS, main
from train.robustness_report import Measured, write_robustness
from train.robustness_shown import key_frame_maps, tasks_of


@pytest.fixture(scope="module")
def videos(data_dir, tmp_path_factory):
    """One person, one and a half seconds: one or two movements; made once."""
    config = FastSynthConfig(people="tuning", count=1, seconds=1.6, fps=60.0)
    folder = fast_synth(config, tmp_path_factory.mktemp("synth"))
    made = (folder / "truth.csv").stat().st_mtime_ns
    assert fast_synth(config, folder.parent) == folder and (folder / "truth.csv").stat().st_mtime_ns == made
    return folder


@pytest.fixture
def constant(monkeypatch):
    """A system that always says what the first sample is."""

    def first_class(maps_u8, rows):
        return np.zeros(len(rows), np.int64)

    monkeypatch.setattr(robustness, "systems", lambda names, data: dict.fromkeys(names, first_class))


@pytest.fixture
def flags(videos, tmp_path):
    return ["--dataset", "synth", "--root", str(videos), "--out", str(tmp_path), "--jobs", "1"]


def test_every_condition_gets_a_row(flags, tmp_path, constant, capsys):
    assert main([*flags, "--seeds", "2", "--groups", "keyframes,fps,dropped"]) == 0
    report = json.loads((tmp_path / "robustness.json").read_text())
    rows = {row["condition"]: row for row in report["rows"]}
    found = ("as annotated", "apex found", "all found live")
    poorer = ("30 frames per second", "0.5 share of frames dropped")
    for name in (*found, *poorer, *(f"noise sd {sd} frames" for sd in (10, 20, 30))):
        assert rows[name]["system"] == "shipped"
    assert rows["noise sd 10 frames"]["seeds"] == 2 and rows["as annotated"]["no_answer"] == 0
    assert rows["60 frames per second"]["uf1"] == rows["as annotated"]["uf1"]
    assert report["published"]["noise sd 30 frames"] == [0.7936, 0.7833]
    assert report["samples"] >= 1 and report["dataset"] == "synth"
    with (tmp_path / "robustness.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == len(report["rows"])
    assert (tmp_path / "robustness.png").stat().st_size > 10_000
    assert "samples of 1 people, synth" in " ".join(capsys.readouterr().out.split())


def test_maps_of_other_key_frames_are_kept(videos, tmp_path, monkeypatch):
    (sample, *_) = reader("synth").read(videos, None).samples
    (task,) = tasks_of([sample], tmp_path, "as is", 0.45)
    prepare(task)
    first = key_frame_maps(task, 1)
    monkeypatch.setattr(robustness_shown, "load_strip", None)  # nothing is computed again
    again = key_frame_maps(task, 1)
    assert again.keys() == first.keys() and "all found live" in first
    for name, maps in first.items():
        assert all(
            one is two is None or np.array_equal(one, two) for one, two in zip(maps, again[name], strict=True)
        )
    with pytest.raises(TypeError):
        key_frame_maps(task, 2)


def test_the_figure_and_table_hold_means_over_seeds(tmp_path):
    runs = [Scores(0.5, 0.5, 0.5), Scores(0.7, 0.6, 0.6)]
    one = Measured("key frames", "noise sd 10 frames", 10.0, 0.25, {"a": runs})
    assert one.mean("a", "uf1") == pytest.approx(0.6) and one.spread("a") == pytest.approx(0.1)
    about = {"samples": 4, "people": 2, "dataset": "synth"}
    table = write_robustness(tmp_path, about, [one])
    (row,) = json.loads((tmp_path / "robustness.json").read_text())["rows"]
    assert (row["uf1"], row["uf1_std"], row["no_answer"]) == (0.6, 0.1, 0.25)
    assert table.row_count == 1
    assert (tmp_path / "robustness.md").read_text().splitlines() == [
        "| condition | no answer | a |",
        "| --- | --- | --- |",
        "| noise sd 10 frames | 25% | 0.600 ± 0.100 |",
    ]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--dataset", "samm"], "--dataset needs --root"),
        (["--dataset", "samm", "--root", "."], "a real dataset needs --leave-out"),
    ],
)
def test_errors_are_one_line(tmp_path, capsys, flags, said):
    assert main([*flags, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_a_shipped_model_cannot_leave_anybody_out(flags, capsys):
    assert main([*flags, "--leave-out", "--groups", "fps"]) == 2
    assert "cannot leave anybody out" in capsys.readouterr().err


def test_an_unknown_group_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--groups", "weather"])
    assert f"known: {', '.join(GROUPS)}" in capsys.readouterr().err


def test_a_dataset_of_features_only_is_said(tmp_path, capsys):
    write_xlsx(tmp_path / "empty.xlsx", one=[["nothing"]])
    assert main(["--dataset", "mmew", "--root", str(tmp_path), "--leave-out", "--out", str(tmp_path)]) == 2
    assert "no label file like MMEW" in capsys.readouterr().err
