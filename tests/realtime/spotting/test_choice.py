"""Which spotter a run gets, and a network of another version."""

from __future__ import annotations

import pytest

from engine.errors import ModelFileError
from realtime.spotting import choice
from realtime.spotting.choice import spotter_maker
from realtime.spotting.learned import LearnedSpotter
from realtime.spotting.spotter import Spotter, SpotterConfig


@pytest.mark.parametrize(("kind", "made"), [("rules", Spotter), ("learned", LearnedSpotter)])
def test_each_face_gets_a_spotter_of_its_own(kind, made):
    make = spotter_maker(SpotterConfig(kind=kind))
    one, other = make(), make()
    assert type(one) is type(other) is made and one is not other


@pytest.mark.parametrize(("name", "value"), [("FEATURES", 5), ("OUTPUTS", ("offset",)), ("UNITS", (1, 2))])
def test_a_network_of_another_version_is_refused_by_name(monkeypatch, name, value):
    monkeypatch.setattr(choice, name, value)
    with pytest.raises(
        ModelFileError, match="spotter spotter-small belongs to another version.*--spotter rules"
    ):
        spotter_maker(SpotterConfig())
