"""Every command of this project says a wrong flag in one line and ends with 2."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("engine", "train", "calibration", "realtime")
PROG = re.compile(r'prog="python -m ([\w.]+)"')


def commands() -> list[str]:
    sources = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return sorted({name for path in sources for name in PROG.findall(path.read_text(encoding="utf-8"))})


def main_of(name: str):
    module = importlib.import_module(name)
    if hasattr(module, "__path__"):
        module = importlib.import_module(f"{name}.__main__")
    return module.main


@pytest.mark.parametrize("name", commands())
def test_a_wrong_flag_is_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main_of(name)(["--nonsense"])
    said = capsys.readouterr()
    assert ended.value.code == 2 and said.out == ""
    assert said.err.count("\n") == 1 and said.err.endswith("; --help lists what there is\n")
    assert said.err.startswith(("flinch: ", f"{name}: ")), said.err


def test_there_are_commands() -> None:
    assert {"realtime.cam", "realtime.replay", "train.loso", "engine.build"} <= set(commands())
