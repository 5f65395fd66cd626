"""Opposite phases are seen as opposite; the figure and its numbers come from the same flows."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from train import direction_figures
from train.direction_figures import UNITS, as_colours, directed, main, of_published, turned_deg


@pytest.fixture
def there_and_back():
    """(people, 2, 128, 128, 2): a patch goes down, then back up; the second person's a little aside."""
    flows = np.zeros((2, 2, 128, 128, 2), np.float32)
    flows[0, 0, 30:60, 30:90] = (-0.2, 1.5)
    flows[1, 0, 30:60, 30:90] = (0.3, 1.5)
    flows[:, 1] = -flows[:, 0]
    return flows


def test_the_way_back_is_opposite(there_and_back):
    assert turned_deg(there_and_back) == pytest.approx(180.0, abs=0.1)
    found = directed(12, there_and_back)
    assert found.mirrored < -0.9
    assert found.maps_u8.shape == (2, 28, 28, 3)
    aside = there_and_back.copy()
    aside[:, 1] = aside[:, 0][..., ::-1]
    assert turned_deg(aside) == pytest.approx(75.0, abs=16.0)


def test_colours_turn_with_the_direction(there_and_back):
    down, up = (as_colours(phase)[45, 60].astype(int) for phase in there_and_back[0])
    assert np.abs(down - up).max() > 100
    assert (as_colours(there_and_back[0, 0])[100, 100] == 255).all()


def test_the_command_writes_picture_and_numbers(there_and_back, tmp_path, monkeypatch):
    (tmp_path / "a_neutral.jpg").touch()
    flows = np.stack([there_and_back[0]] * len(UNITS))
    monkeypatch.setattr(direction_figures, "flows_of", lambda still: flows)
    assert main(["--faces", str(tmp_path), "--out", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "directions.json").read_text())["rows"]
    assert [row["unit"] for row in rows] == list(UNITS) and rows[0]["turned_deg"] == 180.0
    assert 10_000 < (tmp_path / "directions.png").stat().st_size < 150_000


def test_published_phases_are_compared(small):
    maps = small.maps_u8.copy()
    maps[:, 1] = 255 - maps[:, 0]
    found = of_published(replace(small, maps_u8=maps))
    assert found == {"smic": -1.0, "casme2": -1.0, "samm": -1.0}


def test_errors_are_one_line(tmp_path, capsys):
    assert main(["--faces", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
