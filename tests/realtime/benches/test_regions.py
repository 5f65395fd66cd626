"""The regions benchmark: what its numbers mean, on one made-up person, and the report it writes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from realtime import bench
from realtime.app.cli import USER_ERROR, run_main
from realtime.benches import regions as regions_bench
from realtime.benches.flow_cases import FINER, Case, Person
from realtime.benches.regions import Answer, Report
from realtime.face.alignment import chip_transform, eyes_pose
from realtime.spotting.regions import REGIONS
from tests.portrait import bump, chip_of, mesh, moved, portrait

BROW = REGIONS.index("brow_inner_left")


def person():
    points = mesh()[:, :2]
    return Person("portrait", portrait(), (points + 0.5) * FINER - 0.5, chip_transform(eyes_pose(points)))


def case(shift, amplitude=1.0):
    """The portrait's brow moves by `shift` chip pixels."""
    there = chip_of(moved(portrait(), bump(336, shift))).gray_u8
    to_chip = chip_transform(eyes_pose(mesh()[:, :2]))
    y, x = np.mgrid[:128, :128].astype(np.float32)
    middle = to_chip[:, :2] @ mesh()[336, :2] + to_chip[:, 2]
    reach = 0.22 * np.array([60.8, 46.2])  # of the bump, in chip pixels
    shape = np.exp(-0.5 * (((x - middle[0]) / reach[0]) ** 2 + ((y - middle[1]) / reach[1]) ** 2))
    phase = (shape[..., None] * np.array(shift)).astype(np.float32)
    own = chip_of(portrait()).gray_u8
    truth = np.stack([phase, -phase])
    return Case("portrait", "noise", amplitude, (own, there, own), truth, np.ones((2, 128, 128), bool))


def test_every_method_sees_the_brow_where_it_moved():
    truth_px, found = regions_bench.answers(person(), case((0.0, -1.0)), regions_bench.dense_methods())
    assert set(found) == {"tiles", "dis_medium", "window_flow"}
    assert np.linalg.norm(truth_px, axis=1).argmax() == BROW
    for name, answer in found.items():
        assert answer.regions_px.shape == (len(REGIONS), 2)
        assert answer.regions_px[BROW, 1] < 0.4 * truth_px[BROW, 1], name
        assert answer.ms > 0


def test_the_report_tells_errors_shares_and_tremble():
    truth_px = np.zeros((len(REGIONS), 2), np.float32)
    truth_px[BROW] = 0.0, -1.0
    half = Answer(truth_px / 2, 1.0)
    report = Report()
    report.add(case((0.0, -1.0)), truth_px, {"tiles": half})
    report.add(case((0.0, 0.0), amplitude=0.0), 0 * truth_px, {"tiles": half})
    table = report.table()
    assert table["seen"] == {"tiles": 0.5}
    assert table["noise 1 px"]["tiles"] == pytest.approx(0.5 / len(REGIONS), abs=1e-4)
    assert table["tremble_px"]["tiles"] == pytest.approx(0.5 / len(REGIONS), abs=1e-4)
    assert table["frame_ms"] == {"tiles": 1.0}


def test_report_has_its_keys(monkeypatch, tmp_path, capsys):
    cases = [case((0.0, -1.0)), case((0.0, 0.0), amplitude=0.0)]
    monkeypatch.setattr(regions_bench, "people_in", lambda data, tuning: [tmp_path / "portrait"])
    monkeypatch.setattr(regions_bench, "load_person", lambda path: person())
    monkeypatch.setattr(regions_bench, "cases_of", lambda who, number: iter(cases))
    out = tmp_path / "regions.json"
    assert run_main(bench.main, ["regions", "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert set(report) == {"frame_ms", "seen", "tremble_px", "epe_px"}
    assert set(report["epe_px"]) == {"noise 1 px"}
    assert "window_flow" in capsys.readouterr().out
    assert run_main(bench.main, ["regions", "--people", "0"]) == USER_ERROR
