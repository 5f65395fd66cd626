"""What the curves say of the page's limits; and that the page holds to what was measured."""

from __future__ import annotations

import numpy as np
import pytest

from train import compression
from train.compression import as_table, draw, limits, main, summarised
from train.known.sent import AS_FILMED, DENOISED, H264, PLAIN, RATE, Seen, Way


def row(group: str, asked: float, found: float, error: float = 0.1) -> dict:
    return {"group": group, "asked": asked, "spotted_and_named": found, "flow_error_px": error}


def test_limits_are_where_the_curves_reach_what_is_filmed():
    rows = [
        row(AS_FILMED, 0.0, 0.9),
        row(DENOISED, 0.03, 0.5),
        row(DENOISED, 0.06, 0.8),
        row(DENOISED, 0.12, 0.9, 0.2),
        row(DENOISED, 0.25, 0.89),
        row(H264, 0.03, 0.75),
        row(H264, 0.06, 0.9),
        row(PLAIN, 0.25, 0.1),  # for comparison only
        row(RATE, 10.0, 0.2),
        row(RATE, 20.0, 0.9),
    ]
    assert limits(rows) == {"asked": 0.25, "thin": 0.06, "fps": 20.0}
    assert limits(rows[:2])["asked"] == np.inf


def seen(way: Way, spotted: bool) -> Seen:
    maps = np.zeros((4, 28, 28, 3), np.uint8)
    return Seen(way, 1, 0.2, 0.1, maps, maps if spotted else None, 2)


def test_a_way_is_summed_over_its_movements(monkeypatch, tmp_path):
    monkeypatch.setattr(compression, "_named", lambda maps: [-1 if one is None else 1 for one in maps])
    filmed, sent = Way(AS_FILMED, 0.0), Way(DENOISED, 0.25)
    rows = summarised([seen(filmed, True), seen(sent, True), seen(filmed, True), seen(sent, False)])
    assert [one["group"] for one in rows] == [AS_FILMED, DENOISED]
    assert (rows[1]["spotted"], rows[1]["spotted_and_named"], rows[1]["named"]) == (0.5, 0.5, 1.0)
    assert rows[1]["others"] == 4 and rows[1]["bits_per_pixel"] == pytest.approx(0.2)
    assert as_table({"movements": 2, "people": ["a"], "rows": rows}).row_count == 2
    draw(tmp_path / "curves.png", rows)
    assert (tmp_path / "curves.png").stat().st_size > 5_000


def test_errors_are_one_line(tmp_path, capsys):
    assert main(["--faces", str(tmp_path)]) == 2
    assert main(["--people", "0"]) == 2
    assert capsys.readouterr().err.count("\n") == 2
