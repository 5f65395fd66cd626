"""One real person in a webcam's frame."""

from __future__ import annotations

import numpy as np
import pytest

from train.known.film import Sensor
from train.known.people import read_person


@pytest.fixture(scope="session")
def person(data_dir):
    return read_person(data_dir / "faces" / "stills" / "london_001_neutral.jpg")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def quiet(rng):
    return Sensor(0.0, rng)
