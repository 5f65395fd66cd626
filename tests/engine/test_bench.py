"""The bench over a small network: every figure is there, and what does not work here says why."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine import bench
from engine.card import read_card
from engine.held import held_bytes
from engine.roofline import Machine
from engine.runners.fake import FakeRunner

QUICK = ["--size", "compact", "--precision", "fp32", "--seconds", "0.05", "--runs", "5", "--samples", "4"]


@pytest.fixture
def weights(shipped: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Flags; the published size is small, too, and the machine has a known speed."""
    monkeypatch.setenv("FLINCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(bench, "published_card", lambda root: read_card(shipped))
    monkeypatch.setattr(bench, "machine", lambda: Machine(1e9, 1e9))
    return [*QUICK, "--weights", str(shipped), "--data", str(tmp_path / "no-maps")]


def test_a_line_says_time_distance_parity_memory_and_bytes(weights: list[str], tmp_path: Path) -> None:
    kept = tmp_path / "bench.json"
    assert bench.main([*weights, "--runner", "onnxruntime", "--json", str(kept)]) == 0
    report = json.loads(kept.read_text())
    (line,) = report["runners"]
    assert (line["name"], line["size"], line["precision"]) == ("onnxruntime", "compact", "fp32")
    assert 0 < line["median_ms"] <= line["p99_ms"]
    assert line["agreement"] == 1.0 and line["max_abs_logit_diff"] < 1e-3 and line["samples"] == 4
    assert line["least_ms"] == pytest.approx(
        1e3 * max(line["read_bytes"], line["operations"]) / 1e9, rel=0.01
    )
    assert line["times_faster"] == pytest.approx(line["released_published_ms"] / line["median_ms"], rel=0.05)
    assert line["held_bytes"] > 0 and line["model_bytes"] > 0
    assert set(report["released_layout_ms"]) == {"published", "compact"}


def test_what_is_not_here_is_passed_over_or_required(
    weights: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [*weights, "--runner", "torch-cuda"]
    if "passed over" not in _said(flags, capsys):
        pytest.skip("there is a GPU here")
    assert bench.main([*flags, "--require", "torch-cuda"]) == 2
    assert capsys.readouterr().err.startswith("engine.bench: ")


def _said(flags: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert bench.main(flags) == 0
    return capsys.readouterr().out


def test_wrong_counts_are_refused(weights: list[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main([*weights, "--runs", "1"])


class Hoarder(FakeRunner):
    """Holds 64 MB while it is active."""

    def _load(self) -> None:
        super()._load()
        self.hoard = np.ones(8 << 20)


def test_memory_is_counted_where_nothing_else_ran() -> None:
    freed = np.ones(32 << 20)
    del freed  # what this process has to spare does not count
    assert 60e6 < held_bytes(Hoarder, 4) < 90e6
