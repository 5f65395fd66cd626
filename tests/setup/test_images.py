"""What the image files name is there; building them takes a machine with Docker."""

from __future__ import annotations

import importlib.util
import re

import pytest

from setup.environment import LIBRARIES
from tests.conftest import ROOT

IMAGES = ("Dockerfile", "Dockerfile.gpu")


def text_of(name: str) -> str:
    """With continued lines joined."""
    return (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")


@pytest.mark.parametrize("image", IMAGES)
def test_everything_that_is_copied_is_there(image: str) -> None:
    lines = [line.split()[1:-1] for line in text_of(image).splitlines() if line.startswith("COPY ")]
    sources = [word for words in lines for word in words if not word.startswith("--")]
    assert {"engine", "realtime", "calibration", "requirements.txt"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists()] == []


@pytest.mark.parametrize("image", IMAGES)
def test_the_systems_libraries_are_those_of_the_environment(image: str) -> None:
    assert set(LIBRARIES.values()) <= set(text_of(image).split())


@pytest.mark.parametrize("name", ["Dockerfile", "setup/gpu_entry.sh"])
def test_modules_that_are_started_exist(name: str) -> None:
    modules = re.findall(r'-m"?,? "?((?:realtime|engine)\.[a-z_]+)', text_of(name))
    assert modules and all(importlib.util.find_spec(module) for module in modules)


def test_compiled_kernels_and_engines_lie_in_the_volume() -> None:
    for image in IMAGES:
        words = text_of(image)
        assert "NUMBA_CACHE_DIR=/cache/numba" in words and "FLINCH_CACHE=/cache/engines" in words
        assert 'VOLUME ["/cache", "/out"]' in words


def test_the_tests_use_the_same_cuda_bindings_as_a_machine_with_a_gpu() -> None:
    pins = [
        re.findall(r"^cuda-bindings==(\S+)$", text_of(name), re.M)
        for name in ("requirements-gpu.txt", "requirements-ci.txt")
    ]
    assert pins[0] == pins[1] and len(pins[0]) == 1
