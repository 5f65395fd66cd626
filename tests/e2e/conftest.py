"""How the end-to-end tests call the commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from realtime import cam, replay
from realtime.app.cli import run_main

MAINS = {"cam": cam.main, "replay": replay.main}


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


Call = Callable[..., Done]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """`call("replay", clip, "--out", folder)`: exit code and everything that was printed."""

    def called(command: str, *arguments: object) -> Done:
        capfd.readouterr()
        try:
            code = run_main(MAINS[command], [str(argument) for argument in arguments])
        except SystemExit as ended:  # argparse
            code = int(ended.code or 0)
        return Done(code, *capfd.readouterr())

    return called
