"""What the curves say of the page's limits; and that the page holds to what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from realtime.app.run import LOW_FPS
from realtime.web.answer import BITS_PER_PIXEL, THIN_BITS_PER_PIXEL
from train import compression
from train.compression import as_table, draw, limits, main, summarised
from train.known.sent import AS_FILMED, BRIEF, DENOISED, H264, PLAIN, RATE, Seen, Way

MEASURED = Path(compression.__file__).parent / "results" / "compression" / "compression.json"


def row(group: str, asked: float, found: float) -> dict:
    return {"group": group, "asked": asked, "bits_per_pixel": 0.9 * asked, "spotted_and_named": found}


def test_limits_are_where_the_curves_reach_what_is_filmed():
    rows = [
        row(AS_FILMED, 0.0, 0.9),
        row(DENOISED, 0.1, 0.36),
        row(DENOISED, 0.2, 0.9),
        row(DENOISED, 0.3, 0.9),
        row(H264, 0.1, 0.81),
        row(H264, 0.2, 0.9),
        row(PLAIN, 0.2, 0.1),  # for comparison only
        row(RATE, 10.0, 0.2),
        row(RATE, 20.0, 0.9),
        *(row(group, fps, found) for group in BRIEF for fps, found in ((20.0, 0.3), (30.0, 0.9))),
    ]
    # VP8 passes 80 % of 0.9 two thirds of the way from 0.1 to 0.2
    assert limits(rows) == {
        "asked": 0.2,
        "thin": pytest.approx(0.9 * (0.1 + 0.1 * 2 / 3), abs=1e-3),
        "fps": 30.0,
    }
    worse = [one for one in rows if one["asked"] in (0.0, 0.1)]
    assert limits(worse)["asked"] == np.inf and limits(worse)["thin"] == np.inf


def test_the_page_holds_to_what_was_measured():
    measured = json.loads(MEASURED.read_text())
    found = limits(measured["rows"])
    assert measured["limits"] == found
    assert found["asked"] <= BITS_PER_PIXEL
    assert THIN_BITS_PER_PIXEL == pytest.approx(found["thin"], abs=0.02)
    assert found["fps"] <= LOW_FPS


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
    assert capsys.readouterr().err.count("\n") == 1
