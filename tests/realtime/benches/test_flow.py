"""The flow benchmark: what its numbers mean, and the report it writes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from realtime import bench
from realtime.app.cli import USER_ERROR, run_main
from realtime.benches import flow as flow_bench
from realtime.benches.flow_cases import Case

FOUR = {"ours", "opencv_tvl1", "dis_medium", "farneback"}


def made_case(condition: str, amplitude: float) -> Case:
    chips = tuple(np.random.default_rng(k).integers(0, 255, (128, 128)).astype(np.uint8) for k in range(3))
    truth = np.zeros((2, 128, 128, 2), np.float32)
    truth[:, 32:64, 32:64, 0] = amplitude
    return Case("somebody", condition, amplitude, chips, truth, truth[..., 0] >= amplitude / 5)


def test_errors_of_zero_flow_are_the_amplitude():
    case = made_case("noise", 2.0)
    none = flow_bench.errors(case, np.zeros_like(case.truth_hw2))
    assert none.moved_px == pytest.approx(2.0)
    assert none.whole_px == pytest.approx(2.0 / 16)
    assert none.angle_deg == pytest.approx(np.degrees(np.arctan(2.0)), abs=1e-3)
    assert none.length_px == 0
    perfect = flow_bench.errors(case, case.truth_hw2)
    assert (perfect.moved_px, perfect.whole_px) == (0, 0)
    assert perfect.angle_deg < 0.1
    assert perfect.length_px == pytest.approx(2.0 / 16)


@pytest.fixture
def short(monkeypatch):
    """One person, three cases, no pictures read."""
    cases = [made_case("noise", 0.0), made_case("noise", 1.0), made_case("head", 0.0)]
    monkeypatch.setattr(flow_bench, "TIMED_ROUNDS", 1)
    monkeypatch.setattr(flow_bench, "people_in", lambda data, tuning: [data / "somebody_neutral.jpg"])
    monkeypatch.setattr(flow_bench, "load_person", lambda path: path)
    monkeypatch.setattr(flow_bench, "cases_of", lambda person, number: iter(cases))


def test_report_has_the_agreed_keys(short, tmp_path, capsys):
    out = tmp_path / "flow.json"
    assert run_main(bench.main, ["flow", "--json", str(out), "--data", str(tmp_path)]) == 0
    report = json.loads(out.read_text())
    assert set(report["window_ms"]) == FOUR
    assert set(report["false_motion_px"]) == FOUR
    assert {row: set(values) for row, values in report["epe_px"].items()} == {"noise 1 px": FOUR}
    assert set(report["still_error_px"]) == {"noise", "head"}
    assert report["people"] == ["somebody"]
    assert min(report["window_ms"].values()) > 0
    for times in (report["window_to_maps_ms"][cores] for cores in ("1 core", "2 cores")):
        assert 0 < times["p50"] <= times["p95"]
    assert "window, ms" in capsys.readouterr().out


def test_user_errors_are_one_line(tmp_path, capsys):
    wrong = (
        ["flow", "--json", str(tmp_path / "no" / "where.json")],
        ["flow", "--data", str(tmp_path)],
        ["flow", "--people", "0"],
    )
    for arguments in wrong:
        assert run_main(bench.main, arguments) == USER_ERROR
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["nothing"], ["flow", "--people", "many"], ["rate", "--rates"]])
def test_unknown_words_are_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        bench.main(arguments)
    assert ended.value.code == USER_ERROR
    assert capsys.readouterr().err.count("\n") == 1


def test_an_opencv_without_tvl1_is_told(monkeypatch):
    monkeypatch.delattr(flow_bench.cv2.optflow, "DualTVL1OpticalFlow_create")
    with pytest.raises(flow_bench.ConfigError, match="contrib"):
        flow_bench.methods()
